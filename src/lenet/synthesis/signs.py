"""Signs and letters among digits, drawn stroke by stroke in the ways in which they are written and printed.

Each has several forms, in the notation of `lenet.synthesis.letterforms`: hundredths of a digit's height to the right
and down, 0 at a digit's top and 100 at its foot; a corner where a point is repeated. Letters that resemble digits have
names of their own, other letters have none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lenet.image.drawing import catmull_rom_curve, draw_stroke
from lenet.synthesis.letterforms import Letterform, letterform, varied

Floats = NDArray[np.float32]

ABOVE, BELOW, LEFT = 0.3, 0.5, 0.5
"""What a picture has above a digit's top, below its foot and to the left of a sign, in heights of a digit."""
SIGN_VARIATION = 0.025
"""Standard deviation of a sign's points, in heights of a digit."""

SIGNS: dict[str, tuple[Letterform, ...]] = {
    "+": (
        letterform("0 55, 50 55", "25 30, 25 80"),
        letterform("0 52, 64 50", "32 18, 30 86"),
        letterform("0 60, 40 58", "22 38, 18 80"),
    ),
    "−": (
        letterform("0 55, 45 55"),
        letterform("0 58, 70 52"),
        letterform("0 52, 28 53"),
        letterform("0 56, 24 50, 52 56"),
    ),
    "×": (
        letterform("0 32, 44 78", "44 32, 0 78"),
        letterform("0 40, 36 76", "34 40, 2 78"),
        letterform("0 20, 52 90", "54 22, 2 88"),
        letterform("0 36, 22 58, 46 72", "44 34, 20 58, 0 80"),
    ),
    "÷": (
        letterform("0 55, 50 55", "25 34, 26 34", "25 76, 26 76"),
        letterform("0 56, 60 52", "30 28, 31 29", "31 82, 32 82"),
        letterform("0 55, 44 55", "20 36, 24 36, 22 40, 20 36", "20 72, 24 72, 22 76, 20 72"),
    ),
    "=": (
        letterform("0 44, 50 44", "0 66, 50 66"),
        letterform("0 48, 44 44", "2 70, 46 65"),
        letterform("0 40, 66 40", "0 68, 66 68"),
        letterform("0 50, 34 49", "0 63, 36 62"),
    ),
    "(": (
        letterform("24 -8, 6 20, 0 50, 6 80, 24 110"),
        letterform("18 -4, 4 30, 2 66, 18 104"),
        letterform("34 -12, 10 14, 2 50, 10 86, 32 114"),
        letterform("14 0, 0 50, 0 50, 14 102"),
    ),
    ")": (
        letterform("0 -8, 18 20, 24 50, 18 80, 0 110"),
        letterform("0 -4, 14 30, 16 66, 0 104"),
        letterform("0 -12, 24 14, 32 50, 24 86, 2 114"),
        letterform("0 0, 14 50, 14 50, 0 102"),
    ),
    "/": (
        letterform("38 -4, 0 106"),
        letterform("54 -8, 0 112"),
        letterform("22 0, 0 104"),
        letterform("44 -10, 24 40, 0 116"),
    ),
    ":": (
        letterform("4 42, 5 42", "4 92, 5 92"),
        letterform("6 36, 7 38", "2 86, 3 88"),
        letterform("4 52, 8 52, 6 56, 4 52", "4 92, 8 92, 6 96, 4 92"),
    ),
    ".": (
        letterform("4 97, 5 97"),
        letterform("4 95, 8 95, 8 99, 4 99, 4 95"),
        letterform("4 94, 6 100"),
    ),
    ",": (
        letterform("8 90, 8 90, 0 116"),
        letterform("4 90, 10 92, 8 104, 0 114"),
        letterform("10 88, 4 110"),
        letterform("6 94, 8 94, 8 94, 2 112"),
    ),
    "%": (
        letterform(
            "14 4, 2 14, 4 36, 18 44, 28 30, 26 10, 14 4",
            "66 -4, 10 104",
            "62 56, 48 66, 50 90, 64 98, 76 84, 74 62, 62 56",
        ),
        letterform("12 8, 2 20, 12 32, 22 20, 12 8", "50 0, 4 100", "48 66, 38 78, 48 92, 58 78, 48 66"),
        letterform(
            "20 2, 4 8, 6 30, 22 30, 24 8, 20 2, 66 0, 66 0, 12 104", "62 62, 48 70, 52 94, 66 92, 70 70, 62 62"
        ),
    ),
    "$": (
        letterform("50 18, 26 6, 6 22, 14 42, 40 56, 48 78, 26 96, 0 84", "26 -10, 26 112"),
        letterform("52 14, 20 4, 8 30, 46 58, 40 92, 0 88", "34 -12, 20 114"),
        letterform("44 20, 24 8, 6 24, 24 46, 44 66, 28 92, 2 80", "20 -6, 20 106", "30 -6, 30 106"),
        letterform("48 16, 22 6, 4 26, 44 64, 30 96, 0 86", "26 -12, 26 4", "26 98, 26 114"),
    ),
    "€": (
        letterform("62 14, 36 0, 14 26, 12 70, 34 100, 62 88", "0 40, 50 40", "0 60, 46 60"),
        letterform("58 8, 28 6, 12 40, 20 86, 56 94", "-4 44, 42 40", "-2 62, 38 60"),
        letterform("66 22, 46 0, 20 10, 12 50, 24 94, 50 100, 68 80", "0 42, 56 42", "0 58, 52 58"),
    ),
    "£": (
        letterform("52 16, 36 0, 18 12, 20 50, 12 90, 0 98, 20 92, 58 98", "2 52, 42 52"),
        letterform("48 10, 26 4, 16 30, 22 70, 4 98, 4 98, 54 98", "0 50, 40 48"),
        letterform("50 22, 38 2, 22 16, 24 64, 0 98, 14 86, 34 98, 54 90", "4 54, 46 52"),
    ),
    "¥": (
        letterform("0 0, 28 48, 28 48, 28 100", "56 0, 28 48", "6 54, 50 54", "6 74, 50 74"),
        letterform("2 4, 26 44", "54 0, 26 46, 24 102", "2 56, 48 52", "4 74, 46 70"),
    ),
    "#": (
        letterform("22 8, 10 94", "46 8, 34 94", "0 36, 62 36", "-4 66, 58 66"),
        letterform("18 0, 14 100", "44 2, 38 98", "0 34, 60 30", "0 70, 58 66"),
        letterform("26 14, 8 88", "50 12, 32 90", "2 42, 62 38", "0 66, 56 62"),
    ),
}
"""The forms of each sign."""

