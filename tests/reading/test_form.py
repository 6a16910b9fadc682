"""Forms from the readings of their cells, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from lenet.reading.form import form_reading
from lenet.reading.page.grid import Cell
from lenet.reading.page.ink import Ink
from lenet.reading.result import Digit, Line, Reading

INK = Ink(np.zeros((10, 400), np.uint8))
EMPTY, SPECK = Reading((), False, "empty"), Reading((), False, "not_a_digit")


def digit(label, confidence=0.999, accepted=True):
    return Reading.of([Line((Digit(label, confidence, (1, 1, 5, 8)),), confidence, accepted=accepted)])


def form(*readings, columns=2):
    blank = np.zeros((10, 10), np.uint8)
    cells = [Cell(n // columns, n % columns, (10 * n, 0, 10, 10), blank) for n in range(len(readings))]
    return form_reading(INK, cells, readings)


def test_rows_are_lines_and_cells_keep_their_places():
    reading = form(digit(1), digit(2), EMPTY, digit(4), EMPTY, EMPTY)
    assert [line.text for line in reading.lines] == ["12", "4"]
    assert (reading.accepted, reading.reason) == (True, "")
    places = [(cell.row, cell.column, cell.status) for cell in reading.cells]
    assert places == [
        (0, 0, "read"),
        (0, 1, "read"),
        (1, 0, "empty"),
        (1, 1, "read"),
        (2, 0, "empty"),
        (2, 1, "empty"),
    ]


def test_ink_that_is_no_digit_is_not_accepted():
    reading = form(digit(1), SPECK)
    assert (reading.text, reading.accepted, reading.reason) == ("1", False, "unread")
    assert reading.cells[1].status == "unread"


@pytest.mark.parametrize(("count", "accepted"), [(10, True), (11, False)])
def test_many_cells_that_may_each_be_wrong_are_not_accepted_together(count, accepted):
    """0.99 to the tenth power is 0.904, to the eleventh 0.895."""
    reading = form(*[digit(3, 0.99)] * count, columns=40)
    assert reading.confidence == pytest.approx(0.99**count)
    assert (reading.accepted, reading.reason) == (accepted, "" if accepted else "ambiguous")
    assert all(cell.line.accepted for cell in reading.cells)


def test_without_a_threshold_nothing_is_accepted_or_rejected():
    asked = digit(1, 0.5, accepted=None)
    reading = form(asked, replace(EMPTY, accepted=None))
    assert (reading.text, reading.accepted) == ("1", None)
    assert form(replace(EMPTY, accepted=None)).accepted is None
    assert form(EMPTY).reason == "empty"


def test_two_lines_in_a_cell_are_its_digits_in_their_order_and_no_value():
    lines = [Line((Digit(label, 0.9, (x, 1, 5, 8)),), 0.9, accepted=True) for label, x in ((4, 20), (7, 1))]
    reading = form(Reading.of(lines))
    (cell,) = reading.cells
    assert (cell.line.text, cell.line.full_text, cell.line.value) == ("47", "4 7", None)
