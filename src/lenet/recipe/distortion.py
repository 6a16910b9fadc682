"""Data augmentation as data: distortions of training images, which the engine applies anew in every epoch.

What is drawn for an image is a function of the seed, the epoch and the image's number, so it does not depend on threads
or on the other images of a minibatch. The 1998 paper (section III.A) shifts, scales, squeezes and shears. The elastic
distortion is that of Simard, Steinkraus and Platt 2003, with a smooth field between control points. The effects of pen,
paper and camera come last: parts cut off, ruled lines, faint ink, blur, noise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from lenet.recipe.tagged import Tagged
from lenet.spec.checks import require

MAX_RANGES = {
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
"""The largest range of each distortion."""


@dataclass(frozen=True)
class Distortion(Tagged):
    """Ranges of random distortions. Each amount is drawn uniformly between minus and plus the range; 0: not applied.

    The effects of pen, paper and camera, `cut` to `noise`, are applied to one image in two, each effect by itself
    (`lines` by its own probability); their amount is drawn uniformly between 0 and the range.

    Parameters
    ----------
    shift : float
        Pixels, down and to the right, each by itself.
    scale : float
        Fraction of the size: 0.1 for sizes from 90 % to 110 %.
    squeeze : float
        Fraction by which the height grows while the width shrinks.
    rotation : float
        Degrees.
    shear : float
        Pixels to the side for each pixel down: the slant of handwriting.
    elastic : float
        Standard deviation of the elastic displacement, in pixels.
    spacing : float
        Pixels between the control points of the elastic displacement, at least 2.
    thickness : float
        Pixels that a stroke gains or loses on each side, at most 1.
    cut : float
        Pixels along one of the four borders that become paper, in whole pixels.
    lines : float
        Probability of a ruled line, horizontal or vertical and a little rotated, one and a half to four pixels thick,
        with at least a fifth of the full ink level.
    faint : float
        Fraction of the ink level that is lost, at most 1.
    blur : float
        Standard deviation in pixels, at most 10.
    noise : float
        Largest change of a pixel, as a fraction of the full ink level, at most 1, in both directions.
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
        super().__post_init__()
        for field in fields(self):
            value = getattr(self, field.name)
            least, most = (2.0, 1000.0) if field.name == "spacing" else (0.0, MAX_RANGES[field.name])
            require(least <= value <= most, f"{field.name} is {value!r}; expected a number from {least:g} to {most:g}")


PLANAR = Distortion(shift=1.0, scale=0.1, squeeze=0.1, shear=0.15)
"""The distortions of the 1998 paper: no rotation, nothing elastic. The paper does not give their ranges."""

ALL_DISTORTIONS = Distortion(
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
"""All distortions at once, strong but legible: their cost is measured with it."""
