"""Forms: the digits in the cells of a grid, without the cells' borders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lenet.image.measure import STROKE_LEVEL, components
from lenet.reading.digit import only_digit, with_edges
from lenet.reading.page.ink import Bytes, Ink

MIN_CELL_PX = 4
"""The least height and width of a cell."""


@dataclass(frozen=True)
class Cell:
    """A cell with a digit: its row counted from 0, its corner in the ink, and the digit's ink (height, width)."""

    row: int
    left: int
    top: int
    ink: Bytes


def cells_of(ink: Ink, rows: int, columns: int) -> Iterator[Cell]:
    """Yield the cells that are not empty, row by row.

    Raises
    ------
    ValueError
        If the picture is too small for so many cells.
    """
    height, width = ink.image.shape
    if height < MIN_CELL_PX * rows or width < MIN_CELL_PX * columns:
        raise ValueError(f"a grid of {rows}x{columns} cells in a picture of {width}x{height} pixels: too small")
    for row in range(rows):
        top, bottom = row * height // rows, (row + 1) * height // rows
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            digit = only_digit(_without_borders(ink.image[top:bottom, left:right], ink.pen))
            if digit.any():
                yield Cell(row, left, top, digit)


def _without_borders(cell: Bytes, pen: float) -> Bytes:
    """Return a cell without its borders: without components that touch them and stay close to them."""
    height, width = cell.shape
    labels, measures = components((cell >= STROKE_LEVEL).astype(np.uint8))
    left, top, wide, tall, _ = measures.T
    near = max(2.0, 2 * pen, 0.06 * min(height, width))
    beside = (left + wide <= near) | (left >= width - near) | (top + tall <= near) | (top >= height - near)
    whole = ((wide >= 0.95 * width) | (tall >= 0.95 * height)) & ((left <= 1) | (top <= 1))
    kept = ~(beside | whole)
    kept[0] = False
    return with_edges(cell, kept[labels])
