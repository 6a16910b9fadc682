"""Segmentation of a line: its strokes cut where digits may touch, and the candidates for digits.

A line is over-segmented (LeCun et al. 1998, section V): each component that is wide enough for more than one digit is
cut along seams, paths from its top to its bottom that cross little ink or run between strokes side by side. The results
are segments. A segmentation candidate is a run of neighbouring segments. Which candidates are digits is decided by the
network and the path search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.reading.page.lines import InkLine

MAX_SEGMENTS = 5
"""A candidate has at most so many segments."""
MAX_WIDTH, MAX_HEIGHT, MAX_GAP = 1.7, 2.5, 0.5
"""Limits of a candidate's width and height and of the gap between two of its segments, in heights of a digit."""
SIDESTEP_COST = 0.12
"""The cost of a seam's step to the side, in pixels of ink."""
MIN_CUT_WIDTH, MIN_CUT_HEIGHT = 0.45, 0.3
"""A component that is narrower or lower than this, in heights of a digit, is not cut."""
MERGED_DISTANCE, MERGED_COST = 0.65, 0.1
"""Ink at least this far from paper, in widths of a stroke, lies where two strokes merged; a seam's cost of a pixel
there."""
SLANTS = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, 0.6, 0.75, 0.9, 1.1)
"""Slants that are tried, the likeliest first: pixels to the left for each pixel down."""
SLANT_GAIN = 1.05
"""A slant that is tried later has to be this many times better."""


@dataclass(frozen=True)
class Candidate:
    """A run of segments that may be a digit: its first and last segment, counted from 0, and its box in the line."""

    first: int
    last: int
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Segments:
    """A line's strokes in segments, from left to right.

    Attributes
    ----------
    labels : int32 (height, width)
        The segment of each pixel, counted from 1; 0 for none.
    boxes : int (segments, 4)
        Left, top, right and bottom; right and bottom are the first pixels outside.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.intp]


def find_segments(line: InkLine, may_hold_several: Callable[[int, int], bool] = lambda left, right: True) -> Segments:
    """Cut a line's components into segments, numbered from left to right.

    Only components are cut between whose left and right column there `may_hold_several` digits.
    """
    labels = np.zeros(line.components.shape, np.int32)
    count = 0
    rows, columns = np.nonzero(line.components)
    for number, left, top, right, bottom in _boxes(line.components[rows, columns], rows, columns):
        inside = (slice(top, bottom), slice(left, right))
        strokes = line.components[inside] == number
        segments = strokes.astype(np.int32)
        large = right - left > MIN_CUT_WIDTH * line.height and bottom - top > MIN_CUT_HEIGHT * line.height
        if large and may_hold_several(int(left), int(right)):
            for seam in find_seams(strokes, line.height, line.pen):
                segments += strokes & (np.arange(right - left) >= seam[:, None])
        labels[inside][strokes] = count + segments[strokes]
        count += int(segments.max())
    boxes = _boxes(labels[rows, columns], rows, columns)
    order = np.argsort(boxes[:, 1] + boxes[:, 3], kind="stable")
    renumbered = np.zeros(count + 1, np.int32)
    renumbered[boxes[order, 0]] = np.arange(1, len(boxes) + 1)
    return Segments(renumbered[labels], boxes[order, 1:])


def _upright(strokes: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return a component sheared until its strokes are upright, (rows, more columns), and each row's shift.

    Of the slants in `SLANTS` it takes the one with the most uneven column sums: upright strokes lie in few columns.
    """
    rows, columns = np.nonzero(strokes)
    below = np.arange(len(strokes))
    best, chosen = -1.0, below * 0
    for slant in SLANTS:
        moved = np.floor(slant * below + 0.5).astype(np.intp)
        moved -= moved.min()
        uneven = float((np.bincount(columns + moved[rows]).astype(np.float64) ** 2).sum())
        if uneven > best * (1 if best < 0 else SLANT_GAIN):
            best, chosen = uneven, moved
    out = np.zeros((len(strokes), strokes.shape[1] + int(chosen.max())), bool)
    out[rows, columns + chosen[rows]] = True
    return out, chosen


