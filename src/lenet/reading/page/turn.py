"""Ink turned by quarters of a turn, straightened where its lines lean, or without what touches the border."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import AREA, HEIGHT, LEFT, STROKE_LEVEL, TOP, WIDTH, components, stroke_width
from lenet.reading.page.ink import Affine, Ink, composed, without_components

MIN_SKEW, CLEAR_SKEW, MAX_SKEW = 3.0, 7.0, 25.0
"""Lines that lean by fewer degrees are level; by this many, they are straightened in any case; by more than the last,
they are no lines that lean."""
MIN_COMPONENTS = 3
"""The lean of fewer components is not known."""
MAX_GAP = 3.0
"""Neighbours in a line are at most so many heights apart."""
MAX_HEIGHT_RATIO = 2.0
"""Neighbours whose heights differ by more than this factor do not tell how their line leans."""

MIN_STRIP, MIN_STRIP_FILL, MIN_STRIP_MARGIN, MIN_STRIP_DIFFERENCE = 0.95, 0.6, 0.05, 0.35
"""A strip touches a side of the picture along this fraction of its length, and fills this fraction of its box. All else
ends before this fraction from both ends of the side. Its thickness differs from a stroke's by this fraction."""

Components = NDArray[np.intp]


def turned(ink: Ink, quarters: int) -> Ink:
    """Return ink turned by so many quarters of a turn, counter-clockwise."""
    height, width = ink.image.shape
    back: dict[int, Affine] = {
        0: (1, 0, 0, 0, 1, 0),
        1: (0, -1, width, 1, 0, 0),
        2: (-1, 0, width, 0, -1, height),
        3: (0, 1, 0, -1, 0, height),
    }
    image = np.ascontiguousarray(np.rot90(ink.image, quarters))
    return replace(ink, image=image, to_picture=composed(ink.to_picture, back[quarters % 4]))


def without_border(ink: Ink, min_contact: float = 0.0, min_side: float = 0.0) -> Ink:
    """Return ink without the components that touch the picture's border, and their soft edges.

    Only those go that touch it along at least a fraction of their length, and of a side of the picture.
    """
    labels, measures = components((ink.image >= STROKE_LEVEL).astype(np.uint8))
    contact, along = np.zeros(len(measures)), np.zeros(len(measures))
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        of_edge = np.bincount(edge, minlength=len(measures))
        contact += of_edge
        along = np.maximum(along, of_edge / len(edge))
    touching = contact > min_contact * np.maximum(measures[:, WIDTH], measures[:, HEIGHT])
    touching &= along >= min_side
    touching[0] = False
    if not touching.any():
        return ink
    return replace(ink, image=without_components(ink.image, labels, touching))


def without_strips(ink: Ink) -> Ink:
    """Return ink without strips along a whole side of the picture: parts of a desk, dark edges.

    A 1 may lie along a side, too. It is as thick as the other strokes, and where it fills the picture others fill it.
    """
    labels, measures = components((ink.image >= STROKE_LEVEL).astype(np.uint8))
    height, width = ink.image.shape
    upright, level = (
        sum(np.bincount(side, minlength=len(measures)) >= MIN_STRIP * length for side in sides) > 0
        for sides, length in (((labels[:, 0], labels[:, -1]), height), ((labels[0], labels[-1]), width))
    )
    # A ruled line to which digits are joined is no strip: it does not fill its box.
    whole = measures[:, AREA] >= MIN_STRIP_FILL * measures[:, WIDTH] * measures[:, HEIGHT]
    whole[0] = False
    upright, level = upright & whole, level & whole
    others = measures[1:][~(upright | level)[1:]]
    if len(others) in (0, len(measures) - 1):
        return ink
    pen = stroke_width((labels > 0) & ~(upright | level)[labels])
    for along, thickness in ((upright, WIDTH), (level, HEIGHT)):
        along &= np.abs(measures[:, thickness] - pen) > MIN_STRIP_DIFFERENCE * pen
    strips = np.zeros(len(measures), bool)
    for along, length, start, extent in ((upright, height, TOP, HEIGHT), (level, width, LEFT, WIDTH)):
        first, last = others[:, start].min(), (others[:, start] + others[:, extent]).max()
        if first > MIN_STRIP_MARGIN * length and last < (1 - MIN_STRIP_MARGIN) * length:
            strips |= along
    return replace(ink, image=without_components(ink.image, labels, strips)) if strips.any() else ink


def straightened(ink: Ink, min_skew: float = CLEAR_SKEW) -> Ink:
    """Return ink whose lines are level; as it is if they are, or if they do not tell."""
    degrees = skew_of(ink)
    if not min_skew <= abs(degrees) <= MAX_SKEW:
        return ink
    height, width = ink.image.shape
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    size = (
        math.ceil(width * cosine + height * abs(sine)),
        math.ceil(height * cosine + width * abs(sine)),
    )
    # A positive skew runs downwards, so the ink is turned upwards.
    x, y = width / 2, height / 2
    forth = np.array(
        [[cosine, sine, size[0] / 2 - cosine * x - sine * y], [-sine, cosine, size[1] / 2 + sine * x - cosine * y]]
    )
    a, b, c, d, e, f = cv2.invertAffineTransform(forth).ravel().tolist()
    image = np.asarray(cv2.warpAffine(ink.image, forth, size, flags=cv2.INTER_LINEAR), np.uint8)
    return replace(ink, image=image, to_picture=composed(ink.to_picture, (a, b, c, d, e, f)))


def skew_of(ink: Ink) -> float:
    """Return by how many degrees lines run downwards: the median over neighbours in a line; 0 if too few tell."""
    _, measures = components((ink.image >= STROKE_LEVEL).astype(np.uint8))
    large = measures[measures[:, HEIGHT] >= max(6.0, 2.5 * ink.pen)]
    if len(large) < MIN_COMPONENTS:
        return 0.0
    tall = float(np.median(large[:, HEIGHT]))
    digits = large[(large[:, HEIGHT] > tall / MAX_HEIGHT_RATIO) & (large[:, HEIGHT] < tall * MAX_HEIGHT_RATIO)]
    x, y = digits[:, LEFT] + digits[:, WIDTH] / 2, digits[:, TOP] + digits[:, HEIGHT] / 2
    # Slopes to all components on the right within some heights, so that a digit that stands off its line counts little.
    across, down = x[None] - x[:, None], y[None] - y[:, None]
    near = (
        (across > 0.3 * tall)
        & (across < MAX_GAP * tall)
        & (np.abs(down) < across * math.tan(math.radians(1.5 * MAX_SKEW)))
    )
    if near.sum() < MIN_COMPONENTS - 1:
        return 0.0
    slopes, weights = down[near] / across[near], across[near]
    order = np.argsort(slopes, kind="stable")
    cumulative = np.cumsum(weights[order])
    return math.degrees(math.atan(float(slopes[order][np.searchsorted(cumulative, cumulative[-1] / 2)])))
