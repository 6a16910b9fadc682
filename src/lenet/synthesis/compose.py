"""Strings of digits on paper, composed from single digits, to train the networks that read whole numbers.

A string has one style: its slant, spacing, pen and the slope of its line hold for all digits, which vary a little.
Digits may touch, overlap, be joined by a stroke or become smaller; ones may have flags, sevens a bar. There are points,
commas, dashes, currency marks and scribbles, ruled lines and frames. The paper is plain, lit from one side, grainy or
printed with fine patterns; the picture is blurred as by a camera. Each pixel of ink has an owner: the digit that it is
part of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import SupportsInt

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.drawing import draw_stroke, quadratic_curve
from lenet.image.measure import crop_to_ink, stroke_width
from lenet.synthesis.letterforms import HEIGHT_PX, drawn_digit
from lenet.synthesis.paper import paper, pressure, rule
from lenet.synthesis.signs import ABOVE, BELOW, LABELS, LETTERS, drawn_sign
from lenet.synthesis.strokes import drawn_mark, mark_strokes
from lenet.synthesis.style import Style, random_style
from lenet.synthesis.typefaces import ASCII_OF_SIGN, OTHER_CHARACTERS, printed
from lenet.synthesis.typefaces import LETTERS as OTHER_LETTERS

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Owners = NDArray[np.int8]

OTHER = -1
"""The owner of strokes that belong to no digit."""

STEMMED, STEM_TOP = (4, 7, 9), 0.65
"""Digits that end in a stem, and where it begins that may be long, in heights of the digit."""
MAX_FOOT = 1.1
"""Letterforms end on the baseline if they end here, in heights of a digit; longer ones go below it."""
MARK_BELOW = 0.25
"""What the pictures of `lenet.synthesis.strokes` have below the baseline, in heights of a digit."""
MAX_STRETCH = 2.5
"""The most by which a digit is widened to fill a square box."""

MIN_OWNED_INK = 0.25
"""A pixel with at least this fraction of full ink has an owner."""

CUT_LEVEL = 20
"""Samples of digits are cut out around their pixels above this level, of 255."""


ANNOTATED_FRACTION = 0.65
"""The fraction of strings with marks that have signs or words in an order that makes sense: see `annotated`."""
KINDS = ("amount", "sum", "date", "date", "brackets", "words", "words", "code")
WORD, NAMED_LETTERS = "word", 0.5
"""What stands for a word among signs; the fraction of a word's letters that resemble digits and have names."""
SIGN_OF_MARK = {".": ".", ",": ",", "/": "/", "-": "−", "=": "=", "$": "$", "#": "#"}
"""The names of those marks that are signs."""


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
        k for strokes of the digit k, counted from 1; `OTHER` for other strokes; 0 for paper; `OTHER` - k for strokes of
        the sign k, counted from 1.
    boxes : tuple of (int, int, int, int), or None
        Each digit's left, top, right and bottom in pixels, where they are more precise than the owners.
    signs : tuple of str
        The names of the signs and letters, of `lenet.synthesis.signs.LABELS`.
    """

    picture: Bytes
    digits: tuple[int, ...]
    owners: Owners
    boxes: tuple[tuple[int, int, int, int], ...] | None = None
    signs: tuple[str, ...] = ()

    def part(self, left: int, top: int, height: int, width: int) -> Composed:
        """Return the part of the picture with the corner (`left`, `top`)."""
        inside = (slice(top, top + height), slice(left, left + width))
        boxes = self.boxes and tuple((a - left, b - top, c - left, d - top) for a, b, c, d in self.boxes)
        return Composed(self.picture[inside], self.digits, self.owners[inside], boxes, self.signs)

    def extents(self) -> NDArray[np.float64]:
        """Return each digit's left and right end, (digits, 2), from its box or its strokes; nan without any."""
        if self.boxes is not None:
            return np.array([(left, right) for left, _, right, _ in self.boxes], np.float64).reshape(-1, 2)
        extents = np.full((len(self.digits), 2), np.nan)
        for number, ends in enumerate(extents, 1):
            columns = np.flatnonzero((self.owners == number).any(axis=0))
            if len(columns):
                ends[:] = columns[0], columns[-1] + 1
        return extents


