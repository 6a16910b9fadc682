"""Forms and tables: the cells of a grid, found by their walls, also where the page leans and walls are broken.

Walls are runs about as long as a cell that go on from cell to cell. What they enclose are cells. Neighbours count rows
and columns from cell to cell, so that a leaning or warped table is followed. Cells that are not enclosed lie where a
bilinear map of rows and columns, fitted to the others, has them. Without walls, the cells are equal parts of the
picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import HEIGHT, LEFT, STROKE_LEVEL, TOP, WIDTH, Box, components
from lenet.reading.page.frames import without_frames
from lenet.reading.page.ink import Bytes, Ink, without_components

MIN_CELL_PX = 4
"""The least height and width of a cell."""
WALL_LEVEL = 50
"""Ink of at least this level may be a wall; walls are often fainter than writing."""
RUN, GAP = 0.45, 0.4
"""A wall has runs of at least this fraction of a cell's side, and gaps of at most this one."""
MIN_WALL, MIN_WALL_OF_GRID = 2.2, 0.85
"""The least length of a wall, in sides of a cell or as a fraction of the grid's side, whichever is less."""
MAX_OFF = 0.3
"""A wall is at most this fraction of a cell's side away from where the walls of an even grid are."""
LEAN = 0.03
"""A run leans by at most this fraction of a cell's side to each side."""
MIN_SHARED, MAX_GAP = 0.5, 0.6
"""Neighbours share at least this fraction of their sides, and are at most this fraction of a side apart."""
MAX_RIVAL = 0.5
"""Runs for one wall are side by side along at most this fraction of the shorter one."""
MAX_BEND = 0.5
"""How far a wall is off its smooth curve, in its thicknesses."""
MIN_IN_STRIP = 0.6
"""A component as large as its cell is a border if at least this fraction of its ink is within a stroke's width of the
cell's sides."""
MIN_FOUND = 0.3
"""At least this fraction of a grid's cells is found by its walls; with fewer, the picture is divided."""

Grid = tuple[int, int]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Cell:
    """A cell: its row and column, counted from 0, its box in the ink, and its ink (height, width) without walls."""

    row: int
    column: int
    box: Box
    ink: Bytes


def cells_of(ink: Ink, grid: Grid | None) -> list[Cell]:
    """Return the cells of a grid of rows and columns, row by row; of None, the grid that its walls show.

    Raises
    ------
    ValueError
        If the picture is too small for so many cells, or no grid is found where none is given.
    """
    height, width = ink.image.shape
    if grid is not None and (height < MIN_CELL_PX * grid[0] or width < MIN_CELL_PX * grid[1]):
        raise ValueError(f"a grid of {grid[0]}x{grid[1]} cells in a picture of {width}x{height} pixels: too small")
    if grid is None:
        grid, size = _grid_of(ink)
    else:
        size = (height / grid[0], width / grid[1])
    walls = _walls(ink.image, grid, size)
    places = _places(_enclosed(walls, size))
    found = (max((row for row, _ in places), default=-1) + 1, max((column for _, column in places), default=-1) + 1)
    if found == grid and len(places) >= MIN_FOUND * grid[0] * grid[1]:
        boxes = _completed(places, grid)
    else:
        boxes = _divided(grid, height, width)
    image = _without_walls(ink, walls)
    cells = []
    for (row, column), (left, top, wide, tall) in boxes.items():
        left, top, right, bottom = max(0, left), max(0, top), min(width, left + wide), min(height, top + tall)
        if left < right and top < bottom:
            part = _without_borders(image[top:bottom, left:right], ink.pen)
            cells.append(Cell(row, column, (left, top, right - left, bottom - top), part))
    return cells


def _grid_of(ink: Ink) -> tuple[Grid, tuple[float, float]]:
    """Return the rows and columns that frames show, or frames that end at the picture's border; and a cell's size."""
    bordered = ink.image.copy()
    bordered[[0, -1]] = bordered[:, [0, -1]] = 255
    for seen in (ink, replace(ink, image=bordered)):
        places = _places([cell for frame in without_frames(seen)[1] for cell in frame.cells])
        if places:
            break
    else:
        raise ValueError("no grid of cells in the picture; expected rows and columns, such as grid=(3, 8)")
    rows, columns = (max(place[axis] for place in places) + 1 for axis in (0, 1))
    wide, tall = np.median([box[2:] for box in places.values()], axis=0)
    return (rows, columns), (float(tall), float(wide))


