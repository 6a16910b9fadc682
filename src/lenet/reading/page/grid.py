"""Forms: from ink to the digits in a grid's cells, without the cells' borders."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lenet.reading.digit import only_digit, with_edges
from lenet.reading.ink import STROKE, Bytes, Ink
from lenet.reading.lines import components

SMALLEST = 4
"""Pixels of a cell's sides at least."""


def cells_of(ink: Ink, rows: int, columns: int) -> Iterator[tuple[int, int, int, Bytes]]:
    """Yield the cells that are not empty, row by row: the row from 0 on, the cell's left and top, its digit's ink.

    Raises
    ------
    ValueError
        If the picture is too small for so many cells.
    """
    height, width = ink.image.shape
    if height < SMALLEST * rows or width < SMALLEST * columns:
        raise ValueError(f"a grid of {rows}x{columns} cells in a picture of {width}x{height} pixels: too small")
    for row in range(rows):
        top, bottom = row * height // rows, (row + 1) * height // rows
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            cell = only_digit(_inner(ink.image[top:bottom, left:right], ink.pen))
            if cell.any():
                yield row, left, top, cell


def _inner(cell: Bytes, pen: float) -> Bytes:
    """Return a cell without what belongs to its borders: strokes that touch them and keep close to them."""
    height, width = cell.shape
    labels, figures = components((cell >= STROKE).astype(np.uint8))
    left, top, wide, tall, _ = figures.T
    near = max(2.0, 2 * pen, 0.06 * min(height, width))
    beside = (left + wide <= near) | (left >= width - near) | (top + tall <= near) | (top >= height - near)
    whole = ((wide >= 0.95 * width) | (tall >= 0.95 * height)) & ((left <= 1) | (top <= 1))
    chosen = ~(beside | whole)
    chosen[0] = False
    return with_edges(cell, chosen[labels])
