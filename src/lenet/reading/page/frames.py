"""Frames around writing, such as boxes, circles and combs: found by what they enclose, and taken out of the ink.

A frame is a connected component with holes, its cells, in which other strokes lie; or one with a row of empty cells.
Strokes that touch a frame reach into a cell: the cell is the convex hull of its hole, and what of the component lies in
it is no part of the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import AREA, HEIGHT, STROKE_LEVEL, Box, components, ink_box
from lenet.reading.page.ink import Ink

MIN_CELL_PX, MIN_CELL_PENS = 10, 4.0
"""The least sides of a cell, in pixels and in widths of a stroke."""
MIN_CONTENT_PX, MIN_CONTENT = 6, 0.3
"""What lies in a cell is at least so many pixels high, and this fraction of it: a dot in a 0 makes it no frame."""
MIN_EMPTY_CELLS, MIN_RECTANGULARITY = 3, 0.85
"""A component with so many cells of which this fraction of the box is empty is a frame, whatever lies in them."""
WALL_PENS, MIN_WALLED = 1.5, 0.85
"""A straight wall has ink within so many widths of a stroke in this fraction of its columns."""
MAX_INK_FRACTION = 0.5
"""Ink is at most this fraction of a frame's box."""
MIN_REACH_PENS = 1.5
"""A stroke that touches a frame reaches this far into the cell, in widths of a stroke; less is its roughness."""
MAX_ROUNDNESS = 0.9
"""A circle or an ellipse fills less than this fraction of its box."""
MAX_WALL_LEAN, MIN_DIVIDING = 0.03, 0.97
"""A wall between cells leans to each side by at most this fraction of its length, and has ink along this one."""
MIN_SQUARES, MAX_WRITTEN_SQUARES = 12, 0.2
"""A component with so many cells, strokes lying across more than this fraction of them, or across more of them than
there are with strokes inside, is squared paper."""
MAX_PARTS = 200
"""Of more holes of a component, only the first are looked at."""
MAX_FRAMES = 50
"""Of more components that may be frames, only the largest are looked at."""

Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class Frame:
    """A frame: its box, and the boxes of its cells, in pixels of the ink: left, top, width and height."""

    box: Box
    cells: tuple[Box, ...]


def without_frames(ink: Ink) -> tuple[Ink, list[Frame]]:
    """Return ink without the frames around writing, and these frames, the largest first."""
    strokes = (ink.image >= STROKE_LEVEL).astype(np.uint8)
    labels, measures = components(strokes)
    image, frames = ink.image, list[Frame]()
    for number in _possible(measures, ink.pen):
        left, top, width, height, _ = measures[number]
        around = (slice(top, top + height), slice(left, left + width))
        here = labels[around]
        cells = list(_cells(here, int(number), measures, ink.pen))
        if not cells:
            continue
        touching, touched = _touching(here == number, [cell.hull for cell in cells], ink.pen)
        boxes = [cell.box for cell in cells]
        across = touched + _missing(boxes, width, height) > MAX_WRITTEN_SQUARES * len(cells)
        if len(cells) >= MIN_SQUARES and (across or touched > sum(cell.filled for cell in cells)):
            continue  # squared paper: writing goes across its cells
        frame = (here == number) & ~touching
        if not frames:
            image = image.copy()
        # The soft edges of the frame go with it, those of what it touches do not.
        kept = cv2.dilate(((here > 0) & ~frame).astype(np.uint8), np.ones((3, 3), np.uint8))
        edges = cv2.dilate(frame.astype(np.uint8), np.ones((5, 5), np.uint8))
        image[around][frame | ((edges > 0) & (kept == 0))] = 0
        places = tuple((int(left + x), int(top + y), w, h) for x, y, w, h in boxes)
        frames.append(Frame((int(left), int(top), int(width), int(height)), places))
    return (replace(ink, image=image), frames) if frames else (ink, [])


def _possible(measures: Numbers, pen: float) -> Numbers:
    """Return which components may be frames, the largest first: thin ones around others, or long ones."""
    left, top, width, height, area = measures.T
    least = max(MIN_CELL_PX, MIN_CELL_PENS * pen)
    large = (np.minimum(width, height) > least) & (area < MAX_INK_FRACTION * width * height)
    chosen = []
    for number in np.flatnonzero(large):
        inside = (left > left[number]) & (left + width < left[number] + width[number])
        inside &= (top > top[number]) & (top + height < top[number] + height[number])
        inside &= height >= max(MIN_CONTENT_PX, pen)
        if inside.any() or width[number] > MIN_EMPTY_CELLS * height[number] / 2:
            chosen.append(number)
    order = np.argsort([-int(width[number]) * int(height[number]) for number in chosen], kind="stable")
    return np.array(chosen, np.intp)[order][:MAX_FRAMES]


class _Cell(NamedTuple):
    """A cell in a component's box: its box, the mask of its convex hull, and whether other strokes lie in it."""

    box: Box
    hull: Mask
    filled: bool


