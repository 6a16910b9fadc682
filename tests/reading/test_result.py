"""Values of a reading, worked out by hand."""

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from lenet.reading.result import Digit, FormCell, Line, Mark, Reading


def test_a_digit_of_probabilities():
    probabilities = np.array([0.25, 0.5, 0.125, 0.125])
    digit = Digit.of(probabilities, (1, 2, 3, 4))
    assert (digit.label, digit.confidence, digit.box) == (1, 0.5, (1, 2, 3, 4))
    assert digit.alternatives == ((0, 0.25), (2, 0.125), (3, 0.125))
    chosen = Digit.of(probabilities, (1, 2, 3, 4), 2)
    assert (chosen.label, chosen.confidence) == (2, 0.125)
    assert chosen.alternatives == ((1, 0.5), (0, 0.25), (3, 0.125))


@pytest.fixture
def reading():
    first = Line(
        (Digit(1, 0.9, (5, 6, 7, 8), ((7, 0.1),)), Digit(2, 0.8, (15, 6, 7, 8))),
        0.75,
        (("72", 0.25),),
        (Mark("−", 0.75, (0, 9, 4, 2)), Mark("", 0.5, (20, 6, 1, 1)), Mark("%", 0.5, (30, 6, 2, 2))),
        accepted=True,
        full_text="−12%",
    )
    second = Line((Digit(3, 0.123456789, (5, 26, 7, 8)),), 0.5, accepted=False, reason="ambiguous")
    return Reading.of([first, second])


def test_a_reading_is_accepted_if_all_lines_are(reading):
    first = reading.lines[0]
    assert (reading.accepted, reading.reason, reading.verdict) == (False, "ambiguous", "ambiguous")
    assert (Reading.of([first, first]).accepted, Reading.of([first]).verdict) == (True, "accepted")
    without_threshold = Reading.of([replace(first, accepted=None)])
    assert (without_threshold.accepted, without_threshold.verdict) == (None, "")
    assert (first.box, Line(()).box) == ((5, 6, 17, 8), (0, 0, 0, 0))


def test_text_and_confidence(reading):
    assert (str(reading), reading.text) == ("12\n3", "12\n3")
    assert [str(line) for line in reading.lines] == ["12", "3"]
    assert reading.confidence == 0.75 * 0.5
    empty = Reading((), False, "empty")
    assert (str(empty), empty.confidence) == ("", 0.0)


def test_to_dict_is_plain(reading):
    assert json.loads(json.dumps(reading.to_dict())) == {
        "version": 1,
        "text": "12\n3",
        "full_text": "−12%\n3",
        "confidence": 0.375,
        "accepted": False,
        "reason": "ambiguous",
        "turn": 0,
        "cells": [],
        "lines": [
            {
                "text": "12",
                "confidence": 0.75,
                "accepted": True,
                "reason": "",
                "alternatives": [["72", 0.25]],
                "full_text": "−12%",
                "value": "-0.12",
                "marks": [
                    {"label": "−", "confidence": 0.75, "box": [0, 9, 4, 2]},
                    {"label": "", "confidence": 0.5, "box": [20, 6, 1, 1]},
                    {"label": "%", "confidence": 0.5, "box": [30, 6, 2, 2]},
                ],
                "digits": [
                    {"label": 1, "confidence": 0.9, "box": [5, 6, 7, 8], "alternatives": [[7, 0.1]]},
                    {"label": 2, "confidence": 0.8, "box": [15, 6, 7, 8], "alternatives": []},
                ],
            },
            {
                "text": "3",
                "confidence": 0.5,
                "accepted": False,
                "reason": "ambiguous",
                "alternatives": [],
                "full_text": "3",
                "value": "3",
                "marks": [],
                "digits": [{"label": 3, "confidence": 0.123456789, "box": [5, 26, 7, 8], "alternatives": []}],
            },
        ],
    }


def test_to_csv_has_a_row_for_each_digit(reading):
    assert reading.to_csv().splitlines() == [
        "line,place,label,confidence,left,top,width,height",
        "1,1,1,0.900000,5,6,7,8",
        "1,2,2,0.800000,15,6,7,8",
        "2,1,3,0.123457,5,26,7,8",
    ]


def test_a_reading_is_shown_in_one_line_and_as_a_table(reading):
    assert repr(reading) == f"<Reading '12\\n3', confidence {reading.confidence:.4f}, ambiguous>"
    html = Reading(reading.lines, False, "ambiguous")._repr_html_()
    assert "<caption>ambiguous</caption>" in html
    assert html.count("<tr>") == 3
    assert "72 0.25" in html


def test_cells_of_a_form_are_plain_too(reading):
    cells = (FormCell(0, 0, "empty", (0, 0, 9, 9)), FormCell(0, 1, "read", (9, 0, 9, 9), reading.lines[1]))
    form = replace(reading, cells=cells, turn=90).to_dict()
    assert form["turn"] == 90
    assert form["cells"][0] == {"row": 0, "column": 0, "status": "empty", "box": [0, 0, 9, 9], "line": None}
    assert form["cells"][1]["line"] == form["lines"][1]


def test_the_full_text_is_the_digits_unless_it_is_given():
    digits = (Digit(1, 0.9, (5, 6, 7, 8)), Digit(2, 0.8, (15, 6, 7, 8)))
    assert (Line(digits).full_text, Line(digits).value) == ("12", Decimal(12))
    assert Line(digits, full_text="−1.2").value == Decimal("-1.2")
    assert Line(digits, full_text="−1.2", complete=False).value is None
    assert Line(digits, full_text="0.00000012").to_dict()["value"] == "0.00000012"
