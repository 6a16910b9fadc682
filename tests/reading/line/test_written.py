"""What is written along a line, as text, on candidates that are set by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lenet.reading.line.candidate_images import CLASSES, MARK, NAMES, UNNAMED_CLASSES
from lenet.reading.line.path import Hypothesis
from lenet.reading.line.ranking import RankedLine
from lenet.reading.line.segmentation import Candidate, Segments
from lenet.reading.line.sliding_window import LineScan
from lenet.reading.line.written import full_text, mark_tokens
from lenet.reading.page.lines import InkLine

SPECK, BLOT = "'", "?"


def line_of(written, certainty=0.9, labels=None):
    """Return a line of characters side by side, each 10 pixels wide and 20 high; a blank is a gap, ' a speck, ? a blot.

    `labels` are the classes that the path has for marks, by default any.
    """
    candidates, probabilities, digits, marks = [], [], [], []
    for at, character in enumerate(written):
        if character == " ":
            continue
        size = 1 if character == SPECK else 20
        number, left = len(candidates), 12 * at
        candidates.append(Candidate(number, number, left, 0, left + min(10, size), size))
        of_class = np.full(CLASSES, (1 - certainty) / (CLASSES - 1))
        if character.isdecimal():
            digits.append((int(character), number))
            of_class[int(character)] = certainty
        else:
            marks.append(number)
            of_class[MARK if character in SPECK + BLOT else UNNAMED_CLASSES + NAMES.index(character)] = certainty
        probabilities.append(of_class)
    empty = np.zeros((20, 12 * len(written)), np.uint8)
    line = InkLine(0, 0, empty, empty.astype(np.int32), 20.0, 10.0, 2.0)
    boxes = np.array([(c.left, c.top, c.right, c.bottom) for c in candidates])
    number = Hypothesis(tuple(digits), tuple(marks), math.log(0.9), mark_labels=labels or (MARK,) * len(marks))
    segments, scan = Segments(empty.astype(np.int32), boxes), LineScan(np.zeros((2, 11), np.float32), 1.0)
    images = np.zeros((len(candidates), 3, 28, 28), np.uint8)
    return RankedLine(0, line, scan, segments, candidates, images, np.array(probabilities), [number])


@pytest.mark.parametrize(
    ("written", "text", "complete"),
    [
        ("12", "12", True),
        ("−12.50", "−12.50", True),
        ("35×2+1", "35×2+1", True),
        ("12/03/2024", "12/03/2024", True),
        ("Io 457", "457", True),
        ("12   34", "12 34", True),
        ("12 34", "1234", True),
        ("1'2", "12", True),
        ("1?2", "12", False),  # it may be a point
        ("12?", "12", False),
        ("12    ?", "12", True),
        ("A01B22", "01 22", False),
        ("12B345", "12 345", False),
        ("A0122", "0122", True),
        ("65%", "65%", True),
    ],
)
def test_the_text_of_a_line(written, text, complete):
    assert full_text(line_of(written)) == (text, complete)


def test_two_dashes_above_each_other_are_an_equals_sign():
    line = line_of("1−−2")
    digit, upper, lower, other = line.candidates
    middle = [
        replace(upper, top=5, bottom=7),
        replace(lower, left=upper.left + 2, right=upper.right + 1, top=12, bottom=14),
    ]
    both = Candidate(upper.first, lower.last, upper.left, 5, upper.right + 1, 14)
    line = replace(line, candidates=[digit, *middle, other, both])
    assert full_text(line) == ("1=2", True)
    (sign,) = mark_tokens(line)
    assert (sign.candidate, sign.label) == (4, "=")


def test_an_uncertain_sign_leaves_the_number_open():
    assert full_text(line_of("1.5", certainty=0.4)) == ("1.5", False)


def test_the_sign_that_the_path_has_counts():
    """By itself the mark is rather a point; a pattern asked for a comma."""
    comma = UNNAMED_CLASSES + NAMES.index(",")
    line = line_of("1.5", labels=(comma,))
    (mark,) = mark_tokens(line)
    assert (mark.label, mark.confidence) == (",", pytest.approx(0.1 / (CLASSES - 1)))
    assert full_text(line) == ("1,5", False)
