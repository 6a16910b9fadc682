"""A form as a reading: what was read in each cell, and the digits of each row as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lenet.reading.page.grid import Cell
from lenet.reading.page.ink import Ink
from lenet.reading.result import FormCell, Line, Reading

MIN_CONFIDENCE = 0.9
"""The least product of all cells' confidences with which a form as a whole is accepted."""


def form_reading(ink: Ink, cells: Sequence[Cell], readings: Sequence[Reading]) -> Reading:
    """Return the reading of a form from those of its cells.

    It is not accepted with unread ink in a cell, nor if it is likely that one of many cells is wrong.
    """
    form = [_form_cell(cell, reading, ink) for cell, reading in zip(cells, readings, strict=True)]
    rows = sorted({cell.row for cell in form})
    lines = [_joined([cell.line for cell in form if cell.row == row and cell.line]) for row in rows]
    with_digits = [line for line in lines if line.digits]
    asked = not any(reading.accepted is None for reading in readings)
    if any(cell.status == "unread" for cell in form):
        reading = Reading(tuple(with_digits), False if asked else None, "unread")
    elif with_digits:
        reading = Reading.of(with_digits)
        if reading.accepted and reading.confidence < MIN_CONFIDENCE:
            reading = replace(reading, accepted=False, reason="ambiguous")
    else:
        reading = Reading((), False if asked else None, "empty")
    return replace(reading, cells=tuple(form))


def _form_cell(cell: Cell, reading: Reading, ink: Ink) -> FormCell:
    line = _joined(reading.lines)
    status = "read" if line.digits else "empty" if reading.reason == "empty" else "unread"
    return FormCell(cell.row, cell.column, status, ink.box_in_picture(cell.box), line if line.digits else None)


def _joined(lines: Sequence[Line]) -> Line:
    """Return the digits of several lines as one, which is accepted if all are and has no value; one alone as it is."""
    if len(lines) == 1:
        return lines[0]
    together = Reading.of(lines)
    return Line(
        tuple(digit for line in lines for digit in line.digits),
        together.confidence,
        marks=tuple(mark for line in lines for mark in line.marks),
        accepted=together.accepted,
        reason=together.reason,
        full_text=" ".join(line.full_text for line in lines),
        complete=not lines,
    )
