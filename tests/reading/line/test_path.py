"""The best path through a segmentation lattice, on probabilities that can be worked out by hand."""

import math

import numpy as np
import pytest

from lenet.reading.line.candidate_images import CLASSES, MARK, NAMES, UNNAMED_CLASSES, WRONG
from lenet.reading.line.path import Lattice, best_hypotheses
from lenet.reading.line.segmentation import Candidate
from lenet.reading.line.shape import Shape

RUNS = [(0, 0), (0, 1), (1, 1), (2, 2)]
CANDIDATES = [Candidate(first, last, 0, 0, 1, 1) for first, last in RUNS]


def lattice(**of):
    """Return the lattice of three segments with the candidates' probabilities.

    ``run01={8: 0.9}`` are those of the candidate of the segments 0 and 1; the rest is a wrong segmentation.
    """
    probabilities = np.zeros((len(RUNS), CLASSES))
    for row, (first, last) in zip(probabilities, RUNS, strict=True):
        for label, probability in of.get(f"run{first}{last}", {}).items():
            row[label] = probability
        row[WRONG] = 1 - row.sum()
    return Lattice(CANDIDATES, probabilities, 3)


def test_the_likeliest_segmentation_wins():
    numbers = best_hypotheses(lattice(run00={1: 0.5}, run01={8: 0.6}, run11={3: 0.5}, run22={5: 0.9, 6: 0.1}))
    assert [number.text for number in numbers] == ["85", "135", "86", "136"]
    assert [math.exp(number.score) for number in numbers] == pytest.approx([0.54, 0.225, 0.06, 0.025])
    assert numbers[0].digits == ((8, 1), (5, 3))


def test_marks_are_no_digits_but_kept():
    (best, *_) = best_hypotheses(lattice(run00={4: 0.9}, run11={MARK: 0.8}, run22={2: 1.0}))
    assert (best.text, best.marks, math.exp(best.score)) == ("42", (2,), pytest.approx(0.72))


@pytest.mark.parametrize(
    ("mark", "score", "marks"),
    [
        (0.5, 0.25, (0,)),  # a mark and a 7 are about as likely as a 7 that has the mark in it
        (0.1, 0.3, ()),
    ],
)
def test_the_same_number_counts_once(mark, score, marks):
    numbers = best_hypotheses(lattice(run00={MARK: mark}, run01={7: 0.3}, run11={7: 0.5}, run22={1: 1.0}))
    assert [(number.text, number.marks) for number in numbers] == [("71", marks)]
    assert math.exp(numbers[0].score) == pytest.approx(score)


def test_only_numbers_of_a_length():
    of_line = lattice(run00={1: 0.5}, run01={8: 0.6}, run11={3: 0.5}, run22={5: 0.9})
    numbers = best_hypotheses(of_line, Shape.of_length(3))
    assert [(number.text, number.constrained) for number in numbers] == [("135", True), ("85", False)]
    # There is none of four digits in three segments.
    assert best_hypotheses(of_line, Shape.of_length(4)) == []


def test_only_numbers_of_a_pattern():
    """A stroke that is a 1 or a slash, a 3, and one that is a dot or a speck."""
    slash, dot = (UNNAMED_CLASSES + NAMES.index(name) for name in "/.")
    of_line = lattice(run00={1: 0.6, slash: 0.4}, run11={3: 1.0}, run22={dot: 0.7, MARK: 0.3})
    for pattern, text, probability in (("##", "13", 0.6 * 0.3), ("##.", "13", 0.6 * 0.7), ("/#.", "3", 0.4 * 0.7)):
        best = best_hypotheses(of_line, Shape.of_pattern(pattern))[0]
        assert (best.text, best.constrained, math.exp(best.score)) == (text, True, pytest.approx(probability))
    assert best_hypotheses(of_line, Shape.of_pattern("#/#")) == []
    # Without a pattern, a mark is a mark by any name.
    assert math.exp(best_hypotheses(of_line)[0].score) == pytest.approx(0.6)
    assert math.exp(best_hypotheses(of_line, Shape.of_length(1))[0].score) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "pattern is '', with 0 digits, 0 characters; expected # for each digit, signs such as /"),
        ("//", "with 0 digits"),
        ("#" * 65, "with 65 digits, 65 characters"),
        ("#" + "." * 64, "with 1 digits, 65 characters"),
        ("##?##!", r"pattern is '##\?##!', with !, \?; expected"),
    ],
)
def test_patterns_that_are_refused(pattern, message):
    with pytest.raises(ValueError, match=message):
        Shape.of_pattern(pattern)


def test_other_signs_than_those_of_the_pattern_count_against_a_number():
    """A mark that is a point with 0.1 and a comma with 0.8, between a 1 and a 3."""
    probabilities = np.zeros((3, CLASSES))
    probabilities[0, 1] = probabilities[2, 3] = 1.0
    probabilities[1, UNNAMED_CLASSES + NAMES.index(".")], probabilities[1, UNNAMED_CLASSES + NAMES.index(",")] = (
        0.1,
        0.8,
    )
    of_line = Lattice([Candidate(k, k, 20 * k, 0, 20 * k + 10, 40) for k in range(3)], probabilities, 3, 40.0)
    fitting, other = best_hypotheses(of_line, Shape.of_pattern("#.#"))
    assert (fitting.text, fitting.constrained, math.exp(fitting.score)) == ("13", True, pytest.approx(0.1))
    assert (other.text, other.constrained, math.exp(other.score)) == ("13", False, pytest.approx(0.8))
    assert fitting.mark_labels == (UNNAMED_CLASSES + NAMES.index("."),)


def test_signs_of_a_keyboard():
    assert Shape.of_pattern("-# x #") == Shape(("−", "#", "×", "#"))


def test_only_numbers_that_satisfy_a_constraint():
    of_line = lattice(run00={1: 0.5}, run01={8: 0.6}, run11={3: 0.5}, run22={5: 0.9, 6: 0.1})
    numbers = best_hypotheses(of_line, constraint=lambda text: text.endswith("6"))
    assert [number.text for number in numbers if number.constrained] == ["86", "136"]
    # Those that satisfy it come first; the others are kept for comparison.
    assert [number.text for number in numbers[2:]] == ["85", "135"]


def test_one_digit_is_not_read_twice():
    candidates = [Candidate(0, 0, 0, 0, 10, 40), Candidate(1, 1, 4, 0, 14, 40), Candidate(0, 1, 0, 0, 14, 40)]
    probabilities = np.zeros((3, CLASSES))
    probabilities[0, 2] = probabilities[1, 2] = 0.9
    probabilities[2, 2] = 0.5
    # Their middles are four pixels apart: a fifth of twenty pixels, but not of forty.
    assert best_hypotheses(Lattice(candidates, probabilities, 2, digit_height=20.0))[0].text == "22"
    assert best_hypotheses(Lattice(candidates, probabilities, 2, digit_height=40.0))[0].text == "2"


def test_where_everything_is_unlikely_there_is_still_a_number():
    assert best_hypotheses(lattice()) != []
