"""From a line to what may be digits: strokes cut where digits may touch, and every plausible run of the parts.

A line is over-segmented (LeCun et al. 1998, section V): each component that is wide enough for more than one digit is
cut along seams, paths from its top to its bottom that cross little ink or run between strokes that lie side by side. A
candidate is a run of neighbouring parts; which candidates are digits is for the network and the best path to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet.reading.lines import Band

MOST_PARTS = 5
"""A digit has at most so many parts."""
WIDEST, TALLEST, FARTHEST = 1.7, 2.5, 0.5
"""How wide and tall a run of parts may be, and how far apart two of them, in heights of a digit."""
BEND = 0.12
"""What a seam pays for a step to the side, in pixels of ink."""
NARROW, LOW = 0.45, 0.3
"""A component that is narrower or lower than this, in heights of a digit, is not cut."""
THICK, INSIDE = 0.65, 0.1
"""Ink this far from paper at least, in widths of a stroke, lies between two strokes that have become one: what a seam
pays there for a pixel."""
SLANTS = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, 0.6, 0.75, 0.9, 1.1)
"""Pixels that writing may go to the left for each one down, the likeliest first."""
LIKELIER = 1.05
"""A slant that is tried later has to be so much better."""


@dataclass(frozen=True)
class Candidate:
    """A run of parts that may be a digit: the first and the last part, from 0 on, and its box in the line."""

    first: int
    last: int
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Parts:
    """A line's strokes in parts, from left to right.

    Attributes
    ----------
    labels : int32 (height, width)
        The number of the part that a pixel belongs to, from 1 on; 0 for none.
    boxes : (parts, 4)
        Left, top, right and bottom; right and bottom are the first pixels outside.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.intp]


def parts_of(band: Band, several: Callable[[int, int], bool] = lambda left, right: True) -> Parts:
    """Cut a line's components into parts, and number these from left to right.

    Only those are cut between whose left and right end there may be `several` digits.
    """
    labels = np.zeros(band.components.shape, np.int32)
    count = 0
    rows, columns = np.nonzero(band.components)
    for number, left, top, right, bottom in _boxes(band.components[rows, columns], rows, columns):
        inside = (slice(top, bottom), slice(left, right))
        strokes = band.components[inside] == number
        pieces = strokes.astype(np.int32)
        large = right - left > NARROW * band.height and bottom - top > LOW * band.height
        if large and several(int(left), int(right)):
            for seam in seams(strokes, band.height, band.pen):
                pieces += strokes & (np.arange(right - left) >= seam[:, None])
        labels[inside][strokes] = count + pieces[strokes]
        count += int(pieces.max())
    found = _boxes(labels[rows, columns], rows, columns)
    order = np.argsort(found[:, 1] + found[:, 3], kind="stable")
    renumbered = np.zeros(count + 1, np.int32)
    renumbered[found[order, 0]] = np.arange(1, len(found) + 1)
    return Parts(renumbered[labels], found[order, 1:])


