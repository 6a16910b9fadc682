"""Non-digits made from digits: out-of-distribution inputs, as a reader meets them where segmentation goes wrong.

Parts of digits, two or three digits in one picture, digits turned until they are none, letter-like scribbles, and
noise. A network that is trained on them with the same probability of every class as their target has no confidence in
others like them (outlier exposure; Hendrycks, Mazeika and Dietterich 2019). The networks for cheques of LeCun et al.
1998, section VII, learnt wrongly segmented characters to the same end.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lenet.image.measure import crop_to_ink
from lenet.image.normalise import BOX_PX, SIZE_PX, scaled_onto

Bytes = NDArray[np.uint8]

KINDS = ("part", "joined", "turned", "scribble", "noise")
_KIND_PROBABILITIES = (0.3, 0.25, 0.15, 0.2, 0.1)

MIN_SIZE_PX = 8
"""The least height and width of digits that non-digits can be made from."""

_OVERSAMPLING = 4
"""Scribbles are drawn so many times larger, for soft edges."""

_TURNS = {
    **{digit: ("quarter", "three quarters") for digit in (1, 2, 4, 5, 6, 8)},
    3: ("quarter", "three quarters", "half", "mirrored"),
    7: ("quarter", "half", "mirrored", "upended"),
    9: ("quarter", "three quarters", "mirrored", "upended"),
}
"""How each digit can be turned so that it is none: a mirrored 2 resembles a 5, a 6 turned by half is a 9."""


def nondigits(images: Bytes, labels: NDArray[np.integer], count: int, *, seed: int, kind: str | None = None) -> Bytes:
    """Return non-digits, as large as the digits they are made from.

    Parameters
    ----------
    images : uint8 (n, maps, height, width)
        Digits, 0 = paper and 255 = ink; all maps of an image are taken to be the same.
    labels : whole numbers (n,)
        The digits' labels, 0 to 9.
    count : int
        How many pictures.
    seed : int
        The same seed and digits give the same pictures.
    kind : str, optional
        One of `KINDS`; by default all of them, parts and joined digits most often.

    Returns
    -------
    uint8 (count, maps, height, width)

    Raises
    ------
    ValueError
        For an unknown kind, digits smaller than `MIN_SIZE_PX`, or labels that are not 0 to 9 or have no digit that a
        kind can be made from.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}")
    height, width = images.shape[-2:]
    if len(labels) != len(images) or (len(labels) and not 0 <= labels.min() <= labels.max() <= 9):
        raise ValueError(
            f"{len(labels)} labels of {len(images)} digits to make non-digits from; expected 0 to 9 for each"
        )
    if min(height, width) < MIN_SIZE_PX or not len(images):
        raise ValueError(
            f"{len(images)} digits of {height}x{width} to make non-digits from; expected at least one, "
            f"{MIN_SIZE_PX}x{MIN_SIZE_PX} or larger"
        )
    random = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 1998]))
    kinds = [kind] * count if kind else random.choice(KINDS, count, p=_KIND_PROBABILITIES)
    digits = _Digits(images[:, 0], np.asarray(labels), random)
    out = np.zeros((count, *images.shape[1:]), np.uint8)
    for i, name in enumerate(kinds):
        out[i] = getattr(digits, name)()
    return out