def _boxes(labels: NDArray[np.int32], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return (labels, 5): each label of the pixels at `rows` and `columns`, and its left, top, right and bottom."""
    if not len(labels):
        return np.zeros((0, 5), np.intp)
    order = np.argsort(labels, kind="stable")
    numbers, starts = np.unique(labels[order], return_index=True)
    result = [numbers.astype(np.intp)]
    for reduce, values, plus in (
        (np.minimum, columns, 0),
        (np.minimum, rows, 0),
        (np.maximum, columns, 1),
        (np.maximum, rows, 1),
    ):
        result.append(reduce.reduceat(values[order], starts) + plus)
    return np.stack(result, axis=1)


def find_seams(strokes: NDArray[np.bool_], height: float, pen: float) -> list[NDArray[np.intp]]:
    """Return the seams of a component, from left to right: for each row the first column on the right side.

    Parameters
    ----------
    strokes : bool (rows, columns)
    height : float
        The height of a digit in pixels.
    pen : float
        The width of strokes in pixels: a seam may cross about two and a half strokes.
    """
    upright, shifts = _upright(strokes)
    used = np.flatnonzero(upright.any(axis=0))
    upright = upright[:, used[0] : used[-1] + 1]
    if upright.shape[1] <= MIN_CUT_WIDTH * height:
        return []
    return [seam + used[0] - shifts for seam in _upright_seams(upright, height, pen)]


def _upright_seams(strokes: NDArray[np.bool_], height: float, pen: float) -> list[NDArray[np.intp]]:
    """Return the seams of an upright component: the cheapest that are far enough apart, from left to right."""
    columns = strokes.shape[1]
    costs, seams = _cheapest_seams(strokes, pen)
    cumulative = np.pad(np.cumsum(strokes, axis=1), ((0, 0), (1, 0)))
    left_ink = np.take_along_axis(cumulative, seams, axis=1).sum(axis=0)
    ink, min_ink = int(strokes.sum()), 0.12 * height * pen
    possible = (costs <= 2.6 * pen + 0.12 * height) & (left_ink >= min_ink) & (left_ink <= ink - min_ink)
    middle = seams.mean(axis=0)
    chosen: list[int] = []
    for end in np.argsort(costs, kind="stable"):
        if len(chosen) >= 2 + int(columns / (0.3 * height)):
            break
        if possible[end] and all(abs(middle[end] - middle[other]) > 0.17 * height for other in chosen):
            chosen.append(int(end))
    return [seams[:, end] for end in sorted(chosen, key=lambda end: middle[end])]


def _cheapest_seams(strokes: NDArray[np.bool_], pen: float) -> tuple[NDArray[np.floating[Any]], NDArray[np.intp]]:
    """Return the cheapest seam to each column of the last row: its cost, and its column in each row."""
    rows, columns = strokes.shape
    mask = np.pad(strokes, 1).astype(np.uint8)
    paper_distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)[1:-1, 1:-1]
    pixel_costs = np.where(paper_distance > MERGED_DISTANCE * pen, MERGED_COST, 1.0) * strokes
    # The sums have a column more on either side, which no seam reaches.
    sums = np.full((rows, columns + 2), np.inf)
    sums[0, 1:-1] = pixel_costs[0]
    for above, here, added in zip(sums[:-1], sums[1:, 1:-1], pixel_costs[1:], strict=True):
        np.minimum(above[:-2], above[2:], out=here)
        here += SIDESTEP_COST
        np.minimum(here, above[1:-1], out=here)
        here += added
    from_left, from_right = sums[:-1, :-2] + SIDESTEP_COST, sums[:-1, 2:] + SIDESTEP_COST
    straight = sums[:-1, 1:-1] <= np.minimum(from_left, from_right)
    step = np.where(straight, 0, np.where(from_left <= from_right, -1, 1))
    # Every column's seam, followed back from the last row.
    seams = np.empty((rows, columns), np.intp)
    seams[-1] = np.arange(columns)
    for row in range(rows - 1, 0, -1):
        seams[row - 1] = seams[row] + step[row - 1, seams[row]]
    return sums[-1, 1:-1], seams


def find_candidates(segments: Segments, height: float) -> list[Candidate]:
    """Return every plausible run of a line's segments; `height` is that of a digit in pixels."""
    candidates, boxes = [], segments.boxes.tolist()
    for first, (left, top, right, bottom) in enumerate(boxes):
        for last, other in enumerate(boxes[first : first + MAX_SEGMENTS], first):
            if last > first:
                if other[0] - right > MAX_GAP * height:
                    break
                left, top = min(left, other[0]), min(top, other[1])
                right, bottom = max(right, other[2]), max(bottom, other[3])
                if right - left > MAX_WIDTH * height or bottom - top > MAX_HEIGHT * height:
                    break
            candidates.append(Candidate(first, last, left, top, right, bottom))
    return candidates