LETTERS: dict[str, tuple[Letterform, ...]] = {
    "O": (
        letterform("36 0, 8 18, 0 55, 14 94, 42 98, 66 70, 64 24, 44 2, 36 0"),
        letterform("40 2, 10 12, 2 50, 12 92, 44 100, 70 60, 60 14, 36 2"),
    ),
    "o": (
        letterform("24 44, 6 52, 0 74, 10 96, 30 98, 44 80, 40 54, 24 44"),
        letterform("28 42, 4 60, 8 94, 34 96, 44 66, 28 42, 52 48"),
    ),
    "I": (
        letterform("10 0, 10 100"),
        letterform("0 0, 32 0", "16 0, 16 100", "0 100, 32 100"),
        letterform("0 2, 30 0", "18 0, 12 98", "-4 100, 28 98"),
    ),
    "l": (
        letterform("8 -8, 8 100"),
        letterform("6 -4, 6 80, 14 98, 24 92"),
        letterform("0 70, 22 20, 18 -8, 8 10, 8 84, 22 98, 34 82"),
    ),
    "S": (
        letterform("50 14, 26 0, 4 18, 18 42, 42 58, 46 82, 24 100, 0 86"),
        letterform("54 8, 22 0, 6 26, 44 60, 38 94, 2 92"),
    ),
    "s": (
        letterform("32 54, 14 46, 4 58, 28 76, 30 92, 14 100, 0 92"),
        letterform("0 96, 20 44, 22 64, 30 90, 8 98"),
    ),
    "B": (
        letterform("6 0, 6 100", "6 2, 38 6, 38 40, 10 46, 10 46, 50 58, 46 94, 6 98"),
        letterform("8 4, 4 98", "0 8, 34 0, 42 22, 12 46, 12 46, 52 66, 36 98, 0 96"),
    ),
    "b": (
        letterform("4 -6, 4 98", "4 62, 22 46, 42 62, 36 94, 6 94"),
        letterform("6 -8, 2 92, 24 98, 40 76, 26 52, 6 66"),
    ),
    "G": (
        letterform("58 14, 32 0, 6 26, 6 76, 32 100, 58 82, 58 56, 58 56, 36 56"),
        letterform("54 12, 24 4, 2 44, 14 92, 44 92, 54 58", "34 60, 62 56, 62 56, 58 104"),
    ),
    "g": (
        letterform("36 50, 16 44, 2 62, 10 84, 34 76, 38 48, 38 48, 36 110, 18 126, 0 116"),
        letterform("38 48, 10 48, 4 78, 26 86, 38 52, 38 52, 34 118, 4 130, 10 108, 46 92"),
    ),
    "q": (
        letterform("36 48, 12 46, 2 68, 14 92, 36 80, 38 46, 38 46, 38 130"),
        letterform("34 50, 8 50, 4 82, 28 88, 36 50, 36 50, 32 128, 48 116"),
    ),
    "Z": (
        letterform("2 4, 54 2, 54 2, 0 98, 0 98, 58 98"),
        letterform("0 8, 30 0, 52 6, 52 6, 2 96, 2 96, 56 94", "10 52, 44 48"),
    ),
    "z": (
        letterform("2 48, 36 46, 36 46, 0 96, 0 96, 40 96"),
        letterform("0 52, 20 44, 34 50, 4 94, 20 84, 40 98"),
    ),
    "A": (
        letterform("0 100, 28 0, 28 0, 56 100", "10 64, 48 64"),
        letterform("0 100, 24 4, 34 4, 60 100", "6 62, 52 58"),
        letterform("6 98, 4 40, 24 4, 46 30, 46 98", "6 58, 46 58"),
    ),
}
"""The forms of the letters that resemble digits: 0, 0, 1, 1, 5, 5, 8, 6, 6, 9, 9, 2, 2, 4."""

