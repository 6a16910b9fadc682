"""From grey levels to ink: what is darker (or lighter) than the paper around it, whatever the light.

The paper's level is estimated everywhere by closing over what is narrower than a few strokes; what is left of the
picture is ink, in levels from 0, paper, to 255, the ink's core. What grain and patterns leave on the paper is taken
away as far as it is fainter than the strokes. Where it is as dark as they are, the picture is smoothed first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet.data.centre import ring
from lenet.reading.decode import levels_of
from lenet.reading.sheet import without_desk

FAINTEST = 24
"""Ink that differs less than this from the paper, in grey levels of 255, is no ink."""
MOST_PIXELS = 4_000_000
"""Pictures of more pixels are shrunk first: no digit needs them."""
STROKE = 100
"""The level, of 255, from which on ink is a stroke."""
SMALL = 16
"""Pixels that are closed over at least, where the picture has so many."""
COARSE, FINE = 160, 1000
"""Pixels of the shorter side at which the paper is first looked at; of the longer side, where strokes are thin."""
EVEN = 0.98
"""The share of a border's pixels that have about the same level if it is nothing but paper."""
MOST_INK = 0.6
"""No more of a picture is ink: a border unlike so much of it is a desk on which the paper lies."""
DARKEST = 4.0
"""Paper in a shadow is taken to be darker than in the light by up to this factor."""
NEARBY = (4, 8)
"""Parts of the shorter side within which levels are compared with their mean; digits fill a small picture."""
GRAINY, SPECK, SMOOTHINGS = 0.15, 4, 3
"""Where more than such a share of the ink are specks, components of so few pixels, a picture is smoothed; so often."""
SPECKS = 40
"""So many pixels, or a two-thousandth of the picture if that is less, may be darker than any ink."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Ink:
    """A picture's ink: uint8 (height, width), 0 = paper and 255 = the ink's core.

    A large picture is shrunk: a pixel of `image` is `shrink` pixels of the picture wide. `pen` is the strokes' width
    in pixels of `image`; 0 if there is no ink.
    """

    image: Bytes
    shrink: int = 1
    pen: float = 0.0


def ink_of(grey: Bytes) -> Ink:
    """Tell ink from paper in grey levels, uint8 (height, width), 0 = black.

    Ink may be darker or lighter than its paper. An even frame around the picture is left out.
    """
    import cv2

    shrink = max(1, math.ceil(math.sqrt(grey.size / MOST_PIXELS)))
    if shrink > 1:
        size = (max(1, grey.shape[1] // shrink), max(1, grey.shape[0] // shrink))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    grey = without_desk(grey)
    frame = _frame(grey)
    inner = _dark_on_light(grey[frame : grey.shape[0] - frame, frame : grey.shape[1] - frame])
    levels, pen = _ink_in(inner)
    for _ in range(SMOOTHINGS):
        if _specks(levels) <= GRAINY:
            break
        inner = np.asarray(cv2.GaussianBlur(inner, (0, 0), 1.0), np.uint8)
        levels, pen = _ink_in(inner)
    return Ink(np.pad(levels, frame), shrink, pen)


def _dark_on_light(grey: Bytes) -> Bytes:
    """Return the picture with its ink darker than its paper.

    Where the border is even, it is paper, and whichever of darker and lighter pixels differ more from it in sum are the
    ink. Elsewhere ink is what is rare: levels, less their mean nearby, have their long tail on its side. What is nearby
    depends on how large digits are: it is taken where the tail is clearest.
    """
    import cv2

    border = ring(grey, 0).astype(np.int16)
    paper = int(np.median(border))
    from_paper = grey.astype(np.int16) - paper
    even = (np.abs(border - paper) <= FAINTEST).mean() >= EVEN
    if even and (np.abs(from_paper) > FAINTEST).mean() < MOST_INK:
        darker = np.maximum(-from_paper - FAINTEST, 0).sum(dtype=np.int64)
        light = bool(np.maximum(from_paper - FAINTEST, 0).sum(dtype=np.int64) > darker)
    else:
        scale = min(1.0, 3 * COARSE / min(grey.shape))
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        parts = NEARBY if min(size) >= COARSE else NEARBY[:1]
        tails = [_skewness(small - cv2.blur(small, 2 * (2 * (min(size) // part) + 1,))) for part in parts]
        light = max(tails, key=abs) > 0
    return 255 - grey if light else grey


def _skewness(levels: Floats) -> float:
    centred = levels - levels.mean()
    return float((centred**3).mean() / max(float((centred**2).mean()), 1.0) ** 1.5)


def _ink_in(grey: Bytes) -> tuple[Bytes, float]:
    """Return the levels of a picture's ink, darker than its paper, and the width of its strokes."""
    levels, pen = _levels(grey, COARSE / min(grey.shape), 0.3 * COARSE)
    # Thin strokes on a large sheet: light may change within less than a third of it.
    if 0 < pen < min(grey.shape) / 30:
        scale = min(1.0, FINE / max(grey.shape))
        levels, pen = _levels(grey, scale, float(np.clip(8 * pen * scale, 15, 0.3 * COARSE)))
    return levels, pen


