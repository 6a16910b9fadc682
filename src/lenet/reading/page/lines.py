"""From ink to lines of writing: which strokes stand beside one another, and how tall their digits are.

Ruled lines and frames go first: runs longer than any stroke of a digit, but for where strokes cross them. What is left
is taken apart into connected components; those as tall as digits that overlap in height and are not far apart are a
line, and smaller ones belong to the line whose band they lie in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.reading.ink import STROKE, Bytes, Ink

MOST_BLOBS = 2000
"""Of more components as tall as digits, the largest are looked at."""

SMALLEST = 6
"""Components that are less tall, in pixels, are no digits."""

Numbers = NDArray[np.intp]
Mask = NDArray[np.uint8]
LEFT, TOP, WIDTH, HEIGHT, AREA = range(5)
"""The columns of components' figures."""


@dataclass(frozen=True)
class Band:
    """A line of writing in a picture's ink.

    Attributes
    ----------
    left, top : int
        Where its part of the ink begins.
    ink : uint8 (height, width)
        That part, 0 = paper and 255 = ink, whatever it belongs to.
    components : int32 (height, width)
        The line's own strokes, each component with a number from 1 on; 0 elsewhere.
    height : float
        Of a digit, in pixels.
    middle : float
        The row in which digits have their middle.
    pen : float
        The strokes' width in pixels.
    """

    left: int
    top: int
    ink: Bytes
    components: NDArray[np.int32]
    height: float
    middle: float
    pen: float


def bands(ink: Ink, single: bool = False) -> list[Band]:
    """Return the lines of writing from top to bottom; all strokes are one line if it is said to be a `single` one."""
    strokes = (ink.image >= STROKE).astype(np.uint8)
    if not strokes.any():
        return []
    strokes = without_rules(strokes, ink.pen, 30 * ink.pen, 40 * ink.pen)
    _, figures = components(strokes)
    tall = digit_height(figures[_plausible(figures, ink)], 0.75)
    strokes = without_rules(strokes, ink.pen, 2.2 * tall, 1.6 * tall)
    labels, figures = components(strokes)
    chosen = np.flatnonzero(_plausible(figures, ink))
    chosen = chosen[np.argsort(-figures[chosen, AREA], kind="stable")[:MOST_BLOBS]]
    if not len(chosen):
        return []
    groups = [chosen] if single else _groups(figures, chosen)
    # In a line, what is much smaller than its digits is a mark or a speck.
    groups = [group[figures[group, HEIGHT] >= 0.4 * digit_height(figures[group])] for group in groups]
    heights = [digit_height(figures[group]) for group in groups]
    near = figures[:, AREA] >= 0.012 * min(heights) ** 2
    found = [_band(ink, labels, figures, np.flatnonzero(near), group) for group in groups]
    return sorted(found, key=lambda band: (band.top, band.left))


def without_rules(strokes: Mask, pen: float, across: float, upright: float) -> Mask:
    """Return strokes (height, width) without lines longer than so many pixels, but for where others cross them."""
    import cv2

    rest = strokes.copy()
    for axis, least in ((1, across), (0, upright)):
        length = int(least)
        if strokes.shape[axis] <= length or length < 3:
            continue

        def bar(along: int, beside: int, axis: int = axis) -> Mask:
            return np.ones((beside, along) if axis == 1 else (along, beside), np.uint8)

        # A rule may have gaps of a few pixels, and be a little askew.
        whole = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, bar(5, 1)) if axis == 1 else strokes
        rules = cv2.dilate(cv2.morphologyEx(whole, cv2.MORPH_OPEN, bar(length, 1)), bar(1, 3)) > 0
        crossing = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, bar(1, round(1.5 * pen) + 2)) > 0
        rest[rules & ~crossing] = 0
    return rest


def components(strokes: Mask) -> tuple[NDArray[np.int32], Numbers]:
    """Return components' numbers, 0 for paper, and their figures; row 0 is the paper's."""
    import cv2

    _, labels, found, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    figures = np.array(found, np.intp)
    figures[0] = 0
    return np.asarray(labels, np.int32), figures


