"""Ranking of a line's numbers by three scores, worked out by hand."""

import math

import numpy as np
import pytest

from lenet.reading.line.path import Hypothesis, Lattice
from lenet.reading.line.ranking import RankedLine, ScoredLine, SegmentedLine, ranked
from lenet.reading.line.segmentation import Candidate, Segments
from lenet.reading.line.sliding_window import LineScan
from lenet.reading.page.lines import InkLine


def scored(*numbers):
    """Return a line with numbers by their paths; candidate k has k + 1 in the first map of its image."""
    empty = np.zeros((40, 60), np.uint8)
    line = InkLine(0, 0, empty, empty.astype(np.int32), 40.0, 20.0, 4.0)
    candidates = [Candidate(k, k, 20 * k, 0, 20 * k + 10, 40) for k in range(3)]
    segments = Segments(empty.astype(np.int32), np.array([(c.left, c.top, c.right, c.bottom) for c in candidates]))
    images = np.zeros((3, 3, 28, 28), np.uint8)
    images[:, 0] = np.arange(1, 4, dtype=np.uint8)[:, None, None]
    scan = LineScan(np.full((2, 11), 1 / 11, np.float32), 0.5)
    segmented = SegmentedLine(7, line, scan, segments, candidates, images)
    return ScoredLine.of(segmented, Lattice(candidates, np.full((3, 12), 1 / 12), 3, 40.0), numbers)


def number(text, probability, constrained=True):
    """Return a number of the candidates 0, 1, 2 with the probability of its path."""
    digits = tuple((int(digit), index) for index, digit in enumerate(text))
    return Hypothesis(digits, (), math.log(probability), constrained=constrained)


def rank(numbers, alignments=None, rescores=None):
    """Return the texts and confidences of numbers as they are ranked; scores that are not given are 0."""
    zeros = np.zeros(len(numbers))
    line = ranked(
        scored(*numbers),
        zeros if alignments is None else np.array(alignments),
        zeros if rescores is None else np.array(rescores),
    )
    return [one.text for one in line.numbers], [one.confidence for one in line.numbers]


def test_a_number_alone_has_about_the_confidence_of_its_path():
    """No other number is there: its odds are 0.8 against a ten-thousandth of the 0.2 that its path leaves."""
    texts, confidences = rank([number("12", 0.8)])
    assert texts == ["12"]
    assert confidences == pytest.approx([0.8 / (0.8 + 0.00002)])


def test_the_weight_of_others_counts_against_a_number():
    """Paths of 0.6 and 0.3 are two thirds and one third of all weight; the second is half as confident as the first."""
    texts, confidences = rank([number("12", 0.6), number("13", 0.3)])
    assert texts == ["12", "13"]
    first = 0.6 / (0.6 + 1 / 3 + 0.00004)
    assert confidences == pytest.approx([first, first / 2])


def test_confidences_of_all_numbers_add_up_to_one():
    """Paths of 0.9 and 0.6: the first is confident of more than its three fifths of all weight."""
    _, confidences = rank([number("12", 0.9), number("13", 0.4), number("14", 0.2)])
    first = 0.9 / (0.9 + 0.4 + 0.00001)
    assert confidences == pytest.approx([first, (1 - first) * 2 / 3, (1 - first) / 3])


@pytest.mark.parametrize("score", ["alignments", "rescores"])
def test_alignment_and_rescoring_count_three_quarters(score):
    """A score of log 1/16 divides the weight of the first number by 8: 0.075 and 0.3, a fifth and four fifths."""
    texts, confidences = rank([number("12", 0.6), number("13", 0.3)], **{score: [math.log(1 / 16), 0.0]})
    assert texts == ["13", "12"]
    first = 0.3 / (0.3 + 0.2 + 0.00007)
    assert confidences == pytest.approx([first, first / 4])


def test_a_number_without_an_alignment_comes_last_with_no_confidence_to_speak_of():
    texts, confidences = rank([number("112", 0.9), number("12", 0.1)], alignments=[-np.inf, 0.0])
    assert texts == ["12", "112"]
    assert confidences == pytest.approx([0.1 / (0.1 + 0.00009), 0.0])


def test_a_number_that_no_constraint_chose_counts_a_hundredth_and_is_dropped():
    """The path of the constrained number has 0.001; 0.9 of another is 0.009 against it, nine tenths of all weight."""
    texts, confidences = rank([number("12", 0.001), number("13", 0.9, constrained=False)])
    assert texts == ["12"]
    assert confidences == pytest.approx([0.001 / (0.001 + 0.9 + 0.0000999)])


def test_the_images_of_the_best_numbers_digits():
    line = ranked(scored(number("12", 0.3), number("34", 0.6)), np.zeros(2), np.zeros(2))
    assert isinstance(line, RankedLine)
    assert (line.page, line.numbers[0].text) == (7, "34")
    assert line.digit_images.shape == (2, 28, 28)
    assert line.digit_images[:, 0, 0].tolist() == [1, 2]


def test_a_line_without_numbers():
    line = ranked(scored(), np.zeros(0), np.zeros(0))
    assert list(line.numbers) == []
    assert line.digit_images.shape == (0, 28, 28)
