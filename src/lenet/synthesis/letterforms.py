"""Glyph variants of the digits, drawn stroke by stroke: letterforms that MNIST's writers hardly use.

In other countries a one has an upstroke as long as its stem, a seven a bar and a serif, a four is open like an h, a
five may be a hook with its bar beside it, and a nine has the form of a g. A letterform is a few strokes; a stroke is a
smooth curve through points, in heights of the digit to the right and down, with a corner where a point is repeated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lenet.image.drawing import catmull_rom_curve, draw_stroke
from lenet.image.measure import crop_to_ink
from lenet.image.normalise import BOX_PX, SIZE_PX, scaled_onto

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Letterform = tuple[Floats, ...]

HEIGHT_PX = 40
"""The height of a drawn digit, about."""
WRITER_VARIATION, INSTANCE_VARIATION = 0.04, 0.02
"""Standard deviations of a letterform's points, in heights of the digit: between writers, and between two digits of one
writer."""

PENS_PX = 2.0, 7.0
"""The range of pens' widths."""
WIDTH_VARIATION = 0.12
"""Standard deviation of the logarithm of a writer's width of digits."""


def letterform(*strokes: str) -> Letterform:
    """Return a letterform from its strokes' points, as in ``"0 50, 20 0"``: hundredths of a height."""
    return tuple(np.array([point.split() for point in stroke.split(",")], np.float64) / 100 for stroke in strokes)


