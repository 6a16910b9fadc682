"""Dates among the numbers that a line may be, on candidates that are set by hand."""

import math

import numpy as np
import pytest

from lenet.reading.line.candidate_images import CLASSES, MARK, NAMES, UNNAMED_CLASSES
from lenet.reading.line.dates import WEIGHT, as_seen, date_of
from lenet.reading.line.path import Hypothesis, Lattice
from lenet.reading.line.ranking import ScoredLine, SegmentedLine, ranked
from lenet.reading.line.segmentation import Candidate, Segments
from lenet.reading.line.sliding_window import LineScan
from lenet.reading.page.lines import InkLine

SPECK = "'"
SLASH = UNNAMED_CLASSES + NAMES.index("/")


def made(text):
    """Return the number of a text whose characters are a candidate each, the candidates, and their probabilities."""
    candidates = [Candidate(k, k, 20 * k, 0, 20 * k + 10, 40) for k in range(len(text))]
    probabilities = np.full((len(text), CLASSES), 1e-3)
    digits, marks = [], []
    for k, character in enumerate(text):
        if character.isdecimal():
            digits.append((int(character), k))
        else:
            probabilities[k, MARK if character == SPECK else UNNAMED_CLASSES + NAMES.index(character)] = 0.9
            marks.append(k)
    return Hypothesis(tuple(digits), tuple(marks), 0.0, mark_labels=(MARK,) * len(marks)), candidates, probabilities


@pytest.mark.parametrize("text", ["12/03/2024", "1/2/24", "12/3/2024", "2024/12/03", "99/99/9999"])
def test_dates(text):
    assert date_of(*made(text)) == text


@pytest.mark.parametrize(
    "text", ["12/03", "12/03/202", "123/03/2024", "1/2/3", "12.03/2024", "12/03/2024/", "20241203"]
)
def test_other_numbers_are_no_dates(text):
    assert date_of(*made(text)) == ""


def test_specks_do_not_count():
    assert date_of(*made("12/'03/'24")) == "12/03/24"


def test_the_class_that_a_path_has_for_a_mark_counts():
    number, candidates, probabilities = made("12,03,24")
    slashes = Hypothesis(number.digits, number.marks, 0.0, mark_labels=(SLASH, SLASH))
    assert date_of(number, candidates, probabilities) == ""
    assert date_of(slashes, candidates, probabilities) == "12/03/24"


def test_the_window_takes_slashes_for_ones():
    assert as_seen("12/03/24") == "12103124"


def test_a_date_has_a_better_chance_than_a_longer_number():
    """Their paths are 0.0003 and 0.6; the window sees ones for the slashes, which counts for both."""
    text = "12/03/24"
    date, candidates, probabilities = made(text)
    longer = Hypothesis(tuple((int(digit), k) for k, digit in enumerate(as_seen(text))), (), math.log(0.6))
    date = Hypothesis(date.digits, date.marks, math.log(0.0003), mark_labels=date.mark_labels)
    empty = np.zeros((40, 200), np.uint8)
    line = InkLine(0, 0, empty, empty.astype(np.int32), 40.0, 20.0, 4.0)
    boxes = np.array([(c.left, c.top, c.right, c.bottom) for c in candidates])
    segments, scan = Segments(empty.astype(np.int32), boxes), LineScan(np.full((2, 11), 1 / 11, np.float32), 0.5)
    images = np.zeros((len(text), 3, 28, 28), np.uint8)
    segmented = SegmentedLine(0, line, scan, segments, candidates, images)
    scored = ScoredLine.of(segmented, Lattice(candidates, probabilities, len(text), 40.0), [longer, date])
    assert scored.seen_texts == ["12103124", "120324", "12103124"]
    result = ranked(scored, np.array([-1.0, -30.0, -1.0]), np.zeros(2))
    assert [number.text for number in result.numbers] == ["120324", "12103124"]
    rest = 0.6 / (0.0003 * WEIGHT + 0.6)
    assert result.numbers[0].confidence == pytest.approx(0.0003 / (0.0003 + rest + 1e-4 * 0.9997))
