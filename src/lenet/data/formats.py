"""File formats of other projects: the Theano tutorial's pickle, Keras's archive, Kaggle's table, folders of pictures.

Nothing in a file is executed. Each reader returns images, uint8 (n, height, width), 0 = paper and 255 = ink, and
labels, uint8 (n,), or raises `DataError` that names the file and what is wrong in it.
"""

from __future__ import annotations

import gzip
import math
import pickle
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from lenet.data.idx import MAX_VALUES, DataError, open_unpacked
from lenet.image.measure import border_pixels

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_PICKLE_PARTS = {"train": 0, "validation": 1, "test": 2}
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}
# What unpickling a cut, broken or foreign file raises.
_PICKLE_ERRORS: tuple[type[Exception], ...] = (
    *(pickle.UnpicklingError, EOFError, zlib.error, gzip.BadGzipFile, TypeError, ValueError, KeyError),
    *(AttributeError, IndexError, ImportError, MemoryError, OverflowError),
)


class _ArraysOnly(pickle.Unpickler):
    """Builds tuples, numbers, strings and NumPy arrays, and refuses whatever else a pickle asks for."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise DataError(f"the pickle asks for {module}.{name}; only NumPy arrays are read")
        return super().find_class(module, name)


def read_pickle(path: Path, split: str) -> Pair:
    """Read ``mnist.pkl.gz``: three pairs of images (n, 784), 0 to 1, and labels: 50,000, 10,000 and 10,000."""
    if split not in _PICKLE_PARTS:
        raise ValueError(f"split is {split!r}; expected {', '.join(_PICKLE_PARTS)}")
    try:
        with open_unpacked(path) as file:
            content = _ArraysOnly(file, encoding="latin1").load()
            file.read(1)  # the checksum at the end is compared on reaching it
        images, labels = content[_PICKLE_PARTS[split]]
        side = math.isqrt(images.shape[1])
        if images.ndim != 2 or side * side != images.shape[1] or images.dtype.kind != "f":
            raise DataError(f"images are {images.dtype} {images.shape}; expected floats (n, 784)")
        return _bytes(images).reshape(-1, side, side), _labels(labels, len(images))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except _PICKLE_ERRORS as error:
        raise DataError(f"{path}: not a pickle of three pairs of arrays ({error})") from error


def read_archive(path: Path, split: str) -> Pair:
    """Read Keras's ``mnist.npz``: arrays x_train, y_train, x_test and y_test."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, labels = archive[f"x_{split}"], archive[f"y_{split}"]
        if images.ndim != 3 or images.dtype != np.uint8:
            raise DataError(f"x_{split} is {images.dtype} {images.shape}; expected uint8 (n, height, width)")
        return np.ascontiguousarray(images), _labels(labels, len(images))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (KeyError, ValueError, OSError, EOFError, BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: not an archive of arrays x_{split} and y_{split} ({error})") from error


def read_table(path: Path) -> Pair:
    """Read Kaggle's ``train.csv``: a line of names, then a label and the pixels, row by row, on each line."""
    rows = []
    width = None
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            cells = line.strip().split(",")
            if number == 1 and not cells[0].strip('"').isdigit():
                if cells[0].strip('"') != "label":
                    raise DataError(f"{path}, row 1: begins with {cells[0][:20]!r}; expected a column called label")
                continue
            width = width or len(cells)
            if len(cells) != width:
                raise DataError(f"{path}, row {number}: {len(cells)} cells; the rows above have {width}")
            if not all(cell.isdigit() and len(cell) <= 3 for cell in cells):
                wrong = next(cell for cell in cells if not (cell.isdigit() and len(cell) <= 3))
                raise DataError(f"{path}, row {number}: {wrong[:20]!r}; expected whole numbers from 0 to 255")
            row = np.array(cells, np.int64)
            if row.max() > 255:
                raise DataError(f"{path}, row {number}: {row.max()}; expected whole numbers from 0 to 255")
            rows.append(row.astype(np.uint8))
            if len(rows) * width > MAX_VALUES:
                raise DataError(f"{path}: more than {MAX_VALUES} values")
    if not rows or width is None or width < 2:
        raise DataError(f"{path}: no rows of a label and pixels")
    table = np.stack(rows)
    side = math.isqrt(width - 1)
    if side * side != width - 1:
        raise DataError(f"{path}: {width - 1} pixels a row; expected a square number")
    return table[:, 1:].reshape(-1, side, side).copy(), table[:, 0].copy()


def read_folder(path: Path) -> Pair:
    """Read a folder with a folder of pictures for each class, called 0, 1, 2 and so on; all of one size.

    Pictures with a light border are inverted: their ink is dark, and 255 in the result. The classes alternate, so that
    the last samples, which become the validation set, are of every class.
    """
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for folder in sorted((f for f in path.iterdir() if f.is_dir() and f.name.isdigit()), key=lambda f: int(f.name)):
        for file in sorted(f for f in folder.iterdir() if not f.name.startswith(".")):
            try:
                with Image.open(file) as picture:
                    grey = np.asarray(picture.convert("L"))
            except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
                raise DataError(f"{file}: not a picture ({error})") from error
            if images and grey.shape != images[0].shape:
                size, wanted = (f"{a.shape[1]}x{a.shape[0]}" for a in (grey, images[0]))
                raise DataError(f"{file}: {size} pixels; those before it have {wanted}")
            images.append(255 - grey if np.median(border_pixels(grey)) > 127 else grey)
            labels.append(int(folder.name))
    if not images:
        raise DataError(f"{path}: no folders called 0, 1, 2 and so on with pictures in them")
    order = _alternating(np.array(labels))
    return np.stack(images)[order], _labels(np.array(labels)[order], len(images))


def _alternating(labels: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """Return an order in which any stretch of samples has the same fraction of each class's samples."""
    place = np.zeros(len(labels))
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels == label)
        place[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return np.lexsort((labels, place))


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Turn values from 0 to 1 into bytes: the tutorial's pickle has 256ths, others 255ths."""
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise DataError("pixels are not all from 0 to 1")
    whole = values * np.float32(256)
    return np.rint(whole if np.array_equal(whole, np.rint(whole)) and values.max() < 1 else values * 255).astype(
        np.uint8
    )


def _labels(labels: NDArray[Any], count: int) -> NDArray[np.uint8]:
    whole = labels.dtype.kind in "iu" and labels.min(initial=0) >= 0 and labels.max(initial=0) <= 255
    if labels.shape != (count,) or not whole:
        given = f"labels are {labels.dtype} {labels.shape}"
        raise DataError(f"{given}; expected a whole number from 0 to 255 for each of {count} images")
    return np.ascontiguousarray(labels, np.uint8)
