"""Fields: one's own pictures of whole numbers, with a box for each digit, to train on and to measure with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.data.errors import DataError
from lenet.image.decode import decode

Bytes = NDArray[np.uint8]
DigitBox = tuple[int, int, int, int, int]
"""A digit, and its left, top, width and height in pixels."""


@dataclass(frozen=True)
class Field:
    """A picture of a number: grey levels, and each digit with its left, top, width and height in pixels."""

    name: str
    picture: Bytes
    boxes: tuple[DigitBox, ...]

    @property
    def text(self) -> str:
        """The digits from left to right."""
        return "".join(str(box[0]) for box in self.boxes)


def read_fields(directory: str | Path) -> list[Field]:
    """Return the fields in a directory: ``images/`` and ``boxes.tsv`` (file, digit, x, y, width, height; a header).

    Raises
    ------
    DataError
        If the table is not there, or a line of it is invalid, or a picture is missing.
    """
    place = Path(directory)
    table = place / "boxes.tsv"
    if not table.is_file():
        raise DataError(f"{table}: no such file; expected a table of file, digit, x, y, width, height")
    boxes: dict[str, list[DigitBox]] = {}
    for number, line in enumerate(table.read_text().splitlines()[1:], 2):
        name, *values = line.split("\t")
        fits = len(values) == 5 and all(re.fullmatch("-?[0-9]{1,6}", value) for value in values)
        if not fits or len(values[0]) != 1 or min(int(values[3]), int(values[4])) < 1:
            raise DataError(f"{table}, line {number}: {line!r}; expected file, digit, x, y, width, height")
        digit, left, top, wide, tall = map(int, values)
        boxes.setdefault(name, []).append((digit, left, top, wide, tall))
    fields = []
    for name, field_boxes in boxes.items():
        path = place / "images" / name
        if not path.is_file():
            raise DataError(f"{path}: no such file, though {table} has boxes of it")
        fields.append(Field(name, decode(path), tuple(sorted(field_boxes, key=lambda box: 2 * box[1] + box[3]))))
    return fields