def numbers(random: np.random.Generator) -> list[int]:
    """Return the digits of a random number: one to ten, often with zeros at the end."""
    count = int(random.integers(1, 8)) if random.random() < 0.85 else int(random.integers(8, 11))
    digits = [int(digit) for digit in random.integers(0, 10, count)]
    if count > 1 and random.random() < 0.3:
        zeros = int(random.integers(1, count))
        digits[-zeros:] = [0] * zeros
    return digits


def cut_out(images: Iterable[Bytes], labels: Iterable[SupportsInt]) -> list[list[Bytes]]:
    """Return the ink of digits, each (height, width), without the paper around it, for each of the ten labels."""
    digits: list[list[Bytes]] = [[] for _ in range(10)]
    for image, label in zip(images, labels, strict=True):
        crop = crop_to_ink(image, CUT_LEVEL)
        if min(crop.shape) > 1:
            digits[int(label)].append(crop)
    return digits


def compose(
    digits: Sequence[Sequence[Bytes]], number: Sequence[int], random: np.random.Generator, *, plain: bool | None = None
) -> Composed:
    """Return the picture of a number on paper.

    Parameters
    ----------
    digits : ten sequences of uint8 (height, width)
        Samples of each digit's ink, cut out; at least one of each that the number has.
    number : digits
        An empty one: a word of letters and scribbles.
    random : Generator
        Draws the style, the samples and the paper.
    plain : bool, optional
        Whether the digits stand side by side, all of one height, in black on white; by default some strings' do.
    """
    style = random_style(random, plain)
    sheet = _Sheet(style, len(number), random)
    sheet.x = style.size * random.uniform(0.3, 1.5)
    if number and style.marks and random.random() < ANNOTATED_FRACTION:
        for token in annotated(number, random):
            if isinstance(token, int):
                sheet.write(digits[token], token)
            elif token == WORD:
                sheet.word()
            else:
                sheet.sign(token)
        return sheet.picture()
    for _ in range(0 if number else int(random.integers(1, 7))):
        if random.random() < NAMED_LETTERS:
            sheet.sign(str(random.choice(LABELS)))
        else:
            sheet.mark(str(random.choice(list("aaac~[]"))))
        sheet.x += style.size * random.uniform(-0.05, 0.3)
    if style.marks and random.random() < 0.3:
        sheet.mark(str(random.choice(list("$#*-=$c[~~"))))
        sheet.x += style.size * random.uniform(0.1, 0.4)
    for at, digit in enumerate(number):
        left = len(number) - at
        if at and style.marks and random.random() < (0.6 if left % 3 == 0 else 0.04):
            sheet.mark(str(random.choice(list("..,,.-"))))
            sheet.x += style.size * random.uniform(0.0, 0.4)
        sheet.write(digits[digit], digit)
    if number and style.marks and random.random() < 0.5:
        sheet.x += style.size * random.uniform(0.05, 0.35)
        sheet.mark(str(random.choice(list(".,-=,.-^#c]~~"))))
    return sheet.picture()


