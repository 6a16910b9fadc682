"""Digits as other hands write them, drawn stroke by stroke: forms that MNIST's writers hardly use.

In other countries a one has an upstroke as long as its stem, a seven a bar and a serif, a four is open like an h, a
five may be a hook with its bar beside it, and a nine looks like a g. A form is a few strokes; a stroke is a smooth
curve through points, in heights of the digit to the right and down, with a corner where a point is said twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lenet.data.centre import BOX, SIZE, fitted, without_paper
from lenet.marks import draw

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Form = tuple[Floats, ...]

HEIGHT = 40
"""The height of a drawn digit in pixels, more or less."""
OWN, STEADY = 0.04, 0.02
"""How far the points of somebody's form are from those in the table, and each time again, in heights of the digit."""

PENS = 2.0, 7.0
"""How wide pens are, from and to, in pixels of drawn digits."""
WIDTHS = 0.12
"""How much wider or narrower somebody's form is: the deviation of the width's logarithm."""


def _form(*strokes: str) -> Form:
    """Return a form from its strokes' points, as in ``"0 50, 20 0"``: hundredths of a height."""
    return tuple(np.array([point.split() for point in stroke.split(",")], np.float64) / 100 for stroke in strokes)


FORMS: tuple[tuple[Form, ...], ...] = (
    (  # 0: round; with a loop or a tail on its top; narrow; through
        _form("45 4, 20 2, 2 40, 8 85, 30 100, 54 75, 56 30, 40 2, 25 8"),
        _form("40 0, 12 12, 0 55, 15 96, 42 92, 56 50, 44 8, 30 10, 45 18, 75 6"),
        _form("30 2, 8 20, 0 60, 10 98, 28 90, 40 50, 36 10, 20 0"),
        _form("40 2, 10 15, 0 55, 15 95, 40 95, 58 55, 50 15, 34 2", "60 -5, 60 -5, 0 105"),
    ),
    (  # 1: an upstroke as long as the stem, or shorter and shorter; round on top; hooked; with a foot; a bent pole
        _form("0 80, 42 0, 42 0, 40 100"),
        _form("0 95, 50 0, 50 0, 42 100"),
        _form("0 60, 18 20, 32 0, 42 8, 44 40, 40 100"),
        _form("2 35, 28 0, 28 0, 28 100"),
        _form("0 26, 30 0, 30 0, 28 100"),
        _form("0 20, 20 0, 20 0, 20 100"),
        _form("0 14, 14 8, 24 0, 24 0, 24 100"),
        _form("0 30, 40 0, 40 0, 22 100"),
        _form("0 45, 34 0, 34 0, 32 100", "8 100, 60 98"),
        _form("0 22, 20 12, 28 0, 28 0, 26 100", "0 101, 52 99"),
        _form("6 12, 16 0, 20 30, 12 80, 22 100"),
    ),
    (  # 2: like a z; with a loop at its foot; a swan; flat on its foot
        _form("0 14, 25 0, 52 8, 52 8, 0 98, 0 98, 62 96"),
        _form("2 22, 22 0, 50 14, 40 55, 12 94, 0 84, 14 76, 38 98, 70 92"),
        _form("4 30, 10 6, 34 0, 52 20, 34 62, 0 100, 0 100, 30 92, 64 102"),
        _form("8 18, 30 0, 50 20, 30 60, 0 98, 0 98, 66 98"),
    ),
    (  # 3: flat on top; round; with a loop in its middle; with a long tail
        _form("4 2, 54 0, 54 0, 24 38, 24 38, 52 56, 48 90, 20 100, 0 92"),
        _form("2 12, 28 0, 46 18, 20 44, 20 44, 50 60, 40 96, 0 92"),
        _form("4 10, 30 0, 48 16, 28 44, 16 48, 26 42, 52 62, 40 98, 0 94"),
        _form("6 6, 40 0, 40 18, 18 36, 18 36, 50 52, 44 90, 4 118"),
    ),
    (  # 4: open like an h; with its stem apart; closed; in one stroke; with a short stem far to the right
        _form("6 0, 0 62, 0 62, 26 46, 46 54, 44 100"),
        _form("14 0, 4 66, 4 66, 30 44, 46 52, 40 104"),
        _form("18 0, 0 58, 0 58, 62 54", "50 22, 44 104"),
        _form("40 0, 0 64, 0 64, 68 62", "46 34, 44 100"),
        _form("44 100, 48 0, 48 0, 0 64, 0 64, 70 64"),
        _form("30 0, 0 60, 0 60, 58 50", "70 -8, 34 108"),
        _form("2 4, 0 44, 20 52, 44 46", "48 0, 44 100"),
    ),
    (  # 5: a hook with its bar beside it, far from it or on it; like an s; with its bar apart
        _form("0 66, 6 84, 16 98, 22 80, 34 12", "40 6, 84 0"),
        _form("0 62, 14 100, 14 100, 38 10, 38 10, 90 2"),
        _form("0 72, 8 90, 18 100, 26 70, 34 22", "46 14, 78 -12"),
        _form("0 84, 14 100, 28 84, 28 40, 30 6, 30 6, 74 4"),
        _form("60 2, 20 0, 12 36, 46 58, 42 92, 16 100, 0 92"),
        _form("12 4, 8 44, 8 44, 36 40, 52 66, 36 98, 0 94", "12 4, 58 0"),
        _form("16 8, 8 46, 8 46, 40 50, 46 82, 20 102, 0 92", "28 -2, 66 -6"),
    ),
    (  # 6: with a straight stem; curled; a small loop low down
        _form("36 0, 8 50, 4 84, 24 100, 48 82, 36 58, 8 72"),
        _form("50 6, 30 0, 6 40, 4 86, 30 100, 52 78, 36 54, 10 66"),
        _form("20 0, 4 50, 6 92, 26 100, 40 80, 26 64, 8 80"),
    ),
    (  # 7: barred; barred with a serif; barred and bent; with a serif; a wave on top; like a lying hook
        _form("0 4, 54 0, 54 0, 20 100", "6 52, 58 46"),
        _form("2 20, 2 2, 2 2, 56 4, 56 4, 22 100", "8 54, 56 48"),
        _form("0 10, 14 2, 30 8, 52 0, 40 40, 26 100", "8 50, 60 50"),
        _form("0 22, 4 2, 4 2, 56 2, 56 2, 28 50, 20 100"),
        _form("0 14, 10 2, 32 8, 56 0, 56 0, 22 100"),
        _form("0 6, 40 0, 48 10, 44 50, 40 100", "16 54, 72 50"),
    ),
    (  # 8: two rings; in one stroke; open on top; with a small head
        _form("26 44, 6 30, 14 2, 38 2, 46 28, 26 44", "26 46, 2 66, 10 98, 42 98, 50 66, 28 46"),
        _form("46 12, 24 0, 8 20, 42 66, 36 98, 8 94, 8 66, 44 28, 44 10"),
        _form("54 0, 28 4, 10 24, 40 64, 34 98, 6 94, 8 70, 60 4"),
        _form("30 38, 14 24, 20 4, 36 4, 40 22, 28 38, 2 66, 14 100, 46 92, 48 58, 26 38"),
    ),
    (  # 9: like a g; with a straight stem; curled; open like a q
        _form("46 12, 22 0, 0 24, 16 48, 46 16, 46 16, 44 84, 24 102, 2 90"),
        _form("44 14, 20 0, 2 26, 18 48, 44 18, 44 18, 42 100"),
        _form("42 30, 26 2, 4 14, 8 44, 36 40, 44 10, 40 70, 20 104"),
        _form("48 6, 20 2, 2 28, 20 46, 46 20, 52 0, 52 0, 30 106"),
    ),
)
"""For each digit some forms."""


