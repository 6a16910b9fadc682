"""Parquet files: pictures with labels, as Hugging Face keeps MNIST, or a column for each pixel.

Needs pyarrow, the extra ``parquet``. Rows are read in batches.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.data.errors import MAX_VALUES, DataError
from lenet.data.picture_options import PictureOptions, Pictures
from lenet.data.pixels import Samples, as_bytes, as_label_bytes, as_planes
from lenet.data.table import LABEL_COLUMNS
from lenet.extras import missing

BATCH_ROWS = 1024


def read_parquet(paths: Sequence[Path], options: PictureOptions) -> Samples:
    """Read files with a column of labels, called label, class or target, and one of pictures, or one for each pixel.

    Pictures are in a column of bytes, or of structures with a field ``bytes``. Pixels are numbers from 0 to 255 or from
    0 to 1, row by row of a square image.

    Raises
    ------
    DataError
        If the columns are others, a value is missing, or a picture is none. The message names file, row and column.
    ModuleNotFoundError
        Without pyarrow; the message has the command that installs it.
    """
    arrow = _pyarrow(paths[0].name)
    content = _Content(options)
    for path in paths:
        try:
            with arrow.parquet.ParquetFile(path) as file:
                content.add(file, arrow, str(path))
        except (arrow.ArrowException, OSError) as error:
            raise DataError(f"{path}: not a whole Parquet file ({error})") from error
    try:
        return content.samples()
    except DataError as error:
        raise DataError(f"{paths[0]}: {error}") from error


def _pyarrow(what: str) -> Any:
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise missing("pyarrow", what) from error
    return pyarrow


@dataclass
class _Content:
    """What was read: pictures as images, or else the numbers of pixels."""

    options: PictureOptions
    pixels: list[NDArray[Any]] = field(default_factory=list)
    labels: list[NDArray[Any]] = field(default_factory=list)
    _first: tuple[tuple[str, ...] | None, bool, int] | None = None
    _first_name: str = ""

    def __post_init__(self) -> None:
        """Begin with no picture."""
        self.pictures = Pictures(self.options)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes, which all files give alike."""
        return self._first[0] if self._first else None

    def _check_alike(self, kind: tuple[tuple[str, ...] | None, bool, int], name: str) -> None:
        """Refuse a file whose classes or columns are not those of the first one."""
        if self._first is None:
            self._first, self._first_name = kind, name
        if kind != self._first:
            raise DataError(f"{name}: other classes or other columns of pixels than {self._first_name} has")

    def add(self, file: Any, arrow: Any, name: str) -> None:
        """Add the rows of a file."""
        schema = file.schema_arrow
        label, picture, pixels = _columns(schema, arrow.types, name)
        if file.metadata.num_rows * max(1, len(pixels)) > MAX_VALUES:
            raise DataError(f"{name}: {file.metadata.num_rows} rows of {len(pixels)} pixels; expected fewer")
        self._check_alike((_class_names(schema.metadata, label), picture is not None, len(pixels)), name)
        row = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=[label, *([picture] if picture else pixels)]):
            values = {n: batch.column(batch.schema.get_field_index(n)) for n in batch.schema.names}
            for column, array in values.items():
                if array.null_count:
                    empty = row + int(np.flatnonzero(np.asarray(array.is_null()))[0])
                    raise DataError(f"{name}, row {empty + 1}, column {column}: no value")
            self.labels.append(values[label].to_numpy(zero_copy_only=False))
            if picture:
                self._add_pictures(values[picture].to_pylist(), f"{name}, row", row)
            else:
                self.pixels.append(np.column_stack([values[n].to_numpy(zero_copy_only=False) for n in pixels]))
            row += len(batch)

    def _add_pictures(self, pictures: list[Any], place: str, first: int) -> None:
        for row, picture in enumerate(pictures, first + 1):
            content = picture.get("bytes") if isinstance(picture, dict) else picture
            if not isinstance(content, bytes):
                raise DataError(f"{place} {row}: a picture without bytes; expected its file's content, not a path")
            self.pictures.add(content, f"{place} {row}")

    def samples(self) -> Samples:
        """Return all that was read."""
        of_pictures = len(self.pictures) > 0
        if not (of_pictures or self.pixels):
            raise DataError("no rows")
        if of_pictures:
            images = self.pictures.images()
        else:
            images = self.options.images(as_bytes(as_planes(np.concatenate(self.pixels))))
        labels = as_label_bytes(np.concatenate(self.labels), len(images))
        if self.classes and labels.max() >= len(self.classes):
            raise DataError(f"a label is {labels.max()}; the file names {len(self.classes)} classes")
        return Samples(images, labels, self.classes, self.pictures if of_pictures else None)


def _columns(schema: Any, types: Any, name: str) -> tuple[str, str | None, list[str]]:
    """Return the columns of labels and of pictures, and those of pixels if there are no pictures."""
    labels = [n for n in schema.names if n.lower() in LABEL_COLUMNS]
    if len(labels) != 1:
        number = "more than one" if labels else "no"
        raise DataError(
            f"{name}: {number} column is called {' or '.join(LABEL_COLUMNS)}; it has {', '.join(schema.names[:8])}"
        )
    kinds = {n: schema.field(n).type for n in schema.names if n not in labels}
    pictures = [
        n
        for n, kind in kinds.items()
        if types.is_binary(kind)
        or types.is_large_binary(kind)
        or (types.is_struct(kind) and kind.get_field_index("bytes") >= 0)
    ]
    if len(pictures) > 1:
        raise DataError(f"{name}: columns {', '.join(pictures)} have pictures; expected one of them")
    other = [n for n, kind in kinds.items() if not (types.is_integer(kind) or types.is_floating(kind))]
    if not pictures and (other or not kinds):
        what = f"column {other[0]} is {kinds[other[0]]}" if other else "no columns of pixels"
        raise DataError(f"{name}: {what}; expected a column of pictures' bytes, or numbers in all columns")
    return labels[0], pictures[0] if pictures else None, [] if pictures else list(kinds)


def _class_names(metadata: Any, label: str) -> tuple[str, ...] | None:
    """Return the names of the classes that Hugging Face's datasets keep in a file, if it has any."""
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return tuple(map(str, names)) if isinstance(names, list) else None