LABELS = (*SIGNS, *LETTERS)
"""The names of signs and letters, in the order of the classes of the network for segmentation candidates."""


def drawn_sign(label: str, size: float, pen: float, random: np.random.Generator) -> Floats:
    """Return the ink of a sign or a letter, 0 to 1; the picture ends `BELOW` of a height below the baseline.

    Parameters
    ----------
    label : str
        One of `LABELS`.
    size : float
        The height of a digit in pixels.
    pen : float
        The width of strokes in pixels.
    """
    forms = SIGNS[label] if label in SIGNS else LETTERS[label]
    form = varied(forms[int(random.integers(len(forms)))], SIGN_VARIATION, random)
    wide, slant = np.exp(random.normal(0, 0.15)), random.normal(0, 0.1)
    picture = np.zeros((round((ABOVE + 1 + BELOW) * size), int(2.1 * size) + 6), np.uint8)
    for stroke in form:
        points = catmull_rom_curve(stroke) if len(stroke) > 2 else stroke
        x = points[:, 0] * wide + slant * (1 - points[:, 1])
        place = np.stack([3 + (x + LEFT) * size, (points[:, 1] + ABOVE) * size], axis=1)
        draw_stroke(picture, place, pen)
    return picture.astype(np.float32) / np.float32(255)