LETTERFORMS: tuple[tuple[Letterform, ...], ...] = (
    (  # 0: round; with a loop or a tail on its top; narrow; through
        letterform("45 4, 20 2, 2 40, 8 85, 30 100, 54 75, 56 30, 40 2, 25 8"),
        letterform("40 0, 12 12, 0 55, 15 96, 42 92, 56 50, 44 8, 30 10, 45 18, 75 6"),
        letterform("30 2, 8 20, 0 60, 10 98, 28 90, 40 50, 36 10, 20 0"),
        letterform("40 2, 10 15, 0 55, 15 95, 40 95, 58 55, 50 15, 34 2", "60 -5, 60 -5, 0 105"),
    ),
    (  # 1: an upstroke as long as the stem, or shorter and shorter; round on top; hooked; with a foot; a bent pole
        letterform("0 80, 42 0, 42 0, 40 100"),
        letterform("0 95, 50 0, 50 0, 42 100"),
        letterform("0 60, 18 20, 32 0, 42 8, 44 40, 40 100"),
        letterform("2 35, 28 0, 28 0, 28 100"),
        letterform("0 26, 30 0, 30 0, 28 100"),
        letterform("0 20, 20 0, 20 0, 20 100"),
        letterform("0 14, 14 8, 24 0, 24 0, 24 100"),
        letterform("0 30, 40 0, 40 0, 22 100"),
        letterform("0 45, 34 0, 34 0, 32 100", "8 100, 60 98"),
        letterform("0 22, 20 12, 28 0, 28 0, 26 100", "0 101, 52 99"),
        letterform("6 12, 16 0, 20 30, 12 80, 22 100"),
    ),
    (  # 2: like a z; with a loop at its foot; a swan; flat on its foot; a round hand's, with a curl or a ring on
        # top; in one stroke, angular on top only
        letterform("0 14, 25 0, 52 8, 52 8, 0 98, 0 98, 62 96"),
        letterform("2 22, 22 0, 50 14, 40 55, 12 94, 0 84, 14 76, 38 98, 70 92"),
        letterform("4 30, 10 6, 34 0, 52 20, 34 62, 0 100, 0 100, 30 92, 64 102"),
        letterform("8 18, 30 0, 50 20, 30 60, 0 98, 0 98, 66 98"),
        letterform("14 24, 4 14, 16 2, 42 4, 48 28, 20 70, 0 98, 0 98, 26 88, 50 98, 68 84"),
        letterform("30 42, 10 38, 2 18, 22 0, 48 8, 50 34, 28 70, 4 96, 4 96, 24 86, 44 98, 62 90"),
        letterform("18 40, 6 26, 14 4, 36 0, 52 18, 44 48, 14 90, 0 94, 10 84, 40 98, 60 96"),
        letterform("4 8, 50 4, 50 4, 6 80, 18 100, 60 86"),
    ),
    (  # 3: flat on top; round; with a loop in its middle; with a long tail
        letterform("4 2, 54 0, 54 0, 24 38, 24 38, 52 56, 48 90, 20 100, 0 92"),
        letterform("2 12, 28 0, 46 18, 20 44, 20 44, 50 60, 40 96, 0 92"),
        letterform("4 10, 30 0, 48 16, 28 44, 16 48, 26 42, 52 62, 40 98, 0 94"),
        letterform("6 6, 40 0, 40 18, 18 36, 18 36, 50 52, 44 90, 4 118"),
    ),
    (  # 4: open like an h; with its stem apart; closed; in one stroke; a short stem far to the right; a long
        # stem; like a y
        letterform("6 0, 0 62, 0 62, 26 46, 46 54, 44 100"),
        letterform("14 0, 4 66, 4 66, 30 44, 46 52, 40 104"),
        letterform("18 0, 0 58, 0 58, 62 54", "50 22, 44 104"),
        letterform("40 0, 0 64, 0 64, 68 62", "46 34, 44 100"),
        letterform("44 100, 48 0, 48 0, 0 64, 0 64, 70 64"),
        letterform("30 0, 0 60, 0 60, 58 50", "70 -8, 34 108"),
        letterform("2 4, 0 44, 20 52, 44 46", "48 0, 44 100"),
        letterform("18 0, 0 58, 0 58, 62 54", "50 24, 36 150"),
        letterform("0 6, 4 40, 24 48, 44 30, 48 0, 48 0, 40 60, 30 104"),
        letterform("10 0, 0 44, 16 54, 38 40, 46 8, 44 50, 30 112"),
    ),
    (  # 5: a hook with its bar beside it, far away or on it; like an s; with its bar apart
        letterform("0 66, 6 84, 16 98, 22 80, 34 12", "40 6, 84 0"),
        letterform("0 62, 14 100, 14 100, 38 10, 38 10, 90 2"),
        letterform("0 72, 8 90, 18 100, 26 70, 34 22", "46 14, 78 -12"),
        letterform("0 84, 14 100, 28 84, 28 40, 30 6, 30 6, 74 4"),
        letterform("60 2, 20 0, 12 36, 46 58, 42 92, 16 100, 0 92"),
        letterform("12 4, 8 44, 8 44, 36 40, 52 66, 36 98, 0 94", "12 4, 58 0"),
        letterform("16 8, 8 46, 8 46, 40 50, 46 82, 20 102, 0 92", "28 -2, 66 -6"),
    ),
    (  # 6: with a straight stem; curled; a small loop low down; a round hand's; with a long straight stem
        letterform("36 0, 8 50, 4 84, 24 100, 48 82, 36 58, 8 72"),
        letterform("50 6, 30 0, 6 40, 4 86, 30 100, 52 78, 36 54, 10 66"),
        letterform("20 0, 4 50, 6 92, 26 100, 40 80, 26 64, 8 80"),
        letterform("56 14, 40 0, 14 16, 0 58, 8 94, 32 100, 50 76, 34 52, 6 70"),
        letterform("44 -20, 14 40, 2 76, 16 100, 40 92, 38 66, 14 66, 4 84"),
    ),
    (  # 7: barred; barred with a serif; barred and bent; with a serif; a wave on top; like a hook; with long stems
        letterform("0 4, 54 0, 54 0, 20 100", "6 52, 58 46"),
        letterform("2 20, 2 2, 2 2, 56 4, 56 4, 22 100", "8 54, 56 48"),
        letterform("0 10, 14 2, 30 8, 52 0, 40 40, 26 100", "8 50, 60 50"),
        letterform("0 22, 4 2, 4 2, 56 2, 56 2, 28 50, 20 100"),
        letterform("0 14, 10 2, 32 8, 56 0, 56 0, 22 100"),
        letterform("0 6, 40 0, 48 10, 44 50, 40 100", "16 54, 72 50"),
        letterform("0 24, 4 4, 4 4, 54 0, 54 0, 30 50, 6 155"),
        letterform("0 6, 14 0, 32 6, 56 0, 56 0, 18 140", "12 56, 54 50"),
        letterform("2 26, 0 0, 0 0, 50 2, 50 2, 24 60, 22 100"),
    ),
    (  # 8: two rings; in one stroke; open on top; with a small head
        letterform("26 44, 6 30, 14 2, 38 2, 46 28, 26 44", "26 46, 2 66, 10 98, 42 98, 50 66, 28 46"),
        letterform("46 12, 24 0, 8 20, 42 66, 36 98, 8 94, 8 66, 44 28, 44 10"),
        letterform("54 0, 28 4, 10 24, 40 64, 34 98, 6 94, 8 70, 60 4"),
        letterform("30 38, 14 24, 20 4, 36 4, 40 22, 28 38, 2 66, 14 100, 46 92, 48 58, 26 38"),
    ),
    (  # 9: like a g; with a straight stem; curled; open like a q; with long stems; a ring with its stem below
        letterform("46 12, 22 0, 0 24, 16 48, 46 16, 46 16, 44 84, 24 102, 2 90"),
        letterform("44 14, 20 0, 2 26, 18 48, 44 18, 44 18, 42 100"),
        letterform("42 30, 26 2, 4 14, 8 44, 36 40, 44 10, 40 70, 20 104"),
        letterform("48 6, 20 2, 2 28, 20 46, 46 20, 52 0, 52 0, 30 106"),
        letterform("44 14, 20 0, 2 26, 18 48, 44 18, 44 18, 34 150"),
        letterform("46 12, 22 0, 0 24, 16 48, 46 16, 46 16, 40 126, 14 150, -8 136"),
        letterform("26 44, 4 34, 4 10, 30 0, 52 14, 48 36, 26 44, 22 44, 36 70, 28 102"),
        letterform("30 44, 4 40, 2 14, 26 0, 50 10, 48 32, 30 42, 20 46, 40 62, 40 92, 14 102"),
        letterform("10 38, 2 20, 20 2, 44 6, 46 30, 24 44, 8 36, 30 50, 40 74, 26 102, 6 96"),
    ),
)
"""The letterforms of each digit."""