def _specks(levels: Bytes) -> float:
    """Return the share of ink that is grain as dark as strokes."""
    import cv2

    *_, figures, _ = cv2.connectedComponentsWithStats((levels >= STROKE).astype(np.uint8))
    areas = figures[1:, cv2.CC_STAT_AREA]
    return float(areas[areas <= SPECK].sum() / max(1, areas.sum()))


def _levels(grey: Bytes, scale: float, reach: float) -> tuple[Bytes, float]:
    """Return the ink's levels and the width of its strokes.

    The paper is looked at in the picture scaled by `scale`, by closing over what is narrower than `reach` pixels of it.
    """
    import cv2

    paper = _paper(grey, min(1.0, scale), reach)
    # Ink in a shadow is as much darker than its paper as ink in the light, in proportion.
    (lit,) = levels_of(paper.astype(np.uint8), 0.95)
    contrast = np.maximum(paper - grey, 0) * (lit / np.maximum(paper, max(1.0, lit / DARKEST)))
    ink = np.rint(contrast).astype(np.uint8)
    specks = max(1, min(ink.size // 2000, SPECKS))
    stronger = np.cumsum(np.bincount(ink.ravel(), minlength=256)[::-1])[::-1]
    strongest = int(np.flatnonzero(stronger >= specks)[-1])
    strong = max(*levels_of(ink, 0.995), strongest / 2)
    if strongest < FAINTEST:
        return np.zeros(grey.shape, np.uint8), 0.0
    # The full level is that of the ink's core, so that odd pixels do not set it.
    (core,) = levels_of(ink[ink >= strong / 2], 0.7)
    away = cv2.dilate((ink > core / 2).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    # What uneven light, patterns and grain leave on the paper, away from the strokes, is no ink.
    floor = min(*levels_of(ink[away], 0.8), core / 2.5) if away.any() else 0.0
    levels = np.clip((np.arange(256) - floor) * (255 / (core - floor)), 0, 255).astype(np.uint8)[ink]
    return levels, pen_width(levels >= STROKE)


def pen_width(strokes: NDArray[np.bool_]) -> float:
    """Return how wide strokes are, in pixels: twice their area by the length of their outlines; 0 if there are none."""
    import cv2

    mask = strokes.astype(np.uint8)
    area = int(mask.sum())
    inside = int(cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0).sum())
    return 2.0 * area / (area - inside) if area else 0.0


def _paper(grey: Bytes, scale: float, reach: float) -> Floats:
    """Estimate the paper's level everywhere, by closing the picture, scaled by `scale`, over `reach` pixels."""
    import cv2

    height, width = grey.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey, np.uint8)
    least = min(SMALL, round(0.6 * min(size)))
    window = max(3, least, min(int(reach), round(0.3 * min(size)))) | 1
    around = cv2.copyMakeBorder(small, window, window, window, window, cv2.BORDER_REFLECT)
    smooth = cv2.GaussianBlur(around, (0, 0), 1.5)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, disc)
    for _ in range(2):
        closed = cv2.blur(closed, (window // 4 * 2 + 1,) * 2)
    closed = closed[window:-window, window:-window].astype(np.float32)
    return np.asarray(cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _frame(grey: Bytes) -> int:
    """Return the width of an even frame around the picture, in pixels: 0 if there is none."""
    for inset in range(1, min(grey.shape) // 8 + 1):
        outer = ring(grey, inset - 1)
        (level,), (inner,) = levels_of(outer, 0.5), levels_of(ring(grey, inset), 0.5)
        if (np.abs(outer.astype(np.int16) - level) > FAINTEST).mean() > 0.1:
            return 0
        if abs(inner - level) > 2 * FAINTEST:
            # A frame has paper in it; a box drawn around a number has paper on both sides.
            inside = grey[inset:-inset, inset:-inset][::2, ::2].astype(np.float32)
            return inset if (np.abs(inside - inner) < np.abs(inside - level)).mean() > 0.75 else 0
    return 0
