"""Distortions of training images as data; the engine applies them, a little differently to each image in every epoch.

What is drawn for an image is a function of the seed, the epoch and the image's number, so it does not depend on threads
or on the other images of a minibatch. The 1998 paper (section III.A) shifts, scales, squeezes and shears; bending is
that of Simard, Steinkraus and Platt 2003, its smooth field made from control points. What pen, paper and camera do
comes last: parts cut off, ruled lines, faint ink, blur, grain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

MOST = {
    "scale": 0.9,
    "squeeze": 0.9,
    "rotation": 180.0,
    "shear": 5.0,
    "elastic": 100.0,
    "shift": 1000.0,
    "thickness": 1.0,
    "cut": 1000.0,
    "lines": 1.0,
    "faint": 1.0,
    "blur": 10.0,
    "noise": 1.0,
}
"""The largest value of each kind."""


@dataclass(frozen=True)
class Distortion:
    """Ranges: each number is drawn evenly between minus and plus what stands here; 0: not at all.

    What pen, paper and camera do, from `cut` on, is not done to one image in two, each kind but `lines` by itself; to
    the others, evenly from 0 to what stands here.

    Parameters
    ----------
    shift : float
        Pixels, down and to the right, each by itself.
    scale : float
        Share of the size: 0.1 for sizes from 90 % to 110 %.
    squeeze : float
        Share by which the height gains what the width loses.
    rotation : float
        Degrees.
    shear : float
        Pixels to the side for each pixel down: the slant of handwriting.
    elastic : float
        Standard deviation of the bending, in pixels.
    spacing : float
        Pixels between the points that bend independently of one another, at least 2.
    thickness : float
        Pixels that the pen gains (or loses) on each side of a stroke, at most 1.
    cut : float
        Pixels along one of the four borders that are paper, in whole pixels.
    lines : float
        Chance of a ruled line, across or upright and a little askew, that reaches over one and a half to four pixels,
        of a fifth of the full level or more.
    faint : float
        Share of the ink's level that is lost, at most 1.
    blur : float
        Standard deviation in pixels, at most 10.
    noise : float
        Share of full ink by which each pixel is off, at most 1, either way.
    """

    shift: float = 0.0
    scale: float = 0.0
    squeeze: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    spacing: float = 7.0
    thickness: float = 0.0
    cut: float = 0.0
    lines: float = 0.0
    faint: float = 0.0
    blur: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least, most = (2.0, 1000.0) if field.name == "spacing" else (0.0, MOST[field.name])
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise ValueError(f"{field.name} is {value!r}; expected a number from {least:g} to {most:g}")

    def engine(self) -> dict[str, float]:
        """Return the ranges in the engine's units: radians for degrees."""
        values = {field.name: float(getattr(self, field.name)) for field in fields(self)}
        return values | {"rotation": math.radians(self.rotation)}


PLANAR = Distortion(shift=1.0, scale=0.1, squeeze=0.1, shear=0.15)
"""The kinds of the 1998 paper: no rotation, no bending. It does not give their ranges."""

EVERYTHING = Distortion(
    shift=2.0,
    scale=0.15,
    squeeze=0.1,
    rotation=10.0,
    shear=0.2,
    elastic=0.8,
    spacing=7.0,
    thickness=0.5,
    cut=10.0,
    lines=0.2,
    faint=0.6,
    blur=1.0,
    noise=0.3,
)
"""Every kind at once, strong but legible: what their cost is measured with."""