def _walls(image: Bytes, grid: Grid, size: tuple[float, float]) -> Mask:
    """Return the walls between cells of about a size, (height, width), with the picture's border as one."""
    ink = (image >= WALL_LEVEL).astype(np.uint8)
    walls = np.zeros(image.shape, bool)
    walls[[0, -1]] = walls[:, [0, -1]] = True
    for axis, cells in ((1, grid[1]), (0, grid[0])):
        side = size[axis]

        def bar(along: float, beside: float, axis: int = axis) -> NDArray[np.uint8]:
            shape = (max(1, round(beside)) | 1, max(1, round(along)) | 1)
            return np.ones(shape if axis == 1 else shape[::-1], np.uint8)

        thick = cv2.dilate(ink, bar(1, 2 * LEAN * side))
        runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, bar(RUN * side, 1))
        runs = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, bar(GAP * side, 1))
        labels, measures = components(np.asarray(runs, np.uint8))
        start, along, across, thickness = (LEFT, WIDTH, TOP, HEIGHT) if axis == 1 else (TOP, HEIGHT, LEFT, WIDTH)
        long = measures[:, along] >= min(MIN_WALL, MIN_WALL_OF_GRID * cells) * side
        places = (measures[:, across] + measures[:, thickness] / 2) / size[1 - axis]
        long &= np.abs(places - np.rint(places)) <= MAX_OFF
        long[0] = False
        extents = np.stack([measures[:, start], measures[:, start] + measures[:, along]], axis=1)
        for number in _without_rivals(np.flatnonzero(long), places, extents):
            left, top, wide, tall, _ = measures[number]
            box = (slice(top, top + tall), slice(left, left + wide))
            walls[box] |= _smooth(labels[box] == number, axis)
    return walls


def _without_rivals(
    numbers: NDArray[np.intp], places: NDArray[np.floating[Any]], extents: NDArray[np.intp]
) -> list[int]:
    """Return the walls among runs: of two beside each other for one wall, the one nearer to its place.

    `places` are the runs' places across, in cells; `extents` their first and last place along.
    """
    kept: list[int] = []
    off = np.abs(places - np.rint(places))

    def rival(one: int, other: int) -> bool:
        both = min(extents[one, 1], extents[other, 1]) - max(extents[one, 0], extents[other, 0])
        shorter = min(np.diff(extents[one]), np.diff(extents[other]))
        return round(places[one]) == round(places[other]) and both > MAX_RIVAL * shorter

    for number in sorted(map(int, numbers), key=lambda number: float(off[number])):
        if not any(rival(number, other) for other in kept):
            kept.append(number)
    return kept


def _smooth(run: Mask, axis: int) -> Mask:
    """Return what of a run, (height, width), lies along a parabola, as thick as most of it: strokes go off it."""
    along = run if axis == 1 else run.T
    thickness = along.sum(axis=0)
    columns = np.flatnonzero(thickness)
    usual = float(np.median(thickness[columns]))
    middles = (along * np.arange(len(along))[:, None]).sum(axis=0)[columns] / thickness[columns]
    plain = thickness[columns] <= usual + 1
    curve = np.polynomial.Polynomial.fit(columns[plain], middles[plain], min(2, int(plain.sum()) - 1))
    off = np.abs(np.arange(len(along))[:, None] - curve(np.arange(along.shape[1])))
    smooth = along & (off <= usual / 2 + MAX_BEND * usual)
    return smooth if axis == 1 else smooth.T


def _enclosed(walls: Mask, size: tuple[float, float]) -> list[Box]:
    """Return the boxes of what walls enclose and has about the size of a cell."""
    _, _, measures, _ = cv2.connectedComponentsWithStats((~walls).astype(np.uint8), connectivity=4)
    height, width = size
    return [
        (int(left), int(top), int(wide), int(tall))
        for left, top, wide, tall, _ in measures[1:]
        if 0.4 * width < wide < 1.4 * width and 0.4 * height < tall < 1.4 * height
    ]