def annotated(number: Sequence[int], random: np.random.Generator) -> list[int | str]:
    """Return a number with signs in it or words around it, as amounts, sums, dates and codes have them."""
    tokens: list[int | str] = list(number)
    count = len(number)
    kind = str(random.choice(KINDS))
    if kind == "amount":
        if count > 2:
            tokens.insert(count - int(random.integers(1, 3)), str(random.choice([".", ","])))
        currency = str(random.choice(["$", "€", "£", "¥", "%", "#"]))
        tokens.insert(0 if random.random() < 0.5 and currency != "%" else len(tokens), currency)
    elif kind == "sum":
        for at in range(count - 1, 0, -1):
            if random.random() < 0.4:
                tokens.insert(at, str(random.choice(["+", "−", "×", "÷", "=", "+", "−", "×"])))
        if random.random() < 0.3:
            tokens.insert(0, str(random.choice(["−", "+"])))
        if random.random() < 0.3:
            tokens.append("=")
    elif kind == "date":
        separator = str(random.choice(["/", "/", ".", "−", ":"]))
        for at in (4, 2):
            if count > at:
                tokens.insert(at, separator)
        if count == 2:
            tokens.insert(1, separator)
    elif kind == "brackets":
        start = int(random.integers(0, count))
        tokens.insert(int(random.integers(start + 1, count + 1)), ")")
        tokens.insert(start, "(")
    elif kind == "words":
        sides = int(random.integers(1, 4))
        tokens = [WORD] * (sides & 1) + tokens + [WORD] * (sides >> 1)
    else:
        letters = list(LETTERS)
        for at in range(count, -1, -1):
            if random.random() < 0.3:
                tokens.insert(at, str(random.choice(letters)))
    return tokens