def _plausible(figures: Numbers, ink: Ink) -> NDArray[np.bool_]:
    """Return which components may be digits, or several that touch: neither specks nor bars nor frames."""
    width, height, area = figures[:, WIDTH], figures[:, HEIGHT], figures[:, AREA]
    tall = (height >= max(SMALLEST, 2.5 * ink.pen)) & (area >= 10)
    likely = tall & (width < 8 * height) & (area > 0.03 * width * height)
    return likely if likely.any() else tall


def digit_height(figures: Numbers, share: float = 0.5) -> float:
    """Return the height of digits: the median (or another quantile) of components' heights, weighted by their width."""
    height = figures[:, HEIGHT].astype(np.float64)
    weight = np.minimum(figures[:, WIDTH], 2 * height) + 3.0
    return quantile(height, weight, share) if len(height) else float(SMALLEST)


def quantile(values: NDArray[np.floating[Any]], weights: NDArray[np.floating[Any]], share: float = 0.5) -> float:
    """Return the value at which a share of the weight is reached."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1])])


def _groups(figures: Numbers, chosen: Numbers) -> list[Numbers]:
    """Return components in groups: those that overlap by two fifths of a height, not three heights apart."""
    left, top = figures[chosen, LEFT], figures[chosen, TOP]
    right, bottom = left + figures[chosen, WIDTH], top + figures[chosen, HEIGHT]
    height = figures[chosen, HEIGHT]
    parent = np.arange(len(chosen))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = int(parent[one])
        return one

    for one in range(len(chosen)):
        shared = np.minimum(bottom[one], bottom) - np.maximum(top[one], top)
        apart = np.maximum(left[one], left) - np.minimum(right[one], right)
        tallest = np.maximum(height[one], height)
        for other in np.flatnonzero((shared >= 0.4 * np.minimum(height[one], height)) & (apart <= 3 * tallest)):
            parent[root(int(other))] = root(one)
    roots = np.array([root(one) for one in range(len(chosen))])
    return [chosen[roots == number] for number in np.unique(roots)]


def _band(ink: Ink, labels: NDArray[np.int32], figures: Numbers, others: Numbers, members: Numbers) -> Band:
    """Return the line of these components, with those smaller ones of the `others` that lie in its band."""
    left, top, width, height, _ = figures[members].T
    tall = digit_height(figures[members])
    middle = quantile(top + height / 2, width + 3.0)
    upper, lower = min(top.min(), middle - 0.7 * tall), max((top + height).max(), middle + 0.7 * tall)
    rows = slice(max(0, int(upper)), min(ink.image.shape[0], int(lower) + 1))
    beside = 1.5 * tall
    columns = slice(max(0, int(left.min() - beside)), min(ink.image.shape[1], int((left + width).max() + beside)))
    x, y = (figures[others, at] + figures[others, size] / 2 for at, size in ((LEFT, WIDTH), (TOP, HEIGHT)))
    inside = (x >= columns.start) & (x < columns.stop) & (y >= rows.start) & (y < rows.stop)
    small = (figures[others, AREA] >= 0.012 * tall * tall) & (figures[others, HEIGHT] <= 0.6 * tall)
    own = np.zeros(len(figures), np.int32)
    for numbers in (members, others[small & inside]):
        own[numbers] = numbers
    return Band(
        columns.start,
        rows.start,
        ink.image[rows, columns],
        own[labels[rows, columns]],
        tall,
        middle - rows.start,
        ink.pen,
    )


def at_scale(band: Band, tall: float, side: int) -> tuple[Bytes, float]:
    """Return a line with its digits `tall` pixels high, uint8 (side, its width and `side` more), and its scale.

    The line's middle is in the middle. A pixel's column in the result is that in the line, scaled, and half a side.
    """
    import cv2

    scale = tall / band.height
    ink = band.ink
    if scale < 0.9:  # against aliasing
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.4 / scale), np.uint8)
    size = (round(ink.shape[1] * scale) + side + 1, side)
    shift = [side / 2 + (scale - 1) / 2, side / 2 - band.middle * scale + (scale - 1) / 2]
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    return np.asarray(cv2.warpAffine(ink, matrix, size, flags=cv2.INTER_LINEAR), np.uint8), scale