def _without_walls(ink: Ink, walls: Mask) -> Bytes:
    """Return ink without walls, except where strokes cross them."""
    strokes = (ink.image >= STROKE_LEVEL).astype(np.uint8)
    inner = ((strokes > 0) & ~walls).astype(np.uint8)
    # A stroke goes on into a wall for about as far as the wall is thick.
    reach = 2 * max(1, round(ink.pen)) + 1
    down = cv2.dilate(inner, np.ones((reach, 1), np.uint8)) > 0
    across = cv2.dilate(inner, np.ones((1, reach), np.uint8)) > 0
    return np.where(walls & ~(down & across), 0, ink.image).astype(np.uint8)


def _places(boxes: Sequence[Box]) -> dict[tuple[int, int], Box]:
    """Return the boxes of the largest group of neighbours by their row and column, counted from 0."""
    rest, largest = set(range(len(boxes))), dict[tuple[int, int], Box]()
    while rest:
        first = min(rest)
        rest.discard(first)
        places, queue = {(0, 0): boxes[first]}, deque([((0, 0), boxes[first])])
        while queue:
            (row, column), box = queue.popleft()
            for step_row, step_column in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                place = (row + step_row, column + step_column)
                if place in places:
                    continue
                for other in sorted(rest):
                    if _is_neighbour(box, boxes[other], step_row, step_column):
                        rest.discard(other)
                        places[place] = boxes[other]
                        queue.append((place, boxes[other]))
                        break
        if len(places) > len(largest):
            largest = places
    top, left = (min((place[axis] for place in largest), default=0) for axis in (0, 1))
    return {(row - top, column - left): box for (row, column), box in sorted(largest.items())}


def _is_neighbour(box: Box, other: Box, step_row: int, step_column: int) -> bool:
    """Return whether a box is the next one in a direction: beside it, and about as large."""
    along = 0 if step_column else 1
    across = 1 - along
    gap = other[along] - box[along] - box[along + 2]
    if step_row + step_column < 0:
        gap = box[along] - other[along] - other[along + 2]
    shared = min(box[across] + box[across + 2], other[across] + other[across + 2]) - max(box[across], other[across])
    least, most = sorted((box[across + 2], other[across + 2]))
    side = min(box[along + 2], other[along + 2])
    return -0.3 * side <= gap <= MAX_GAP * side and shared >= MIN_SHARED * most and least >= MIN_SHARED * most


def _completed(places: dict[tuple[int, int], Box], size: Grid) -> dict[tuple[int, int], Box]:
    """Return the boxes of all cells, those without walls where a map fitted to the others has them."""
    known = np.array(list(places), float)
    boxes = np.array(list(places.values()), float)
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    fit, *_ = np.linalg.lstsq(_terms(known), middles, rcond=None)
    wide, tall = np.median(boxes[:, 2:], axis=0)
    cells = {}
    for place in np.ndindex(size):
        if place in places:
            cells[place] = places[place]
        else:
            x, y = (_terms(np.array([place], float)) @ fit)[0]
            cells[place] = (round(x - wide / 2), round(y - tall / 2), round(wide), round(tall))
    return cells


def _terms(places: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = places.T
    return np.stack([np.ones(len(places)), rows, columns, rows * columns], axis=1)


def _divided(grid: Grid, height: int, width: int) -> dict[tuple[int, int], Box]:
    """Return equal parts of a picture."""
    rows, columns = grid
    return {
        (row, column): (
            column * width // columns,
            row * height // rows,
            (column + 1) * width // columns - column * width // columns,
            (row + 1) * height // rows - row * height // rows,
        )
        for row, column in np.ndindex(grid)
    }


def _without_borders(cell: Bytes, pen: float) -> Bytes:
    """Return a cell without its borders: without components that stay close to them, or most of whose ink does."""
    height, width = cell.shape
    labels, measures = components((cell >= STROKE_LEVEL).astype(np.uint8))
    left, top, wide, tall, area = measures.T
    near = max(2.0, 2 * pen, 0.06 * min(height, width))
    beside = (left + wide <= near) | (left >= width - near) | (top + tall <= near) | (top >= height - near)
    whole = ((wide >= 0.95 * width) | (tall >= 0.95 * height)) & ((left <= 1) | (top <= 1))
    strip = np.ones(cell.shape, bool)
    reach = round(pen) + 1
    strip[reach:-reach, reach:-reach] = False
    in_strip = np.bincount(labels[strip], minlength=len(measures))
    removed = beside | (whole & (in_strip >= MIN_IN_STRIP * area))
    removed[0] = False
    return without_components(cell, labels, removed)
