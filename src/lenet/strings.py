"""What the network for whole numbers learns from: candidates of composed strings and of one's own fields, labelled.

A candidate (`lenet.reading.cuts`) is a digit if its strokes are one, a mark if they belong to none, and cut wrongly
otherwise; what lies between is left out. Fields are pictures of numbers whose digits' boxes are known: they are
shown several times, a little slanted and turned, and their digits are written anew into composed strings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.compose import OTHER, Composed, compose, cut_out, numbers
from lenet.data import DataError, Dataset, mnist
from lenet.reading.cuts import Candidate, Parts, candidates_of, parts_of
from lenet.reading.decode import decode
from lenet.reading.ink import STROKE, ink_of
from lenet.reading.lines import bands
from lenet.reading.pieces import MAPS, MARK, SIDE, WRONG, pictures_of

NAME = "strings"
"""What the data set is called, alone or before a colon and a directory of fields."""
COUNT = 4000
"""Strings composed from MNIST's digits; as many as half of that from fields' digits, where there are fields."""
WORDS = 0.08
"""The share of strings that are words of letters and scribbles instead."""
COPIES = 8
"""So often is each field shown, but for once as it is."""
OWN = 0.6
"""The share of a field's digits among those that strings are written with, the others being MNIST's."""
HELD_OUT = 5000
"""MNIST's last training images, which strings for training are not written with."""
WRONGS = 0.4
"""The share of wrongly cut candidates that are kept: there are many."""
SAME, CLEAR, OTHERWISE = 0.55, 0.8, 0.12
"""Shares of common strokes: of the best candidate for a digit at least, of any; of a digit in a mark at most."""

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


def labels_of(
    candidates: Sequence[Candidate], parts: Parts, truth: Composed, boxes: NDArray[np.intp] | None = None
) -> NDArray[np.intp]:
    """Return what each candidate of a line is: a digit, `MARK` or `WRONG`; -1 where that cannot be told.

    What a candidate has in common with a digit is told by their strokes, or, where digits' `boxes` (n, 4), left, top,
    right and bottom, are given, by their boxes. The line has to be the whole picture's: pixels of `parts` are pixels of
    `truth`.
    """
    count = len(truth.digits)
    owner = np.where(truth.owners > 0, truth.owners, count + 1).ravel()
    strokes = np.zeros((len(parts.boxes) + 1, count + 2))
    np.add.at(strokes, (parts.labels.ravel(), owner), 1)
    strokes[0] = 0
    reached, whole = np.cumsum(strokes, axis=0), strokes.sum(axis=0)[1:-1]
    own = np.array([reached[c.last + 1] - reached[c.first] for c in candidates]).reshape(-1, count + 2)
    mine, total = own[:, 1:-1], own.sum(axis=1)
    if boxes is None:
        common = mine / np.maximum(whole + total[:, None] - mine, 1)
    else:
        common = _overlap(np.array([(c.left, c.top, c.right, c.bottom) for c in candidates]).reshape(-1, 4), boxes)
    best = common.max(axis=1, initial=0)
    found = np.where(best < SAME, WRONG, -1)
    found[(own[:, -1] > 0.9 * total) & (mine < OTHERWISE * np.maximum(whole, 1)).all(axis=1)] = MARK
    digits = np.array(truth.digits, np.intp)
    clear = best >= CLEAR
    if clear.any():
        found[clear] = digits[common.argmax(axis=1)[clear]]
    for number, digit in enumerate(digits):
        one = int(common[:, number].argmax())
        if common[one, number] >= SAME:
            found[one] = digit
    return found


def _overlap(some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the common area of boxes (n, 4) and (m, 4) by that of both together, (n, m)."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (some, others)]
    return np.asarray(both / np.maximum(areas[0][:, None] + areas[1][None] - both, 1), np.float64)


def examples(strings: Iterable[Composed]) -> tuple[Bytes, NDArray[np.uint8]]:
    """Return the candidates of strings, one line each, that have labels, as the network sees them, and the labels."""
    pictures, labels = [np.zeros((0, MAPS, SIDE, SIDE), np.uint8)], [np.zeros(0, np.uint8)]
    for string in strings:
        ink = ink_of(string.picture)
        for band in bands(ink, single=True):
            parts = parts_of(band)
            found = candidates_of(parts, band.height)
            rows, columns = band.components.shape
            there = (slice(band.top, band.top + rows), slice(band.left, band.left + columns))
            boxes = (
                None if string.boxes is None else np.array(string.boxes, np.intp) - np.array(2 * [band.left, band.top])
            )
            told = labels_of(found, parts, Composed(string.picture[there], string.digits, string.owners[there]), boxes)
            known = [candidate for candidate, label in zip(found, told, strict=True) if label >= 0]
            pictures.append(pictures_of(band, parts, known))
            labels.append(told[told >= 0].astype(np.uint8))
    return np.concatenate(pictures), np.concatenate(labels)


def training(fields: Sequence[Field] = (), seed: int = 0, count: int = COUNT) -> tuple[Bytes, NDArray[np.uint8]]:
    """Return candidates, uint8 (n, 3, 28, 28), and labels 0 to 11 of strings written with MNIST's and fields' digits.

    Parameters
    ----------
    fields : sequence of Field
        May be empty.
    seed : int
        The same seed and fields give the same candidates.
    count : int
        Strings to compose from MNIST's digits.
    """
    pictures, told = _of_mnist(seed, count)
    random = _generator(seed, 1)
    if fields:
        more, labels = examples(_of_fields(fields, count // 2, random))
        pictures, told = np.concatenate([pictures, more]), np.concatenate([told, labels])
    kept = np.flatnonzero((told != WRONG) | (random.random(len(told)) < WRONGS))
    order = random.permutation(kept)
    return pictures[order], told[order]


def _generator(seed: int, part: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, part, 1999]))


def _digits_of_mnist() -> list[list[Bytes]]:
    images, labels = mnist("train")
    return cut_out(images[:-HELD_OUT], labels[:-HELD_OUT])


@lru_cache(1)
def _of_mnist(seed: int, count: int) -> tuple[Bytes, NDArray[np.uint8]]:
    """Return the candidates of strings of MNIST's digits; kept, since a cross-validation asks for the same again."""
    random, digits = _generator(seed, 0), _digits_of_mnist()
    return examples(compose(digits, [] if random.random() < WORDS else numbers(random), random) for _ in range(count))


def _of_fields(fields: Sequence[Field], count: int, random: np.random.Generator) -> Iterator[Composed]:
    """Yield so many strings with the fields' own digits among MNIST's, and the fields, as they are and varied."""
    among = [
        [*others[: round(len(mine) * (1 / OWN - 1))], *mine] if mine else others
        for mine, others in zip(field_digits(fields), _digits_of_mnist(), strict=True)
    ]
    for _ in range(count):
        yield compose(among, numbers(random), random)
    for field in fields:
        whole = field.composed()
        yield whole
        for _ in range(COPIES):
            yield varied(whole, random)


def load(source: str) -> Dataset:
    """Return candidates of strings as a data set: ``strings``, or ``strings:DIRECTORY`` with fields of one's own."""
    _, _, place = source.partition(":")
    fields = read_fields(place) if place else []
    about: Any = f", and {len(fields)} fields" if fields else ""
    return Dataset(*training(fields), f"strings of MNIST digits{about}", place)