def _cells(here: NDArray[np.int32], number: int, measures: Numbers, pen: float) -> Iterator[_Cell]:
    """Yield the cells of a component if it is a frame."""
    # A wall may have gaps of a pixel or two.
    wall = np.pad((here == number).astype(np.uint8), 3)
    wall = cv2.morphologyEx(wall, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))[2:-2, 2:-2]
    _, holes, of_holes, _ = cv2.connectedComponentsWithStats(1 - wall, connectivity=4)
    outside = holes[0, 0]
    least = max(MIN_CELL_PX, MIN_CELL_PENS * pen)
    sides = of_holes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].min(axis=1)
    sides[[0, outside]] = 0
    # Strokes divide a cell into parts that are smaller than any cell.
    smallest = pen if (sides >= least).sum() < MIN_SQUARES else least
    inside = [(holes == hole)[1:-1, 1:-1] for hole in np.flatnonzero(sides >= smallest)[:MAX_PARTS]]
    cells = []
    for mask in _merged(inside, here == number) if smallest < least else inside:
        left, top, width, height = ink_box(mask)
        if min(width, height) < least:
            continue
        contents = [other for other in np.unique(here[mask]) if other not in (0, number)]
        tall = max((measures[other, HEIGHT] for other in contents), default=0)
        cells.append(_Cell((left, top, width, height), _hull(mask), bool(tall >= MIN_CONTENT * min(width, height))))
    empty = sum(cell.hull.sum() >= MIN_RECTANGULARITY * cell.box[2] * cell.box[3] for cell in cells)
    if any(cell.filled for cell in cells) or (empty >= MIN_EMPTY_CELLS and _is_walled(here == number, pen)):
        yield from cells


def _merged(holes: list[Mask], component: Mask) -> list[Mask]:
    """Return holes of a component, those together that strokes divide and no walls do."""
    if holes and _hull(component).mean() < MAX_ROUNDNESS:  # a circle has no walls inside
        return [np.logical_or.reduce(holes)]
    merged: list[tuple[Box, Mask]] = []
    for hole in holes:
        box, mask = ink_box(hole), hole
        parts = [part for part in merged if not _divided(part[0], box, component)]
        merged = [part for part in merged if _divided(part[0], box, component)]
        for _, part in parts:
            mask = mask | part
        merged.append((ink_box(mask), mask))
    return [mask for _, mask in merged]


def _divided(some: Box, other: Box, component: Mask) -> bool:
    """Return whether a straight wall of a component goes from end to end between two boxes."""
    start = [min(some[k], other[k]) for k in (0, 1)]
    end = [max(some[k] + some[k + 2], other[k] + other[k + 2]) for k in (0, 1)]
    for along in (0, 1):  # walls are across
        first, last = sorted(box[along] + box[along + 2] // 2 for box in (some, other))
        across = slice(start[1 - along], end[1 - along])
        between = component[(across, slice(first, last + 1)) if along == 0 else (slice(first, last + 1), across)]
        lean = 2 * round(MAX_WALL_LEAN * (end[1 - along] - start[1 - along])) + 1
        bar = np.ones((1, lean) if along == 0 else (lean, 1), np.uint8)
        if cv2.dilate(between.astype(np.uint8), bar).mean(axis=along).max() >= MIN_DIVIDING:
            return True
    return False


def _is_walled(component: Mask, pen: float) -> bool:
    """Return whether a component has straight walls above and below, as zeros in a row have not."""
    band = max(2, round(WALL_PENS * pen))
    return min(side.any(axis=0).mean() for side in (component[:band], component[-band:])) >= MIN_WALLED


def _missing(cells: Sequence[Box], width: int, height: int) -> float:
    """Return how many more cells of their median size there would be in a frame without strokes across them."""
    wide, tall = np.median([box[2:] for box in cells], axis=0)
    return max(0.0, width * height / ((wide + 2) * (tall + 2)) - len(cells))


def _hull(mask: Mask) -> Mask:
    """Return the convex hull of a mask."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(outlines)), 1)
    return hull > 0


def _touching(component: Mask, hulls: list[Mask], pen: float) -> tuple[Mask, int]:
    """Return what of a frame's component are strokes that reach into a cell, and into how many cells they do."""
    touched = 0
    kept = np.zeros(component.shape, bool)
    for hull in hulls:
        labels, measures = components((component & hull).astype(np.uint8))
        if len(measures) == 1:
            continue
        depth = cv2.distanceTransform(np.pad(hull.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        reach = np.zeros(len(measures))
        np.maximum.at(reach, labels.ravel(), depth.ravel())
        deep = (reach > MIN_REACH_PENS * pen) & (measures[:, AREA] > pen * pen)
        deep[0] = False
        kept |= deep[labels]
        touched += bool(deep.any())
    return kept, touched