class _Sheet:
    """The ink, 0 to 1, of a string that is being written, and the owners of its pixels."""

    def __init__(self, style: Style, count: int, random: np.random.Generator) -> None:
        self.style, self.random = style, random
        shape = (int(style.size * 3.6), int(style.size * (count * 3.3 + 22)))
        self.ink, self.owners = np.zeros(shape, np.float32), np.zeros(shape, np.int8)
        self.base, self.x, self.scale = shape[0] * 0.66, 0.0, 1.0
        self.middle = style.size * (0.6 * count + 2)
        self.digits: list[int] = []
        self.signs: list[str] = []
        self.in_zeros = False
        self.top, self.bottom = float(shape[0]), 0.0

    def _put(self, ink: Floats, left: float, bottom: float, owner: int) -> None:
        """Add ink (height, width) to the sheet; where it is darker than what is there, its owner is the pixel's."""
        height, width = ink.shape
        y, x = round(bottom - height), round(left)
        y0, x0 = max(0, -y), max(0, -x)
        y1, x1 = min(height, self.ink.shape[0] - y), min(width, self.ink.shape[1] - x)
        if y1 <= y0 or x1 <= x0:
            return
        inside = (slice(y + y0, y + y1), slice(x + x0, x + x1))
        new = ink[y0:y1, x0:x1]
        self.owners[inside][(new > self.ink[inside]) & (new >= MIN_OWNED_INK)] = owner
        np.maximum(self.ink[inside], new, out=self.ink[inside])

    def _baseline(self) -> float:
        return self.base + self.style.drift * (self.x - self.middle)

    def mark(self, kind: str) -> None:
        """Write a mark, and move to the right of it."""
        size = self.style.size * self.random.uniform(0.7, 1.0)
        pen = self.style.pen * self.random.uniform(1.0, 1.3)
        if kind in "ac":
            character = str(self.random.choice(list(OTHER_LETTERS if kind == "a" else OTHER_CHARACTERS)))
            ink, below = printed(character, size, pen, self.random, ABOVE, BELOW), BELOW
        else:
            ink, below = drawn_mark(mark_strokes(kind, self.random), size, pen), MARK_BELOW
        self._put_mark(ink, self._baseline() + below * size, SIGN_OF_MARK.get(kind))

    def sign(self, label: str, gap: float | None = None) -> None:
        """Write a sign or a letter that has a name, and move to the right of it.

        `gap` is about what it has on each side, in heights of a digit; by default as much as the style's digits.
        """
        style, random = self.style, self.random
        size, pen = style.size * random.uniform(0.75, 1.1), style.pen * random.uniform(0.8, 1.25)
        gap = max(style.gap, 0.08) if gap is None else gap
        if random.random() < style.printed and label in ASCII_OF_SIGN:
            ink = printed(ASCII_OF_SIGN[label], 1.15 * size, pen, random, ABOVE, BELOW)
        else:
            ink = drawn_sign(label, size, pen, random)
        self.x += size * max(0.02, random.normal(gap, 0.08))
        self._put_mark(ink, self._baseline() + (BELOW + random.normal(0, 0.03)) * size, label)
        self.x += size * max(0.02, random.normal(gap, 0.08))

    def _put_mark(self, ink: Floats, bottom: float, name: str | None) -> None:
        """Add the ink of a mark, its lowest row at `bottom`, and move to its right; one with a name has an owner."""
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        owner = OTHER
        if name is not None:
            self.signs.append(name)
            owner -= len(self.signs)
        self._put(ink[:, columns[0] : columns[-1] + 1], self.x, bottom, owner)
        top = bottom - ink.shape[0]
        self.top, self.bottom = min(self.top, top + rows[0]), max(self.bottom, top + rows[-1] + 1)
        self.x += columns[-1] + 1 - columns[0]
        self.in_zeros = False

    def word(self) -> None:
        """Write a word, letters that resemble digits among others, with a gap on each side."""
        random, size = self.random, self.style.size
        gap = random.uniform(0.0, 0.12)
        self.x += size * random.uniform(0.1, 0.8)
        for _ in range(int(random.integers(1, 8))):
            if random.random() < NAMED_LETTERS:
                self.sign(str(random.choice(list(LETTERS))), gap)
            else:
                self.mark("a")
                self.x += 2 * size * gap
        self.x += size * random.uniform(0.1, 0.8)

    def write(self, samples: Sequence[Bytes], digit: int) -> None:
        """Write one digit, and move to the right of it."""
        style, random = self.style, self.random
        letterform, stem = style.letterforms[digit], 0.0
        if letterform is None:
            sample = self._with_flag_or_bar(samples[int(random.integers(len(samples)))], digit)
            if digit in STEMMED and random.random() < style.stems:
                stem = random.uniform(0.2, 0.9)
                sample = _with_long_stem(sample, stem)
        else:
            sample = drawn_digit(letterform, self._pen_at(HEIGHT_PX), random)
            stem = max(0.0, max(stroke[:, 1].max() for stroke in letterform) - MAX_FOOT)
        ink = self._styled(sample, digit, 1 + stem)
        bottom = self._baseline() + style.variation * random.normal(0, 0.05) * style.size
        bottom += stem * style.size * self.scale
        if digit == 0 and style.zeros < 1 and random.random() < 0.4:  # small zeros stand above the line
            bottom -= random.uniform(0, 0.6) * max(0.0, style.size - ink.shape[0])
        if digit == 0 and self.in_zeros:  # zeros in a row are written in one stroke
            self.x -= random.uniform(0.5, 1) * style.chained * style.size
        self.in_zeros = digit == 0
        self.digits.append(digit)
        self._put(ink, self.x, bottom, len(self.digits))
        self.top, self.bottom = min(self.top, bottom - ink.shape[0]), max(self.bottom, bottom)
        gap = style.size * random.normal(style.gap, style.gap_deviation)
        if random.random() < style.joins:
            start, end = self.x + 0.7 * ink.shape[1], self.x + ink.shape[1] + gap + 0.15 * style.size
            y = bottom - style.size * random.uniform(0.05, 0.9)
            stroke = np.zeros_like(self.ink)
            ends = (int(start), int(y)), (int(end), int(y + random.normal(0, 0.1) * style.size))
            cv2.line(stroke, *ends, 0.9, max(1, int(0.8 * style.pen)), cv2.LINE_AA)
            self.owners[(stroke > self.ink) & (stroke >= MIN_OWNED_INK)] = len(self.digits)
            np.maximum(self.ink, stroke, out=self.ink)
        self.x += max(ink.shape[1] + gap, 0.22 * style.size)
        self.scale *= style.shrinking

    def _pen_at(self, height: float) -> float:
        """Return the width of strokes, in pixels, at that height of digits."""
        return max(2.0, self.style.pen * height / self.style.size)

    def _with_flag_or_bar(self, ink: Bytes, digit: int) -> Bytes:
        """Return a one with a flag, a seven with a bar, as often as the style has them."""
        if digit == 1 and self.random.random() < self.style.flags:
            return self._with_flag(ink)
        if digit == 7 and self.random.random() < self.style.bars:
            return self._with_bar(ink)
        return ink

    def _with_flag(self, ink: Bytes) -> Bytes:
        """Return a one with an upstroke, from a hook at the top to one as long as the stem, and perhaps with a foot."""
        random, height = self.random, ink.shape[0]
        pen = self._pen_at(height)
        wide = np.pad(ink, ((2, 3), (height, round(0.5 * height))))
        tip = _middle_column(wide[:6])
        length = height * (random.uniform(0.15, 0.5) if random.random() < 0.6 else random.uniform(0.5, 1.05))
        angle, bend = random.uniform(0.3, 1.2), random.uniform(-0.5, 0.5) * length
        across, down = math.sin(angle), math.cos(angle)
        start = (tip - length * across, 2 + length * down)
        middle = (tip - length * across / 2 + bend * down, 2 + length * down / 2 + bend * across)
        draw_stroke(wide, quadratic_curve(start, middle, (tip, 2.0)), pen)
        if random.random() < 0.35:
            foot = _middle_column(wide[-9:])
            left, right = height * random.uniform(0.05, 0.4, 2)
            rise = height * random.normal(0, 0.04)
            draw_stroke(wide, [(foot - left, height + rise), (foot + right, height - rise)], pen)
        return crop_to_ink(wide, CUT_LEVEL)

    def _with_bar(self, ink: Bytes) -> Bytes:
        """Return a seven with a bar through its stem."""
        random, height = self.random, ink.shape[0]
        wide = np.pad(ink, ((0, 0), (4, 4)))
        y = height * random.uniform(0.42, 0.62)
        stem = np.flatnonzero(wide[int(y)] > 60)
        if len(stem):
            length, tilt = height * random.uniform(0.15, 0.32), height * random.uniform(-0.15, 0.15)
            ends = [(stem.mean() - length, y + tilt), (stem.mean() + length, y - tilt)]
            draw_stroke(wide, ends, self._pen_at(height))
        return wide

    def _styled(self, ink: Bytes, digit: int, tall: float) -> Floats:
        """Return a digit's ink, 0 to 1, with the style's size, slant, rotation and width of strokes.

        `tall` is its height in heights of the style's digits.
        """
        style, random = self.style, self.random
        height = style.size * self.scale * tall * math.exp(style.variation * random.normal(0, 0.1))
        height *= style.zeros if digit == 0 else 1.0
        if style.stretched:
            wide = min(ink.shape[0] * random.uniform(0.75, 1.05), MAX_STRETCH * ink.shape[1])
            ink = np.asarray(cv2.resize(ink, (max(2, round(wide)), ink.shape[0]), interpolation=cv2.INTER_LINEAR))
        scale = max(height, 8.0) / ink.shape[0]
        scale = min(scale, 1.35 * style.size / ink.shape[1])
        slant, rotation = (
            style.slant + style.variation * random.normal(0, 0.06),
            style.variation * random.normal(0, 0.06),
        )
        matrix = np.array([[scale * style.aspect, -slant * scale], [0, scale]]) @ np.array(
            [[math.cos(rotation), -math.sin(rotation)], [math.sin(rotation), math.cos(rotation)]]
        )
        corners = np.array([[0, 0], [ink.shape[1], 0], [0, ink.shape[0]], ink.shape[::-1]]) @ matrix.T
        low, high = corners.min(axis=0), corners.max(axis=0)
        whole = np.hstack([matrix, (1 - low)[:, None]]).astype(np.float32)
        size = (math.ceil(high[0] - low[0]) + 2, math.ceil(high[1] - low[1]) + 2)
        styled = cv2.warpAffine(ink, whole, size, flags=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)
        if style.one_pen:
            styled = _with_pen(styled, style.pen)
        elif style.bold < -0.7:
            styled = np.clip((cv2.GaussianBlur(styled, (0, 0), 0.8) - 0.27) * 1.6, 0, 1)
        elif style.bold > 1.0:
            styled = np.clip(cv2.GaussianBlur(styled, (0, 0), 0.04 * style.size) * 2, 0, 1)
        return crop_to_ink(styled, MIN_OWNED_INK)

    def picture(self) -> Composed:
        """Return the part of the sheet around the string, ruled, on paper, as a camera sees it."""
        style, random = self.style, self.random
        top = int(max(0, self.top - style.size * random.uniform(0.1, 0.7)))
        bottom = int(min(self.ink.shape[0], self.bottom + style.size * random.uniform(0.1, 0.7)))
        end = min(self.ink.shape[1], int(self.x + style.size * random.uniform(0.2, 1.2)))
        ink, owners = self.ink[top:bottom, :end], self.owners[top:bottom, :end]
        if style.gaps:
            self._break(ink, owners)
        if style.thresholded:
            uneven = pressure(ink.shape, style.size, random) if random.random() < 0.5 else np.float32(1)
            ink = (ink * uneven > random.uniform(0.25, 0.55)).astype(np.float32)
            owners = np.where(ink > 0, owners, 0).astype(np.int8)
        if style.plain or style.thresholded:
            return Composed(np.asarray(255 * (1 - ink), np.uint8), tuple(self.digits), owners, signs=tuple(self.signs))
        if random.random() < 0.35:
            unruled = ink.copy()
            rule(ink, self.base - top, self.top - top, style.size, random)
            owners[(ink >= MIN_OWNED_INK) & (unruled < MIN_OWNED_INK)] = OTHER
        if random.random() < 0.4:
            ink *= pressure(ink.shape, style.size, random)
        if random.random() < 0.9:
            ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), random.uniform(0.3, 1.0)), np.float32)
        grey = paper(ink.shape, random) * (1 - random.uniform(0.35, 0.95) * ink)
        grey += random.normal(0, random.uniform(0, 8), grey.shape)
        picture = np.clip(grey, 0, 255).astype(np.uint8)
        if random.random() < 0.6:
            packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 95))])[1]
            picture = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        return Composed(picture, tuple(self.digits), owners, signs=tuple(self.signs))

    def _break(self, ink: Floats, owners: Owners) -> None:
        """Leave gaps in strokes, as a thin pen or thresholding does."""
        rows, columns = np.nonzero(ink >= MIN_OWNED_INK)
        radius = max(1, round(self.style.size * self.random.uniform(0.03, 0.09)))
        for at in self.random.integers(0, max(1, len(rows)), self.random.poisson(1.5 * max(1, len(self.digits)))):
            y, x = int(rows[at]), int(columns[at])
            inside = (slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1))
            ink[inside], owners[inside] = 0, 0


