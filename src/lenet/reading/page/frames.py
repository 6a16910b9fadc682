"""Frames around writing, such as boxes, circles and combs: found by what they enclose, and taken out of the ink.

A frame is a connected component with holes, its cells, in which other strokes lie; or one with a row of empty cells.
Strokes that touch a frame reach into a cell: the cell is the convex hull of its hole, and what of the component lies in
it is no part of the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import AREA, HEIGHT, LEFT, STROKE_LEVEL, TOP, WIDTH, Box, box_of, components
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
MAX_ROUNDNESS = 0.87
"""A circle or an ellipse fills less than this fraction of the smallest rectangle around it; it fills π/4."""
MAX_WALL_LEAN, MIN_DIVIDING = 0.03, 0.97
"""A wall between cells leans to each side by at most this fraction of its length, and has ink along this one."""
MIN_SQUARES, MAX_WRITTEN_SQUARES = 12, 0.2
"""A component with so many cells, strokes lying across more than this fraction of them, or across more of them than
there are with strokes inside, is squared paper."""
MIN_PART_PX, MAX_PARTS, MAX_PART_GAP_PENS = 3, 40, 3.0
"""The least side of a part of a cell that strokes divide; of more small parts, only the largest are looked at; how far
apart two parts are at most, in widths of a stroke."""
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
        component = here == number
        cells = _cells(here, component, measures, ink.pen)
        if not cells:
            continue
        touching, touched = _touching(component, cells, ink.pen)
        boxes = [cell.box for cell in cells]
        across = touched + _missing(boxes, width, height) > MAX_WRITTEN_SQUARES * len(cells)
        if len(cells) >= MIN_SQUARES and (across or touched > sum(cell.filled for cell in cells)):
            continue  # squared paper: writing goes across its cells
        frame = component & ~touching
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
    large = (np.minimum(width, height) > _min_cell_px(pen)) & (area < MAX_INK_FRACTION * width * height)
    chosen = []
    for number in np.flatnonzero(large):
        inside = (left > left[number]) & (left + width < left[number] + width[number])
        inside &= (top > top[number]) & (top + height < top[number] + height[number])
        inside &= height >= max(MIN_CONTENT_PX, pen)
        if inside.any() or width[number] > MIN_EMPTY_CELLS * height[number] / 2:
            chosen.append(number)
    order = np.argsort([-int(width[number]) * int(height[number]) for number in chosen], kind="stable")
    return np.array(chosen, np.intp)[order][:MAX_FRAMES]


def _min_cell_px(pen: float) -> float:
    """Return the least side of a cell in pixels."""
    return max(MIN_CELL_PX, MIN_CELL_PENS * pen)


class _Cell(NamedTuple):
    """A cell in a component's box: its box, the mask of its convex hull in it, and whether other strokes lie in it."""

    box: Box
    hull: Mask
    filled: bool

    def of(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the part of a component's image that lies in the cell's box."""
        left, top, width, height = self.box
        return image[top : top + height, left : left + width]


def _cells(here: NDArray[np.int32], component: Mask, measures: Numbers, pen: float) -> list[_Cell]:
    """Return the cells of a component if it is a frame, none otherwise; `here` has the numbers of all components."""
    # A wall may have gaps of a pixel or two.
    padded = np.pad(component.astype(np.uint8), 3)
    wall = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))[2:-2, 2:-2]
    _, numbered, stats, _ = cv2.connectedComponentsWithStats(1 - wall, connectivity=4)
    # Without the pixel that is around the component.
    outside, holes, of_holes = int(numbered[0, 0]), numbered[1:-1, 1:-1], np.array(stats, np.intp)
    of_holes[:, [LEFT, TOP]] -= 1
    cells = []
    for numbers in _groups(of_holes, outside, pen, component):
        box = _box_of_holes(of_holes, numbers)
        left, top, width, height = box
        if min(width, height) < _min_cell_px(pen):
            continue
        inside = (slice(top, top + height), slice(left, left + width))
        mask = np.isin(holes[inside], numbers)
        contents = np.unique(here[inside][mask & ~component[inside]])
        tall = measures[contents, HEIGHT].max(initial=0)  # that of paper is 0
        cells.append(_Cell(box, _hull(mask), bool(tall >= MIN_CONTENT * min(width, height))))
    empty = sum(cell.hull.mean() >= MIN_RECTANGULARITY for cell in cells)
    is_frame = any(cell.filled for cell in cells) or (empty >= MIN_EMPTY_CELLS and _is_walled(component, pen))
    return cells if is_frame else []


def _groups(of_holes: Numbers, outside: int, pen: float, component: Mask) -> list[list[int]]:
    """Return the numbers of a component's holes, those together that strokes divide and no walls do."""
    least, reach = _min_cell_px(pen), MAX_PART_GAP_PENS * pen
    sides = of_holes[:, [WIDTH, HEIGHT]].min(axis=1)
    sides[[0, outside]] = 0
    large = np.flatnonzero(sides >= least)
    if not 0 < len(large) < MIN_SQUARES:
        return [[int(hole)] for hole in large]
    # Strokes divide a cell into parts that may be smaller than any cell.
    small = np.flatnonzero((sides >= MIN_PART_PX) & (sides < least))
    parts = [*large, *small[np.argsort(-of_holes[small, AREA], kind="stable")][:MAX_PARTS]]
    if _is_round(component):  # a circle has no walls inside
        return [list(map(int, parts))]
    groups: list[tuple[Box, list[int]]] = []
    for hole in map(int, parts):
        box, numbers, others = _box_of_holes(of_holes, [hole]), [hole], []
        for group in groups:
            if _divided(group[0], box, component, reach):
                others.append(group)
            else:
                box, numbers = box_of([box, group[0]]), numbers + group[1]
        groups = [*others, (box, numbers)]
    return [numbers for _, numbers in groups]


def _box_of_holes(of_holes: Numbers, numbers: Sequence[int]) -> Box:
    """Return the box around some holes."""
    return box_of([(left, top, width, height) for left, top, width, height, _ in of_holes[numbers].tolist()])


def _is_round(component: Mask) -> bool:
    """Return whether the outline of a component is a circle or an ellipse, in any position."""
    outline = _convex_outline(component)
    wide, tall = cv2.minAreaRect(outline)[1]
    return bool(cv2.contourArea(outline) < MAX_ROUNDNESS * wide * tall)


def _divided(some: Box, other: Box, component: Mask, reach: float) -> bool:
    """Return whether two boxes are parts of different cells: farther apart than `reach`, or beside a straight wall."""
    for along in (0, 1):
        gap = max(some[along], other[along]) - min(some[along] + some[along + 2], other[along] + other[along + 2])
        if gap > reach:
            return True
    for along in (0, 1):  # walls are across
        first, last = sorted(box[along] + box[along + 2] // 2 for box in (some, other))
        across = _common(some, other, 1 - along)
        between = component[(across, slice(first, last + 1)) if along == 0 else (slice(first, last + 1), across)]
        lean = 2 * round(MAX_WALL_LEAN * (across.stop - across.start)) + 1
        bar = np.ones((1, lean) if along == 0 else (lean, 1), np.uint8)
        if cv2.dilate(between.astype(np.uint8), bar).mean(axis=along).max() >= MIN_DIVIDING:
            return True
    return False


def _common(some: Box, other: Box, axis: int) -> slice:
    """Return what boxes have in common along an axis if they are side by side, and otherwise all that they take."""
    starts, ends = (some[axis], other[axis]), (some[axis] + some[axis + 2], other[axis] + other[axis + 2])
    both = slice(max(starts), min(ends))
    side_by_side = 2 * (both.stop - both.start) > min(some[axis + 2], other[axis + 2])
    return both if side_by_side else slice(min(starts), max(ends))


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
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(hull, _convex_outline(mask), 1)
    return hull > 0


def _convex_outline(mask: Mask) -> Any:
    """Return the corners of the convex hull of a mask."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.convexHull(np.concatenate(outlines))


def _touching(component: Mask, cells: Sequence[_Cell], pen: float) -> tuple[Mask, int]:
    """Return what of a frame's component are strokes that reach into a cell, and into how many cells they do."""
    touched = 0
    kept = np.zeros(component.shape, bool)
    for cell in cells:
        labels, measures = components((cell.of(component) & cell.hull).astype(np.uint8))
        if len(measures) == 1:
            continue
        depth = cv2.distanceTransform(np.pad(cell.hull.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        reach = np.zeros(len(measures))
        np.maximum.at(reach, labels.ravel(), depth.ravel())
        deep = (reach > MIN_REACH_PENS * pen) & (measures[:, AREA] > pen * pen)
        deep[0] = False
        cell.of(kept)[deep[labels]] = True
        touched += bool(deep.any())
    return kept, touched
