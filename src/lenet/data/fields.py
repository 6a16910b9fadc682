"""Fields: pictures of numbers whose digits' boxes are known, one's own to learn from and to be measured on.

They are shown several times, a little slanted and turned, and their digits are written anew into composed strings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.compose import OTHER, Composed, cut_out
from lenet.data import DataError
from lenet.reading.decode import decode
from lenet.reading.ink import STROKE, ink_of

Bytes = NDArray[np.uint8]
Box = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Field:
    """A picture of a number: grey levels, and each digit with its left, top, width and height in pixels."""

    name: str
    picture: Bytes
    boxes: tuple[Box, ...]

    @property
    def text(self) -> str:
        """The digits from left to right."""
        return "".join(str(box[0]) for box in self.boxes)

    def composed(self) -> Composed:
        """Return the same with an owner for each pixel: the digit whose box it lies in, the nearer of two."""
        height, width = self.picture.shape
        owners, nearest = np.full((height, width), OTHER, np.int8), np.full((height, width), np.inf)
        rows, columns = np.mgrid[:height, :width]
        for number, (_, left, top, wide, tall) in enumerate(self.boxes, 1):
            inside = (columns >= left - 1) & (columns <= left + wide) & (rows >= top - 1) & (rows <= top + tall)
            across, down = (columns - left - wide / 2) / (wide / 2 + 1), (rows - top - tall / 2) / (tall / 2 + 1)
            far = across**2 + 0.3 * down**2
            nearer = inside & (far < nearest)
            owners[nearer], nearest[nearer] = number, far[nearer]
        corners = tuple((left, top, left + wide, top + tall) for _, left, top, wide, tall in self.boxes)
        return Composed(self.picture, tuple(box[0] for box in self.boxes), owners, corners)


def read_fields(directory: str | Path) -> list[Field]:
    """Return the fields in a directory: ``images/`` and ``boxes.tsv`` (file, digit, x, y, width, height; a header).

    Raises
    ------
    DataError
        If the table is not there, or a line of it is none such, or a picture is missing.
    """
    place = Path(directory)
    table = place / "boxes.tsv"
    if not table.is_file():
        raise DataError(f"{table}: no such file; expected a table of file, digit, x, y, width, height")
    boxes: dict[str, list[Box]] = {}
    for number, line in enumerate(table.read_text().splitlines()[1:], 2):
        name, *values = line.split("\t")
        fine = len(values) == 5 and all(re.fullmatch("-?[0-9]{1,6}", value) for value in values)
        if not fine or len(values[0]) != 1 or min(int(values[3]), int(values[4])) < 1:
            raise DataError(f"{table}, line {number}: {line!r}; expected file, digit, x, y, width, height")
        digit, left, top, wide, tall = map(int, values)
        boxes.setdefault(name, []).append((digit, left, top, wide, tall))
    found = []
    for name, own in boxes.items():
        path = place / "images" / name
        if not path.is_file():
            raise DataError(f"{path}: no such file, though {table} has boxes of it")
        found.append(Field(name, decode(path), tuple(sorted(own, key=lambda box: 2 * box[1] + box[3]))))
    return found


def varied(field: Composed, random: np.random.Generator) -> Composed:
    """Return a field a little slanted, turned, squeezed and scaled, in another light and with some grain."""
    import cv2

    height, width = field.picture.shape
    scale, aspect = math.exp(random.normal(0, 0.1)), math.exp(random.normal(0, 0.1))
    slant, turn = random.normal(0, 0.15), random.normal(0, 0.025)
    matrix = np.array([[scale * aspect, -scale * slant], [scale * turn, scale]])
    size = int(width * scale * aspect + abs(slant) * height), int(height * scale) + 4
    shift = np.array(size) / 2 - matrix @ np.array([width / 2, height / 2])
    whole = np.hstack([matrix, shift[:, None]]).astype(np.float32)
    grey = cv2.warpAffine(field.picture, whole, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    levels = (grey.astype(np.float32) - 128) * random.normal(1, 0.12) + 128 + random.normal(0, 8)
    levels += random.normal(0, random.uniform(0, 4), levels.shape)
    # Owners as bytes from 0 on, since OpenCV turns no signed ones.
    owners = cv2.warpAffine((field.owners - OTHER).astype(np.uint8), whole, size, flags=cv2.INTER_NEAREST)
    return Composed(
        np.clip(levels, 0, 255).astype(np.uint8), field.digits, owners.astype(np.int8) + OTHER, _moved(field, whole)
    )


def _moved(field: Composed, matrix: NDArray[np.float32]) -> tuple[tuple[int, int, int, int], ...]:
    """Return the boxes of a field's digits after its picture was moved by a matrix (2, 3).

    A box is that of the digit's strokes, as far as its owner is right about them: a slanted box would be too wide.
    """
    import cv2

    found = []
    strokes = (ink_of(field.picture).image >= STROKE) & (field.owners > 0)
    for number, corners in enumerate(field.boxes or (), 1):
        left, top, right, bottom = corners
        rows, columns = np.nonzero(strokes[max(0, top) : bottom, max(0, left) : right])
        near = field.owners[max(0, top) : bottom, max(0, left) : right][rows, columns] == number
        points = np.stack([columns[near] + max(0, left), rows[near] + max(0, top)], axis=1).astype(np.float32)
        if not len(points):
            points = np.array([(left, top), (right, bottom)], np.float32)
        moved = cv2.transform(points[None], matrix)[0]
        low, high = moved.min(axis=0), moved.max(axis=0)
        found.append((round(low[0]), round(low[1]), round(high[0]) + 1, round(high[1]) + 1))
    return tuple(found)


def field_digits(fields: Iterable[Field]) -> list[list[Bytes]]:
    """Return the ink of fields' digits, cut out, for each of the ten labels."""
    images, labels = [], []
    for field in fields:
        whole, ink = field.composed(), ink_of(field.picture).image
        for number, (digit, left, top, wide, tall) in enumerate(field.boxes, 1):
            own = np.where((whole.owners == number) & (ink >= STROKE // 2), ink, np.uint8(0))
            if own.any() and wide > 2 and tall > 7:
                images.append(own[max(0, top - 1) : top + tall + 1, max(0, left - 1) : left + wide + 1])
                labels.append(digit)
    found: list[list[Bytes]] = [[] for _ in range(10)]
    for image, label in zip(images, labels, strict=True):
        for digit, cut in enumerate(cut_out([image], np.array([label]))):  # type: ignore[arg-type]
            found[digit].extend(cut)
    return found
