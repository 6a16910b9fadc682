"""The style in which a writer writes a string of digits: size, pen, slant, spacing, letterforms, habits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lenet.synthesis.letterforms import Letterform, writer_letterform

PLAIN_FRACTION = 0.3
"""The fraction of strings that are digits side by side, all of one height, in black on white."""
DRAWING_FRACTION = 0.6
"""The fraction of the other strings in which half of the digits are drawn by letterforms."""


@dataclass(frozen=True)
class Style:
    """How a writer writes a string. Lengths are in heights of a digit, except those in pixels.

    Attributes
    ----------
    size, pen : float
        The height of a digit and the width of strokes, in pixels.
    slant, aspect, drift : float
        The slant, the width relative to the height, and the slope of the line.
    gap, gap_deviation : float
        Mean and standard deviation of the gap between digits.
    shrinking, zeros : float
        By what each digit is smaller than the one before, and a zero than other digits.
    chained : float
        How far zeros in a row overlap.
    flags, bars, joins, marks : float
        Probabilities of a one's flag, a seven's bar, a stroke that joins two digits, and marks.
    stems, printed : float
        Probabilities of a long stem of a 4, a 7 or a 9, and of a sign of a typeface.
    bold : float
        Below -0.7 strokes are thinned, above 1 thickened.
    one_pen : bool
        Whether all digits have strokes of the width `pen`.
    plain : bool
        Whether digits stand side by side, all of one height, in black on white.
    gaps, thresholded, stretched : bool
        Whether strokes have gaps, pixels are black or white, digits fill a square box.
    letterforms : tuple of Letterform or None
        For each digit the letterform by which it is drawn; None: samples are taken.
    """

    size: float
    pen: float
    slant: float
    aspect: float
    drift: float
    gap: float
    gap_deviation: float
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
    stems: float = 0.0
    printed: float = 0.0
    gaps: bool = False
    thresholded: bool = False
    stretched: bool = False
    letterforms: tuple[Letterform | None, ...] = (None,) * 10

    @property
    def variation(self) -> float:
        """How much digits of this style vary: 1, or 0 if it is plain."""
        return 0.0 if self.plain else 1.0


def random_style(random: np.random.Generator, plain: bool | None = None) -> Style:
    """Return the style of a random writer, `plain` or not; by default `PLAIN_FRACTION` of them are."""
    uniform, normal = random.uniform, random.normal
    if random.random() < PLAIN_FRACTION if plain is None else plain:
        size, gap = uniform(18, 28), (uniform(-0.15, 0.05), uniform(0, 0.5))[random.integers(2)]
        gap_deviation = uniform(0, 0.1)
        none: dict[str, Any] = dict.fromkeys(
            ("slant", "drift", "chained", "flags", "bars", "joins", "bold", "marks"), 0.0
        )
        same: dict[str, Any] = dict.fromkeys(("aspect", "shrinking", "zeros"), 1.0)
        spacing: dict[str, Any] = {"gap": gap, "gap_deviation": gap_deviation}
        return Style(
            size=size,
            pen=0.1 * size,
            **spacing,
            **none,
            **same,
            one_pen=False,
            plain=True,
            thresholded=random.random() < 0.2,
        )
    size = uniform(18, 34) if random.random() < 0.85 else uniform(34, 56)
    draws = random.random() < DRAWING_FRACTION
    return Style(
        size=size,
        pen=max(1.2, size * uniform(0.05, 0.14)),
        slant=normal(0, 0.22),
        aspect=math.exp(normal(0, 0.14)),
        drift=normal(0, 0.03),
        gap=(uniform(-0.14, 0.06), uniform(0, 0.5), uniform(-0.05, 0.2))[random.integers(3)],
        gap_deviation=uniform(0.02, 0.13),
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
        stems=float(random.choice([0.0, 0.0, 0.2, 1.0])),
        printed=float(random.choice([0.0, 0.5, 1.0])),
        gaps=random.random() < 0.08,
        thresholded=random.random() < 0.12,
        stretched=random.random() < 0.06,
        letterforms=tuple(
            writer_letterform(digit, random) if draws and random.random() < 0.5 else None for digit in range(10)
        ),
    )