def _with_long_stem(ink: Bytes, longer: float) -> Bytes:
    """Return a digit, (height, width), whose stem goes so much farther down, in heights of the digit."""
    height, width = ink.shape
    top = round(STEM_TOP * height)
    length = height - top + round(longer * height)
    stem = cv2.resize(ink[top:], (width, length), interpolation=cv2.INTER_LINEAR)
    return np.concatenate([ink[:top], np.asarray(stem, np.uint8)])


def _with_pen(ink: Floats, pen: float) -> Floats:
    """Return a digit's ink, 0 to 1, with strokes of a width in pixels."""
    strokes = np.pad(ink >= 0.5, 4).astype(np.uint8)
    wider = float(np.clip((pen - stroke_width(strokes > 0)) / 2, -0.6, 3))
    # The signed distance of pixels from the strokes' edges.
    distance = cv2.distanceTransform(strokes, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - strokes, cv2.DIST_L2, 5)
    return np.clip(distance + wider + 0.5 - 0.5 * np.sign(distance), 0, 1).astype(np.float32)


def _middle_column(rows: Bytes) -> float:
    """Return the mean column of the strokes in some rows of a digit."""
    darkest = rows.max(axis=0)
    return float(np.flatnonzero(darkest > darkest.max() / 2).mean())
