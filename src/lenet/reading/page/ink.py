"""Ink separated from paper in grey levels: what is darker, or lighter, than the paper around it, in any light.

The paper's level is estimated everywhere by a morphological closing over what is narrower than a few strokes. The
difference from it is ink, in levels from 0, paper, to 255, the core of the strokes. Grain and patterns of the paper are
removed where they are fainter than the strokes; where they are as dark, the picture is smoothed first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import STROKE_LEVEL, Box, border_pixels, grey_quantiles, stroke_width
from lenet.reading.page.desk import without_desk

MIN_CONTRAST = 24
"""Ink differs from the paper by at least this many grey levels, of 255."""
MAX_PIXELS = 4_000_000
"""Pictures of more pixels are shrunk first: no digit needs them."""
MIN_CLOSING_PX = 16
"""The least size of the closing, where the picture is large enough."""
COARSE_PX, FINE_PX = 160, 1000
"""Sizes at which the paper is estimated: the shorter side first, the longer side where strokes are thin."""
EVEN_FRACTION = 0.98
"""The fraction of a border's pixels that have about the same level if it is nothing but paper."""
MAX_INK_FRACTION = 0.6
"""No more of a picture is ink: a border that differs from more of it is a desk on which the paper lies."""
MAX_SHADOW = 4.0
"""Paper in a shadow is darker than in the light by at most this factor."""
NEIGHBOURHOODS = (4, 8)
"""Levels are compared with their mean within the shorter side divided by these numbers; digits fill a small picture."""
MAX_SPECK_FRACTION, SPECK_PX, MAX_SMOOTHINGS = 0.15, 4, 3
"""A picture is smoothed, at most so often, if more than this fraction of its ink is specks, components of so few
pixels."""
MIN_SMOOTH_PEN, MIN_SHARPNESS = 5.0, 0.75
"""Strokes of at least so many pixels whose edges are less steep than this (see `_sharpness`) are light and shadow."""
OUTLIER_PIXELS = 40
"""So many pixels, or a two-thousandth of the picture if that is less, may be darker than any ink."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Affine = tuple[float, float, float, float, float, float]
"""A map of places (x, y): see `Ink.to_picture`."""


@dataclass(frozen=True)
class Ink:
    """A picture's ink.

    Attributes
    ----------
    image : uint8 (height, width)
        0 = paper, 255 = the core of the strokes.
    pen : float
        The width of strokes in pixels of `image`; 0 if there is no ink.
    to_picture : six floats
        Where a place (x, y) of `image` is in the picture: (a x + b y + c, d x + e y + f). Large pictures are shrunk,
        and ink may be turned.
    """

    image: Bytes
    pen: float = 0.0
    to_picture: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

    def box_in_picture(self, box: Box) -> Box:
        """Return the box in the picture around a box of `image`, each left, top, width and height."""
        left, top, width, height = box
        a, b, c, d, e, f = self.to_picture
        corners = [(x, y) for x in (left, left + width) for y in (top, top + height)]
        across = [a * x + b * y + c for x, y in corners]
        down = [d * x + e * y + f for x, y in corners]
        x, y = round(min(across)), round(min(down))
        return (x, y, round(max(across)) - x, round(max(down)) - y)

    def part(self, image: Bytes, left: int, top: int) -> Ink:
        """Return ink that has its corner at a place of this one."""
        return replace(self, image=image, to_picture=composed(self.to_picture, (1.0, 0.0, left, 0.0, 1.0, top)))


def composed(after: Affine, first: Affine) -> Affine:
    """Return the map that does one map of places first and another one after it."""
    a, b, c, d, e, f = after
    k, m, n, p, q, r = first
    return (a * k + b * p, a * m + b * q, a * n + b * r + c, d * k + e * p, d * m + e * q, d * n + e * r + f)


def without_components(image: Bytes, labels: NDArray[np.int32], removed: NDArray[np.bool_]) -> Bytes:
    """Return ink without some of its connected components and their soft edges; edges of the others stay.

    Parameters
    ----------
    image : uint8 (height, width)
    labels : int32 (height, width)
        Each pixel's component, as `lenet.image.measure.components` counts them.
    removed : bool (components + 1,)
        Which go; false for paper.
    """
    gone = removed[labels]
    near = cv2.dilate(gone.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.where(near & ~((labels > 0) & ~gone), 0, image).astype(np.uint8)


def ink_of(grey: Bytes, *, inverted: bool = False) -> Ink:
    """Return the ink of a picture, grey levels uint8 (height, width), 0 = black.

    Ink may be darker or lighter than its paper; `inverted`, it is what seems to be paper. An even frame around the
    picture is left out.
    """
    shrink = max(1, math.ceil(math.sqrt(grey.size / MAX_PIXELS)))
    if shrink > 1:
        size = (max(1, grey.shape[1] // shrink), max(1, grey.shape[0] // shrink))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    grey = without_desk(grey)
    frame = _frame(grey)
    inner = _dark_on_light(grey[frame : grey.shape[0] - frame, frame : grey.shape[1] - frame])
    inner = 255 - inner if inverted else inner
    levels, pen = _ink_in(inner)
    for _ in range(MAX_SMOOTHINGS):
        if _specks(levels) <= MAX_SPECK_FRACTION:
            break
        inner = np.asarray(cv2.GaussianBlur(inner, (0, 0), 1.0), np.uint8)
        levels, pen = _ink_in(inner)
    if pen >= MIN_SMOOTH_PEN and _sharpness(levels, pen) < MIN_SHARPNESS:
        levels, pen = np.zeros_like(levels), 0.0  # light that changes evenly, and no ink
    return Ink(np.pad(levels, frame), pen, (float(shrink), 0.0, 0.0, 0.0, float(shrink), 0.0))


def may_be_inverted(grey: Bytes) -> bool:
    """Return whether ink may as well be what seems to be paper: the border is not even, so that it does not tell."""
    return not _is_even(border_pixels(grey, 0))


def _is_even(border: Bytes) -> bool:
    """Return whether a border is nothing but paper."""
    levels = border.astype(np.int16)
    return bool((np.abs(levels - int(np.median(levels))) <= MIN_CONTRAST).mean() >= EVEN_FRACTION)


def _sharpness(levels: Bytes, pen: float) -> float:
    """Return how steep the edges of ink are: how much of the ink's level they rise over the width of a stroke."""
    strokes = (levels >= STROKE_LEVEL).astype(np.uint8)
    edges = (strokes > 0) & (cv2.erode(strokes, np.ones((3, 3), np.uint8)) == 0)
    steps = levels.astype(np.float32)
    steepness = np.hypot(cv2.Sobel(steps, cv2.CV_32F, 1, 0), cv2.Sobel(steps, cv2.CV_32F, 0, 1)) / 8
    return float(np.median(steepness[edges])) * pen / 255 if edges.any() else 0.0


