"""Readings as rows of tables, worked out by hand."""

import csv
import io
from dataclasses import replace

from lenet.image.errors import PictureError
from lenet.reading.records import COLUMNS, Record, Table, records_of
from lenet.reading.result import Digit, FormCell, Line, Reading

FIRST = Line((Digit(1, 0.9, (5, 6, 7, 8)), Digit(2, 0.8, (15, 4, 7, 8))), 0.75, accepted=True)
SECOND = Line((Digit(3, 0.5, (5, 26, 7, 8)),), 0.5, accepted=False, reason="ambiguous")


def test_a_record_for_each_line():
    assert list(records_of(Reading.of([FIRST, SECOND]), "a.pdf", 2)) == [
        Record("a.pdf", 2, 1, None, None, "12", "12", "12", 0.75, "accepted", "", "5 4 17 10"),
        Record("a.pdf", 2, 2, None, None, "3", "3", "3", 0.5, "rejected", "ambiguous", "5 26 7 8"),
    ]
    without_threshold = Reading.of([Line(FIRST.digits, 0.75)])
    assert [record.status for record in records_of(without_threshold, "a.png")] == ["read"]


def test_a_record_for_each_cell():
    cells = (FormCell(0, 0, "empty", (0, 0, 9, 9)), FormCell(0, 1, "read", (9, 0, 30, 30), SECOND))
    assert list(records_of(replace(Reading.of([SECOND]), cells=cells), "a.png")) == [
        Record("a.png", 1, 0, 1, 1, "", "", "", 0.0, "empty", "", "0 0 9 9"),
        Record("a.png", 1, 0, 1, 2, "3", "3", "3", 0.5, "rejected", "ambiguous", "5 26 7 8"),
    ]


def test_pictures_without_digits_have_a_record():
    for result, status, reason in (
        (Reading((), False, "empty"), "empty", "empty"),
        (Reading((), None, "not_a_digit"), "unread", "not_a_digit"),
        (PictureError("a.png: broken\nor cut"), "error", "a.png: broken or cut"),
    ):
        (record,) = records_of(result, "a.png")
        assert (record.line, record.text, record.status, record.reason) == (0, "", status, reason)


def test_cells_are_no_formulas():
    file = io.StringIO()
    names = ["=1+1.png", "+a", "-5.png", "@x", "-5", "a,b\n.png", "'"]
    Table(file).write([Record(name, 1, 1, text="007", confidence=0.25, status="read") for name in names])
    header, *rows = csv.reader(io.StringIO(file.getvalue()))
    assert tuple(header) == COLUMNS
    assert [row[0] for row in rows] == ["'=1+1.png", "'+a", "'-5.png", "'@x", "-5", "a,b\n.png", "'"]
    assert rows[0][1:] == ["1", "1", "", "", "007", "", "", "0.250000", "read", "", ""]
