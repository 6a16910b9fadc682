"""Strings of digits on paper, composed from single digits: what a reader of whole numbers learns from.

One hand writes a string: its slant, spacing, pen and the drift of its line hold for all digits, which differ a little
besides. Digits may touch, overlap, be joined by a stroke or grow smaller; ones may have flags, sevens a bar. There are
points, commas, dashes, currency marks and scribbles, ruled lines and frames, and paper plain, lit from one side, grainy
or printed with fine patterns, seen by a camera that blurs. Of every stroke it is known which digit it belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.hands import HEIGHT, Form, own_form, written
from lenet.marks import bow, draw, drawn, letter, strokes_of
from lenet.paper import paper, pressure, rule
from lenet.reading.digit import box_of
from lenet.reading.ink import pen_width

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Owners = NDArray[np.int8]

OTHER = -1
"""The owner of strokes that belong to no digit."""

BODY = 0.25
"""The share of full ink from which on a pixel has an owner."""

PLAIN = 0.3
"""The share of strings that are digits side by side, all of one height, in black on white."""

OTHER_HANDS = 0.5
"""The share of the others that are written by hands with forms of their own for half of the digits."""


@dataclass(frozen=True)
class Composed:
    """A picture of a string.

    Attributes
    ----------
    picture : uint8 (height, width)
        Grey levels, 255 = white.
    digits : tuple of int
        From left to right.
    owners : int8 (height, width)
        k for strokes of the digit k, counted from 1; `OTHER` for other strokes; 0 for paper.
    boxes : tuple of (int, int, int, int), or None
        Each digit's left, top, right and bottom in pixels, where they are known better than strokes' owners.
    """

    picture: Bytes
    digits: tuple[int, ...]
    owners: Owners
    boxes: tuple[tuple[int, int, int, int], ...] | None = None

    def part(self, left: int, top: int, height: int, width: int) -> Composed:
        """Return the part of the picture that begins at `left` and `top`."""
        there = (slice(top, top + height), slice(left, left + width))
        boxes = self.boxes and tuple((a - left, b - top, c - left, d - top) for a, b, c, d in self.boxes)
        return Composed(self.picture[there], self.digits, self.owners[there], boxes)

    def extents(self) -> NDArray[np.float64]:
        """Return each digit's left and right end, (digits, 2): the boxes', or those of its strokes; nan without any."""
        if self.boxes is not None:
            return np.array([(left, right) for left, _, right, _ in self.boxes], np.float64).reshape(-1, 2)
        found = np.full((len(self.digits), 2), np.nan)
        for number, ends in enumerate(found, 1):
            columns = np.flatnonzero((self.owners == number).any(axis=0))
            if len(columns):
                ends[:] = columns[0], columns[-1] + 1
        return found


@dataclass(frozen=True)
class _Hand:
    """How somebody writes. Lengths are in heights of a digit but for `size`, which is that height in pixels.

    A digit that has one of the `forms` is drawn so.
    """

    size: float
    pen: float
    slant: float
    aspect: float
    drift: float
    gap: float
    unsteady: float
    shrinking: float
    zeros: float
    chained: float
    flags: float
    bars: float
    joins: float
    bold: float
    marks: float
    one_pen: bool
    plain: bool
    forms: tuple[Form | None, ...] = (None,) * 10

    @property
    def loose(self) -> float:
        """How much digits differ besides."""
        return 0.0 if self.plain else 1.0


def _hand(random: np.random.Generator, plain: bool | None = None) -> _Hand:
    uniform, normal = random.uniform, random.normal
    if random.random() < PLAIN if plain is None else plain:
        size, gap = uniform(18, 28), (uniform(-0.15, 0.05), uniform(0, 0.5))[random.integers(2)]
        unsteady = uniform(0, 0.1)
        none: dict[str, Any] = dict.fromkeys(
            ("slant", "drift", "chained", "flags", "bars", "joins", "bold", "marks"), 0.0
        )
        same: dict[str, Any] = dict.fromkeys(("aspect", "shrinking", "zeros"), 1.0)
        return _Hand(size=size, pen=0.1 * size, gap=gap, unsteady=unsteady, **none, **same, one_pen=False, plain=True)
    size = uniform(18, 34) if random.random() < 0.85 else uniform(34, 56)
    own = random.random() < OTHER_HANDS
    return _Hand(
        size=size,
        pen=max(1.2, size * uniform(0.05, 0.14)),
        slant=normal(0, 0.22),
        aspect=math.exp(normal(0, 0.14)),
        drift=normal(0, 0.03),
        gap=(uniform(-0.14, 0.06), uniform(0, 0.5), uniform(-0.05, 0.2))[random.integers(3)],
        unsteady=uniform(0.02, 0.13),
        shrinking=uniform(0.86, 1.04) if random.random() < 0.25 else 1.0,
        zeros=uniform(0.45, 0.9) if random.random() < 0.2 else 1.0,
        chained=uniform(0, 0.2) if random.random() < 0.3 else 0.0,
        flags=float(random.choice([0.0, 0.2, 1.0])),
        bars=float(random.choice([0.0, 0.2, 1.0])),
        joins=0.4 if random.random() < 0.25 else 0.03,
        bold=normal(),
        marks=float(random.random() < 0.6),
        one_pen=random.random() < 0.5,
        plain=False,
        forms=tuple(own_form(digit, random) if own and random.random() < 0.5 else None for digit in range(10)),
    )


def numbers(random: np.random.Generator) -> list[int]:
    """Return the digits of a number to write: one to ten, often with zeros at the end."""
    count = int(random.integers(1, 8)) if random.random() < 0.85 else int(random.integers(8, 11))
    digits = [int(digit) for digit in random.integers(0, 10, count)]
    if count > 1 and random.random() < 0.3:
        zeros = int(random.integers(1, count))
        digits[-zeros:] = [0] * zeros
    return digits


def cut_out(images: Bytes, labels: NDArray[np.integer]) -> list[list[Bytes]]:
    """Return the ink of digits (n, height, width) without the paper around, for each of the ten labels."""
    found: list[list[Bytes]] = [[] for _ in range(10)]
    for image, label in zip(images, labels, strict=True):
        cut = _trimmed(image)
        if min(cut.shape) > 1:
            found[int(label)].append(cut)
    return found


def compose(
    digits: Sequence[Sequence[Bytes]], number: Sequence[int], random: np.random.Generator, plain: bool | None = None
) -> Composed:
    """Write a number on paper.

    Parameters
    ----------
    digits : ten sequences of uint8 (height, width)
        Samples of each digit's ink, cut out; at least one of each that the number has.
    number : digits
        An empty one: a word of letters and scribbles.
    random : Generator
        Gives the hand, the samples and the paper.
    plain : bool, optional
        Whether the digits stand side by side, all of one height, in black on white; by default some strings' do.
    """
    hand = _hand(random, plain)
    sheet = _Sheet(hand, len(number), random)
    sheet.x = hand.size * random.uniform(0.3, 1.5)
    for _ in range(0 if number else int(random.integers(1, 7))):
        sheet.mark(str(random.choice(list("aaa~"))))
        sheet.x += hand.size * random.uniform(-0.05, 0.3)
    if hand.marks and random.random() < 0.3:
        sheet.mark(str(random.choice(list("$#*-=$~~"))))
        sheet.x += hand.size * random.uniform(0.1, 0.4)
    for at, digit in enumerate(number):
        left = len(number) - at
        if at and hand.marks and random.random() < (0.6 if left % 3 == 0 else 0.04):
            sheet.mark(str(random.choice(list("..,,.-"))))
            sheet.x += hand.size * random.uniform(0.0, 0.4)
        sheet.write(digits[digit], digit)
    if number and hand.marks and random.random() < 0.5:
        sheet.x += hand.size * random.uniform(0.05, 0.35)
        sheet.mark(str(random.choice(list(".,-=,.--#~~"))))
    return sheet.picture()


class _Sheet:
    """Ink, from 0 to 1, and its owners, while a string is written."""

    def __init__(self, hand: _Hand, count: int, random: np.random.Generator) -> None:
        self.hand, self.random = hand, random
        shape = (int(hand.size * 3.6), int(hand.size * (count * 2.3 + 7)))
        self.ink, self.owners = np.zeros(shape, np.float32), np.zeros(shape, np.int8)
        self.base, self.x, self.scale = shape[0] * 0.66, 0.0, 1.0
        self.digits: list[int] = []
        self.in_zeros = False
        self.top, self.bottom = float(shape[0]), 0.0

    def _put(self, ink: Floats, left: float, bottom: float, owner: int) -> None:
        """Lay ink (height, width) on the sheet; where it is the darker one, it becomes the owner."""
        height, width = ink.shape
        y, x = round(bottom - height), round(left)
        y0, x0 = max(0, -y), max(0, -x)
        y1, x1 = min(height, self.ink.shape[0] - y), min(width, self.ink.shape[1] - x)
        if y1 <= y0 or x1 <= x0:
            return
        there = (slice(y + y0, y + y1), slice(x + x0, x + x1))
        new = ink[y0:y1, x0:x1]
        self.owners[there][(new > self.ink[there]) & (new >= BODY)] = owner
        np.maximum(self.ink[there], new, out=self.ink[there])

    def _baseline(self) -> float:
        return self.base + self.hand.drift * (self.x - self.ink.shape[1] / 2)

    def mark(self, kind: str) -> None:
        """Write something that is no digit, and move on."""
        size = self.hand.size * self.random.uniform(0.7, 1.0)
        pen = self.hand.pen * self.random.uniform(1.0, 1.3)
        ink = letter(size, pen, self.random) if kind == "a" else drawn(strokes_of(kind, self.random), size, pen)
        bottom = self._baseline() + 0.25 * size
        self._put(ink, self.x, bottom, OTHER)
        if kind in "a~":
            self.top, self.bottom = min(self.top, bottom - 1.35 * size), max(self.bottom, bottom)
        wide = np.flatnonzero(ink.any(axis=0))
        self.x += float(wide[-1] + 1) if len(wide) else 0.0
        self.in_zeros = False

    def write(self, samples: Sequence[Bytes], digit: int) -> None:
        """Write one digit, and move on."""
        import cv2

        hand, random = self.hand, self.random
        form = hand.forms[digit]
        if form is None:
            sample = self._fashioned(samples[int(random.integers(len(samples)))], digit)
        else:
            sample = written(form, self._pen_at(HEIGHT), random)
        ink = self._bent(sample, digit)
        bottom = self._baseline() + hand.loose * random.normal(0, 0.05) * hand.size
        if digit == 0 and hand.zeros < 1 and random.random() < 0.4:  # small zeros float
            bottom -= random.uniform(0, 0.6) * max(0.0, hand.size - ink.shape[0])
        if digit == 0 and self.in_zeros:  # zeros in a row are written without taking off the pen
            self.x -= random.uniform(0.5, 1) * hand.chained * hand.size
        self.in_zeros = digit == 0
        self.digits.append(digit)
        self._put(ink, self.x, bottom, len(self.digits))
        self.top, self.bottom = min(self.top, bottom - ink.shape[0]), max(self.bottom, bottom)
        gap = hand.size * random.normal(hand.gap, hand.unsteady)
        if random.random() < hand.joins:
            start, end = self.x + 0.7 * ink.shape[1], self.x + ink.shape[1] + gap + 0.15 * hand.size
            y = bottom - hand.size * random.uniform(0.05, 0.9)
            stroke = np.zeros_like(self.ink)
            there = (int(start), int(y)), (int(end), int(y + random.normal(0, 0.1) * hand.size))
            cv2.line(stroke, *there, 0.9, max(1, int(0.8 * hand.pen)), cv2.LINE_AA)
            self.owners[(stroke > self.ink) & (stroke >= BODY)] = len(self.digits)
            np.maximum(self.ink, stroke, out=self.ink)
        self.x += max(ink.shape[1] + gap, 0.22 * hand.size)
        self.scale *= hand.shrinking

    def _pen_at(self, height: float) -> float:
        """Return how wide the hand's pen is, in pixels, where digits are so many pixels high."""
        return max(2.0, self.hand.pen * height / self.hand.size)

    def _fashioned(self, ink: Bytes, digit: int) -> Bytes:
        """Give a one its flag, a seven its bar, as the hand has them."""
        random, height = self.random, ink.shape[0]
        pen = self._pen_at(height)
        if digit == 1 and random.random() < self.hand.flags:
            wide = np.pad(ink, ((2, 3), (height, round(0.5 * height))))
            tip = _middle_of(wide[:6])
            # From a hook at the top to an upstroke as long as the stem, more or less bent.
            length = height * (random.uniform(0.15, 0.5) if random.random() < 0.6 else random.uniform(0.5, 1.05))
            angle, bend = random.uniform(0.3, 1.2), random.uniform(-0.5, 0.5) * length
            across, down = math.sin(angle), math.cos(angle)
            start = (tip - length * across, 2 + length * down)
            middle = (tip - length * across / 2 + bend * down, 2 + length * down / 2 + bend * across)
            draw(wide, bow(start, middle, (tip, 2.0)), pen)
            if random.random() < 0.35:
                foot = _middle_of(wide[-9:])
                left, right = height * random.uniform(0.05, 0.4, 2)
                rise = height * random.normal(0, 0.04)
                draw(wide, [(foot - left, height + rise), (foot + right, height - rise)], pen)
            return _trimmed(wide)
        if digit == 7 and random.random() < self.hand.bars:
            wide = np.pad(ink, ((0, 0), (4, 4)))
            y = height * random.uniform(0.42, 0.62)
            stem = np.flatnonzero(wide[int(y)] > 60)
            if len(stem):
                length, tilt = height * random.uniform(0.15, 0.32), height * random.uniform(-0.15, 0.15)
                draw(wide, [(stem.mean() - length, y + tilt), (stem.mean() + length, y - tilt)], pen)
            return wide
        return ink

    def _bent(self, ink: Bytes, digit: int) -> Floats:
        """Scale, slant and turn a digit as the hand does, and give it the hand's pen; from 0 to 1."""
        import cv2

        hand, random = self.hand, self.random
        height = hand.size * self.scale * math.exp(hand.loose * random.normal(0, 0.1))
        height *= hand.zeros if digit == 0 else 1.0
        scale = max(height, 8.0) / ink.shape[0]
        scale = min(scale, 1.35 * hand.size / ink.shape[1])
        slant, turn = hand.slant + hand.loose * random.normal(0, 0.06), hand.loose * random.normal(0, 0.06)
        matrix = np.array([[scale * hand.aspect, -slant * scale], [0, scale]]) @ np.array(
            [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
        )
        corners = np.array([[0, 0], [ink.shape[1], 0], [0, ink.shape[0]], ink.shape[::-1]]) @ matrix.T
        low, high = corners.min(axis=0), corners.max(axis=0)
        whole = np.hstack([matrix, (1 - low)[:, None]]).astype(np.float32)
        size = (math.ceil(high[0] - low[0]) + 2, math.ceil(high[1] - low[1]) + 2)
        bent = cv2.warpAffine(ink, whole, size, flags=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)
        if hand.one_pen:
            bent = _with_pen(bent, hand.pen)
        elif hand.bold < -0.7:
            bent = np.clip((cv2.GaussianBlur(bent, (0, 0), 0.8) - 0.27) * 1.6, 0, 1)
        elif hand.bold > 1.0:
            bent = np.clip(cv2.GaussianBlur(bent, (0, 0), 0.04 * hand.size) * 2, 0, 1)
        return _trimmed(bent, BODY)

    def picture(self) -> Composed:
        """Cut the sheet around the string, rule it, and take its picture."""
        import cv2

        hand, random = self.hand, self.random
        top = int(max(0, self.top - hand.size * random.uniform(0.1, 0.7)))
        bottom = int(min(self.ink.shape[0], self.bottom + hand.size * random.uniform(0.1, 0.7)))
        end = min(self.ink.shape[1], int(self.x + hand.size * random.uniform(0.2, 1.2)))
        ink, owners = self.ink[top:bottom, :end], self.owners[top:bottom, :end]
        if hand.plain:
            return Composed(np.asarray(255 * (1 - ink), np.uint8), tuple(self.digits), owners)
        if random.random() < 0.35:
            written = ink.copy()
            rule(ink, self.base - top, self.top - top, hand.size, random)
            owners[(ink >= BODY) & (written < BODY)] = OTHER
        if random.random() < 0.4:
            ink *= pressure(ink.shape, hand.size, random)
        if random.random() < 0.9:
            ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), random.uniform(0.3, 1.0)), np.float32)
        grey = paper(ink.shape, random) * (1 - random.uniform(0.35, 0.95) * ink)
        grey += random.normal(0, random.uniform(0, 8), grey.shape)
        picture = np.clip(grey, 0, 255).astype(np.uint8)
        if random.random() < 0.6:
            packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 95))])[1]
            picture = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        return Composed(picture, tuple(self.digits), owners)


def _with_pen(ink: Floats, pen: float) -> Floats:
    """Return a digit, from 0 to 1, as if written with a pen so many pixels wide."""
    import cv2

    strokes = np.pad(ink >= 0.5, 4).astype(np.uint8)
    wider = float(np.clip((pen - pen_width(strokes > 0)) / 2, -0.6, 3))
    # How far pixels are from the strokes' edges, inside and outside.
    far = cv2.distanceTransform(strokes, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - strokes, cv2.DIST_L2, 5)
    return np.clip(far + wider + 0.5 - 0.5 * np.sign(far), 0, 1).astype(np.float32)


def _middle_of(rows: Bytes) -> float:
    """Return the column in the middle of the strokes in some rows of a digit, where it has some."""
    darkest = rows.max(axis=0)
    return float(np.flatnonzero(darkest > darkest.max() / 2).mean())


def _trimmed(ink: NDArray[Any], least: float = 20) -> NDArray[Any]:
    """Return the part of a picture that its ink takes up; all of it if there is none."""
    left, top, width, height = box_of(ink > least)
    return ink[top : top + height, left : left + width] if width else ink