def _dark_on_light(grey: Bytes) -> Bytes:
    """Return the picture with its ink darker than its paper.

    If the border is even, it is paper, and the ink is the darker or the lighter pixels, whichever differ more from it
    in sum. Otherwise ink is rare: the distribution of levels, less their local mean, is skewed to its side. The size of
    the neighbourhood depends on that of the digits: the one with the largest skewness is taken.
    """
    border = border_pixels(grey, 0).astype(np.int16)
    paper = int(np.median(border))
    from_paper = grey.astype(np.int16) - paper
    if _is_even(border_pixels(grey, 0)) and (np.abs(from_paper) > MIN_CONTRAST).mean() < MAX_INK_FRACTION:
        darker = np.maximum(-from_paper - MIN_CONTRAST, 0).sum(dtype=np.int64)
        light = bool(np.maximum(from_paper - MIN_CONTRAST, 0).sum(dtype=np.int64) > darker)
    else:
        scale = min(1.0, 3 * COARSE_PX / min(grey.shape))
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        parts = NEIGHBOURHOODS if min(size) >= COARSE_PX else NEIGHBOURHOODS[:1]
        skewness = [_skewness(small - cv2.blur(small, 2 * (2 * (min(size) // part) + 1,))) for part in parts]
        light = max(skewness, key=abs) > 0
    return 255 - grey if light else grey


def _skewness(levels: Floats) -> float:
    centred = levels - levels.mean()
    return float((centred**3).mean() / max(float((centred**2).mean()), 1.0) ** 1.5)


def _ink_in(grey: Bytes) -> tuple[Bytes, float]:
    """Return the levels of a picture's ink, which is darker than its paper, and the width of its strokes."""
    levels, pen = _levels(grey, COARSE_PX / min(grey.shape), 0.3 * COARSE_PX)
    # Strokes are thin against the picture: the light may change over less than a third of it.
    if 0 < pen < min(grey.shape) / 30:
        scale = min(1.0, FINE_PX / max(grey.shape))
        levels, pen = _levels(grey, scale, float(np.clip(8 * pen * scale, 15, 0.3 * COARSE_PX)))
    return levels, pen


def _specks(levels: Bytes) -> float:
    """Return the fraction of ink that is specks: grain as dark as strokes."""
    *_, measures, _ = cv2.connectedComponentsWithStats((levels >= STROKE_LEVEL).astype(np.uint8))
    areas = measures[1:, cv2.CC_STAT_AREA]
    return float(areas[areas <= SPECK_PX].sum() / max(1, areas.sum()))


def _levels(grey: Bytes, scale: float, reach: float) -> tuple[Bytes, float]:
    """Return the ink's levels and the width of its strokes.

    The paper is estimated in the picture scaled by `scale`, by a closing over what is narrower than `reach` pixels.
    """
    paper = _paper(grey, min(1.0, scale), reach)
    # In proportion, ink is as much darker than its paper in a shadow as in the light.
    (lit,) = grey_quantiles(paper.astype(np.uint8), 0.95)
    contrast = np.maximum(paper - grey, 0) * (lit / np.maximum(paper, max(1.0, lit / MAX_SHADOW)))
    ink = np.rint(contrast).astype(np.uint8)
    outliers = max(1, min(ink.size // 2000, OUTLIER_PIXELS))
    stronger = np.cumsum(np.bincount(ink.ravel(), minlength=256)[::-1])[::-1]
    strongest = int(np.flatnonzero(stronger >= outliers)[-1])
    strong = max(*grey_quantiles(ink, 0.995), strongest / 2)
    if strongest < MIN_CONTRAST:
        return np.zeros(grey.shape, np.uint8), 0.0
    # The full level is that of the ink's core, so that single pixels do not set it.
    (core,) = grey_quantiles(ink[ink >= strong / 2], 0.7)
    away = cv2.dilate((ink > core / 2).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    # What uneven light, patterns and grain leave on the paper, away from the strokes, is not ink.
    floor = min(*grey_quantiles(ink[away], 0.8), core / 2.5) if away.any() else 0.0
    levels = np.clip((np.arange(256) - floor) * (255 / (core - floor)), 0, 255).astype(np.uint8)[ink]
    return levels, stroke_width(levels >= STROKE_LEVEL)


def _paper(grey: Bytes, scale: float, reach: float) -> Floats:
    """Return the paper's level everywhere, by a closing over `reach` pixels of the picture scaled by `scale`."""
    height, width = grey.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey, np.uint8)
    min_window = min(MIN_CLOSING_PX, round(0.6 * min(size)))
    window = max(3, min_window, min(int(reach), round(0.3 * min(size)))) | 1
    around = cv2.copyMakeBorder(small, window, window, window, window, cv2.BORDER_REFLECT)
    smooth = cv2.GaussianBlur(around, (0, 0), 1.5)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, disc)
    for _ in range(2):
        closed = cv2.blur(closed, (window // 4 * 2 + 1,) * 2)
    closed = closed[window:-window, window:-window].astype(np.float32)
    return np.asarray(cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _frame(grey: Bytes) -> int:
    """Return the width of an even frame around the picture in pixels; 0 if there is none."""
    for inset in range(1, min(grey.shape) // 8 + 1):
        outer = border_pixels(grey, inset - 1)
        (level,), (inner,) = grey_quantiles(outer, 0.5), grey_quantiles(border_pixels(grey, inset), 0.5)
        if (np.abs(outer.astype(np.int16) - level) > MIN_CONTRAST).mean() > 0.1:
            return 0
        if abs(inner - level) > 2 * MIN_CONTRAST:
            # A frame has paper inside; a box drawn around a number has paper on both sides.
            inside = grey[inset:-inset, inset:-inset][::2, ::2].astype(np.float32)
            return inset if (np.abs(inside - inner) < np.abs(inside - level)).mean() > 0.75 else 0
    return 0