def drawn_digits(count: int, height: int, width: int, seed: int) -> tuple[Bytes, NDArray[np.uint8]]:
    """Return drawn digits normalised as MNIST's, (count, height, width), each of another writer and pen; and labels.

    The same seed gives the same digits.
    """
    random = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 1949]))
    labels = random.integers(10, size=count).astype(np.uint8)
    pictures = np.zeros((count, height, width), np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        ink = crop_to_ink(drawn_digit(writer_letterform(int(label), random), random.uniform(*PENS_PX), random))
        picture[:] = scaled_onto(ink, (min(height, width) * BOX_PX // SIZE_PX) / max(ink.shape), height, width)
    return pictures, labels


def writer_letterform(digit: int, random: np.random.Generator) -> Letterform:
    """Return the letterform of a digit that a random writer has."""
    forms = LETTERFORMS[digit]
    width = np.array([np.exp(random.normal(0, WIDTH_VARIATION)), 1.0])
    form = forms[int(random.integers(len(forms)))]
    return tuple(stroke * width for stroke in varied(form, WRITER_VARIATION, random))


def drawn_digit(form: Letterform, pen_px: float, random: np.random.Generator) -> Bytes:
    """Return the ink of a letterform, uint8 (height, width), drawn once more with a pen of that width."""
    strokes = [catmull_rom_curve(stroke) * HEIGHT_PX for stroke in varied(form, INSTANCE_VARIATION, random)]
    edge = pen_px / 2 + 3  # strokes have soft edges, too
    low = np.concatenate(strokes).min(axis=0) - edge
    size = np.ceil(np.concatenate(strokes).max(axis=0) + edge - low).astype(int)
    picture = np.zeros((size[1], size[0]), np.uint8)
    for stroke in strokes:
        draw_stroke(picture, stroke - low, pen_px)
    return picture


def varied(form: Letterform, deviation: float, random: np.random.Generator) -> Letterform:
    """Return a letterform with its points moved by a standard deviation; a corner stays a corner."""
    strokes = []
    for stroke in form:
        moves = random.normal(0, deviation, stroke.shape)
        corners = np.flatnonzero((stroke[1:] == stroke[:-1]).all(axis=1))
        moves[corners + 1] = moves[corners]
        strokes.append(stroke + moves)
    return tuple(strokes)