def digits(count: int, height: int, width: int, seed: int) -> tuple[Bytes, NDArray[np.uint8]]:
    """Return digits as MNIST has them, each of a hand and pen of its own, (count, height, width), and what they are.

    The same seed gives the same digits.
    """
    random = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 1949]))
    labels = random.integers(10, size=count).astype(np.uint8)
    pictures = np.zeros((count, height, width), np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        ink = without_paper(written(own_form(int(label), random), random.uniform(*PENS), random))
        picture[:] = fitted(ink, (min(height, width) * BOX // SIZE) / max(ink.shape), height, width)
    return pictures, labels


def own_form(digit: int, random: np.random.Generator) -> Form:
    """Return the form that somebody gives a digit."""
    forms = FORMS[digit]
    wide = np.array([np.exp(random.normal(0, WIDTHS)), 1.0])
    return tuple(stroke * wide for stroke in varied(forms[int(random.integers(len(forms)))], OWN, random))


def written(form: Form, pen: float, random: np.random.Generator) -> Bytes:
    """Return the ink of a form, uint8 (height, width), written once more with a pen so many pixels wide."""
    strokes = [_curve(stroke) * HEIGHT for stroke in varied(form, STEADY, random)]
    edge = pen / 2 + 3  # strokes have soft edges besides
    low = np.concatenate(strokes).min(axis=0) - edge
    size = np.ceil(np.concatenate(strokes).max(axis=0) + edge - low).astype(int)
    picture = np.zeros((size[1], size[0]), np.uint8)
    for stroke in strokes:
        draw(picture, stroke - low, pen)
    return picture


def varied(form: Form, most: float, random: np.random.Generator) -> Form:
    """Return a form with its points moved; a corner stays one."""
    found = []
    for stroke in form:
        aside = random.normal(0, most, stroke.shape)
        twice = np.flatnonzero((stroke[1:] == stroke[:-1]).all(axis=1))
        aside[twice + 1] = aside[twice]
        found.append(stroke + aside)
    return tuple(found)


def _curve(points: Floats, steps: int = 8) -> Floats:
    """Return a smooth curve through points (Catmull and Rom's): on the way through one it heads for the next."""
    before, start, end, after = (np.pad(points, ((1, 1), (0, 0)), "edge")[k : k + len(points) - 1] for k in range(4))
    t = np.linspace(0, 1, steps)[:, None, None]
    pull, push = (end - before) / 2, (after - start) / 2
    path = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * pull
    path = path + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * push
    return np.asarray(path.transpose(1, 0, 2).reshape(-1, 2))