def _upright(strokes: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return a component sheared until its strokes stand, (rows, more columns), and how far each row went right.

    Of the slants in `SLANTS` it is the one whose columns of ink are the most uneven: strokes then lie in few columns.
    """
    rows, columns = np.nonzero(strokes)
    below = np.arange(len(strokes))
    best, chosen = -1.0, below * 0
    for slant in SLANTS:
        moved = np.floor(slant * below + 0.5).astype(np.intp)
        moved -= moved.min()
        uneven = float((np.bincount(columns + moved[rows]).astype(np.float64) ** 2).sum())
        if uneven > best * (1 if best < 0 else LIKELIER):
            best, chosen = uneven, moved
    out = np.zeros((len(strokes), strokes.shape[1] + int(chosen.max())), bool)
    out[rows, columns + chosen[rows]] = True
    return out, chosen


def _boxes(labels: NDArray[np.int32], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return (labels, 5): each label of the pixels at `rows` and `columns` with its left, top, right and bottom."""
    if not len(labels):
        return np.zeros((0, 5), np.intp)
    order = np.argsort(labels, kind="stable")
    numbers, starts = np.unique(labels[order], return_index=True)
    found = [numbers.astype(np.intp)]
    for reduce, values, plus in (
        (np.minimum, columns, 0),
        (np.minimum, rows, 0),
        (np.maximum, columns, 1),
        (np.maximum, rows, 1),
    ):
        found.append(reduce.reduceat(values[order], starts) + plus)
    return np.stack(found, axis=1)


def seams(strokes: NDArray[np.bool_], height: float, pen: float) -> list[NDArray[np.intp]]:
    """Return the ways through a component, from left to right: for each row the first column on the right side.

    Parameters
    ----------
    strokes : bool (rows, columns)
    height : float
        Of a digit, in pixels.
    pen : float
        The width of strokes in pixels: a way may cross some two and a half strokes.
    """
    standing, moved = _upright(strokes)
    used = np.flatnonzero(standing.any(axis=0))
    standing = standing[:, used[0] : used[-1] + 1]
    if standing.shape[1] <= NARROW * height:
        return []
    return [way + used[0] - moved for way in _seams(standing, height, pen)]


def _seams(strokes: NDArray[np.bool_], height: float, pen: float) -> list[NDArray[np.intp]]:
    """Return the ways through a component that stands upright."""
    import cv2

    rows, columns = strokes.shape
    far = cv2.distanceTransform(np.pad(strokes, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    price = np.where(far > THICK * pen, INSIDE, 1.0) * strokes
    # What the cheapest way to a pixel costs; a border that no way crosses is on either side.
    costs = np.full((rows, columns + 2), np.inf)
    costs[0, 1:-1] = price[0]
    for before, after, paid in zip(costs[:-1], costs[1:, 1:-1], price[1:], strict=True):
        np.minimum(before[:-2], before[2:], out=after)
        after += BEND
        np.minimum(after, before[1:-1], out=after)
        after += paid
    cost = costs[-1, 1:-1]
    from_left, from_right = costs[:-1, :-2] + BEND, costs[:-1, 2:] + BEND
    straight = costs[:-1, 1:-1] <= np.minimum(from_left, from_right)
    came = np.where(straight, 0, np.where(from_left <= from_right, -1, 1))
    # Every column's way, followed back from the bottom; where it runs in the middle, and what ink is left of it.
    way = np.empty((rows, columns), np.intp)
    way[-1] = np.arange(columns)
    for row in range(rows - 1, 0, -1):
        way[row - 1] = way[row] + came[row - 1, way[row]]
    before = np.pad(np.cumsum(strokes, axis=1), ((0, 0), (1, 0)))
    left = np.take_along_axis(before, way, axis=1).sum(axis=0)
    total, least = int(strokes.sum()), 0.12 * height * pen
    fine = (cost <= 2.6 * pen + 0.12 * height) & (left >= least) & (left <= total - least)
    middle = way.mean(axis=0)
    found: list[int] = []
    for end in np.argsort(cost, kind="stable"):
        if len(found) >= 2 + int(columns / (0.3 * height)):
            break
        if fine[end] and all(abs(middle[end] - middle[other]) > 0.17 * height for other in found):
            found.append(int(end))
    return [way[:, end] for end in sorted(found, key=lambda end: middle[end])]


def candidates_of(parts: Parts, height: float) -> list[Candidate]:
    """Return every plausible run of a line's parts; `height` is that of a digit, in pixels."""
    found, boxes = [], parts.boxes.tolist()
    for first, (left, top, right, bottom) in enumerate(boxes):
        for last, other in enumerate(boxes[first : first + MOST_PARTS], first):
            if last > first:
                if other[0] - right > FARTHEST * height:
                    break
                left, top = min(left, other[0]), min(top, other[1])
                right, bottom = max(right, other[2]), max(bottom, other[3])
                if right - left > WIDEST * height or bottom - top > TALLEST * height:
                    break
            found.append(Candidate(first, last, left, top, right, bottom))
    return found