class _Digits:
    """Digits to make non-digits from, and a random generator; each method returns an image."""

    def __init__(self, images: Bytes, labels: NDArray[np.integer], random: np.random.Generator) -> None:
        self.images, self.labels, self.random = images, labels, random
        self.height, self.width = images.shape[1:]

    def _random_digit(self, among: tuple[int, ...] | None = None) -> tuple[Bytes, int]:
        """Return a digit with some ink and its label, one of `among`."""
        for _ in range(1000):
            at = int(self.random.integers(len(self.images)))
            if self.images[at].any() and (among is None or int(self.labels[at]) in among):
                return self.images[at], int(self.labels[at])
        wanted = "" if among is None else f" that is one of {', '.join(map(str, among))}"
        raise ValueError(f"no digit{wanted} with ink on it to make non-digits from, in a thousand tries")

    def _fitted(self, picture: Bytes) -> Bytes:
        """Scale the ink to the box that digits have, sometimes only down, and centre it."""
        crop = crop_to_ink(picture)
        scale = (min(self.height, self.width) * BOX_PX // SIZE_PX) / max(crop.shape)
        if self.random.random() < 0.3:
            scale = min(1.0, scale)
        return scaled_onto(crop, scale, self.height, self.width)

    def part(self) -> Bytes:
        """Return the part of a digit on one side of a straight cut: a fifth to nine twentieths of its ink.

        Of digits with a loop it is less, so that no loop remains, which would be a 0. Upright strokes are left out:
        they are ones.
        """
        rows, columns = np.mgrid[: self.height, : self.width]
        for _ in range(100):
            digit, label = self._random_digit((0, 2, 3, 4, 5, 6, 7, 8, 9))
            angle = self.random.uniform(0, 2 * math.pi)
            fraction = self.random.uniform(0.15, 0.3) if label in (0, 6, 8, 9) else self.random.uniform(0.2, 0.45)
            order = np.argsort(math.cos(angle) * rows + math.sin(angle) * columns, axis=None, kind="stable")
            ink = np.cumsum(digit.ravel()[order], dtype=np.int64)
            kept = np.zeros(digit.size, bool)
            kept[order[: int(np.searchsorted(ink, fraction * ink[-1])) + 1]] = True
            part = np.where(kept.reshape(digit.shape), digit, np.uint8(0))
            if not _is_upright_stroke(part):
                break
        return self._fitted(part)

    def joined(self) -> Bytes:
        """Return two or three digits side by side, most often touching."""
        line = crop_to_ink(self._random_digit()[0])
        for _ in range(1 + (self.random.random() < 0.15)):
            other = crop_to_ink(self._random_digit()[0])
            gap = int(self.random.integers(-4, 4))
            drop = int(self.random.integers(-3, 4))
            height = max(line.shape[0], other.shape[0]) + abs(drop)
            left = max(0, line.shape[1] + gap)
            wide = np.zeros((height, max(left + other.shape[1], line.shape[1])), np.uint8)
            top = max(0, -drop)
            wide[top : top + line.shape[0], : line.shape[1]] = line
            place = wide[max(0, drop) : max(0, drop) + other.shape[0], left : left + other.shape[1]]
            np.maximum(place, other, out=place)
            line = wide
        return self._fitted(line)

    def turned(self) -> Bytes:
        """Return a digit turned, mirrored or upended so that it is none."""
        digit, label = self._random_digit(tuple(_TURNS))
        turns = _TURNS[label]
        turn = turns[int(self.random.integers(len(turns)))]
        turned = {
            "quarter": lambda: np.rot90(digit),
            "half": lambda: np.rot90(digit, 2),
            "three quarters": lambda: np.rot90(digit, 3),
            "mirrored": lambda: digit[:, ::-1],
            "upended": lambda: digit[::-1],
        }[turn]()
        return self._fitted(np.ascontiguousarray(turned))

    def scribble(self) -> Bytes:
        """Return three to six strokes of one pen, straight or curved: letters of no script."""
        size = _OVERSAMPLING * min(self.height, self.width)
        canvas = Image.new("L", (size, size))
        pen = ImageDraw.Draw(canvas)
        thickness = int(self.random.integers(size // 18, size // 9))
        at = self.random.uniform(0.15, 0.85, 2)
        for _ in range(int(self.random.integers(3, 7))):
            middle, end = self.random.uniform(0.1, 0.9, (2, 2))
            if self.random.random() < 0.4:
                middle = (at + end) / 2
            along = np.linspace(0, 1, 9)[:, None]
            path = ((1 - along) ** 2 * at + 2 * along * (1 - along) * middle + along**2 * end) * size
            pen.line([(float(x), float(y)) for x, y in path], fill=255, width=thickness, joint="curve")
            at = end if self.random.random() < 0.6 else self.random.uniform(0.15, 0.85, 2)
        return self._fitted(np.asarray(canvas.reduce(_OVERSAMPLING)))

    def noise(self) -> Bytes:
        """Return noise: empty paper, specks, grain, clouds, lines, or half of it dark."""
        height, width, random = self.height, self.width, self.random
        level = int(random.integers(60, 256))
        kind = int(random.integers(6))
        if kind == 0:
            return np.zeros((height, width), np.uint8)
        if kind == 1:  # specks
            return np.where(random.random((height, width)) < random.uniform(0.02, 0.5), level, 0).astype(np.uint8)
        if kind == 2:  # grain
            return random.integers(0, level + 1, (height, width)).astype(np.uint8)
        if kind == 3:  # clouds
            cells = int(random.integers(3, 8))
            coarse = random.uniform(-1, 1, (cells, cells)).repeat(-(-height // cells), 0).repeat(-(-width // cells), 1)
            return np.where(coarse[:height, :width] > 0.3, level, 0).astype(np.uint8)
        rows, columns = np.mgrid[:height, :width]
        angle, phase = random.uniform(0, math.pi), random.uniform(0, 1)
        along = math.cos(angle) * rows + math.sin(angle) * columns
        if kind == 4:  # ruled
            period, fraction = random.uniform(5, 14), random.uniform(0.15, 0.5)
            return np.where((along / period + phase) % 1 < fraction, level, 0).astype(np.uint8)
        return np.where(along > np.quantile(along, random.uniform(0.2, 0.8)), level, 0).astype(np.uint8)


def _is_upright_stroke(picture: Bytes) -> bool:
    """Return whether the ink is a stroke more than twice as long as wide, and steeper than 30 degrees."""
    rows, columns = np.nonzero(picture)
    weight = picture[rows, columns].astype(np.int64)

    def mean(values: NDArray[np.int64]) -> float:
        return int((weight * values).sum()) / int(weight.sum())  # whole numbers: the same on every machine

    y, x = mean(rows), mean(columns)
    # The spread of a stroke one pixel wide is 1/12 across it.
    tall, wide, slant = mean(rows**2) - y * y + 1 / 12, mean(columns**2) - x * x + 1 / 12, mean(rows * columns) - x * y
    middle, half = (tall + wide) / 2, math.hypot((tall - wide) / 2, slant)
    # The long axis is at half the angle of (tall - wide, 2 slant) from the vertical.
    return middle + half > 4 * (middle - half) and abs(math.atan2(2 * slant, tall - wide)) < 2 * math.radians(60)
