"""Rescoring of the candidates in which a line's likeliest numbers differ."""

import numpy as np
import pytest

import lenet
from lenet.reading.line.candidate_images import CLASSES, NAMES, UNNAMED_CLASSES
from lenet.reading.line.path import Hypothesis
from lenet.reading.line.rescoring import MIN_PROBABILITY, OUTER_PROBABILITY, SIGN_PROBABILITY, rescore


@pytest.fixture(scope="module")
def network():
    return lenet.load("reader")


@pytest.fixture(scope="module")
def images(mnist_test):
    """Candidates of a line: a 7, a 2, a 1, a 0, as the test images begin; their other maps are empty."""
    return np.pad(mnist_test[0][:4, None], ((0, 0), (0, 2), (0, 0), (0, 0)))


UNNAMED = np.full((4, 12), 1 / 12)
"""Probabilities of candidates by networks that know no names."""


def number(*digits, marks=()):
    return Hypothesis(digits, marks, 0.0)


@pytest.mark.mnist
def test_digits_that_all_numbers_have_are_not_rescored(network, images):
    numbers = [number((7, 0), (2, 1)), number((1, 0), (2, 1)), number((2, 1))]
    (scores,) = rescore(network, [numbers], [images], [UNNAMED])
    logs = np.log(np.maximum(network.predict_proba(images[:1, 0])[0], MIN_PROBABILITY))
    assert scores == pytest.approx([logs[7], logs[1], 0.0])
    assert scores[0] > -0.1 > np.log(MIN_PROBABILITY) + 1 > scores[1]


@pytest.mark.mnist
def test_all_digits_of_a_number_count_that_others_have_not(network, images):
    """The same digit of another candidate is another one."""
    numbers = [number((7, 0), (2, 1), (1, 2)), number((7, 0), (2, 2), (1, 1))]
    (scores,) = rescore(network, [numbers], [images], [UNNAMED])
    one, two = np.log(np.maximum(network.predict_proba(images[1:3, 0]), MIN_PROBABILITY))
    assert scores == pytest.approx([one[2] + two[1], one[1] + two[2]])


@pytest.mark.mnist
def test_a_mark_is_classified_if_other_numbers_take_it_for_a_digit(network, images):
    """A digit is no mark; what is a mark for all numbers, or a mark or nothing, is not classified."""
    numbers = [number((7, 0), (2, 1), marks=(3,)), number((7, 0), marks=(1, 3)), number((7, 0), (2, 1))]
    (scores,) = rescore(network, [numbers], [images], [UNNAMED])
    assert scores == pytest.approx([scores[0], np.log(MIN_PROBABILITY), scores[0]])
    assert -0.1 < scores[0] < 0.0
    # Empty images are non-digits.
    (scores,) = rescore(network, [numbers], [np.zeros_like(images)], [UNNAMED])
    assert scores[1] > -0.7 > -1.0 > scores[0]


@pytest.mark.mnist
def test_lines_together_have_the_scores_of_each_alone(network, images):
    lines = [
        [number((7, 0)), number((1, 0))],
        [],
        [number((0, 3))],
        [number((0, 3)), number((6, 3)), number((2, 1), (0, 3))],
    ]
    together = rescore(network, lines, [images] * 4, [UNNAMED] * 4)
    alone = [rescore(network, [line], [images], [UNNAMED])[0] for line in lines]
    assert [len(of_line) for of_line in together] == [2, 0, 1, 3]
    for some, other in zip(together, alone, strict=True):
        assert some == pytest.approx(other)
    assert together[2].tolist() == [0.0]
    assert rescore(network, [], [], []) == []


@pytest.mark.mnist
def test_what_may_be_a_sign_has_a_fixed_probability(network, images):
    """The 1 may be a slash, which looks like a 1 to the classifier; after the last digit it rather is one."""
    named = np.full((4, CLASSES), 0.01)
    named[2, UNNAMED_CLASSES + NAMES.index("/")] = 0.5
    numbers = [number((7, 0), (1, 2)), number((7, 0), marks=(2,)), number((1, 0), marks=(2,))]
    (scores,) = rescore(network, [numbers], [images], [named])
    logs = np.log(np.maximum(network.predict_proba(images[:3, 0]), MIN_PROBABILITY))
    outer = np.log(OUTER_PROBABILITY)
    assert scores == pytest.approx([logs[0, 7] + logs[2, 1], logs[0, 7] + outer, logs[0, 1] + outer])
    between = [number((7, 0), (1, 2), (0, 3)), number((7, 0), (0, 3), marks=(2,))]
    (scores,) = rescore(network, [between], [images], [named])
    assert scores == pytest.approx([logs[2, 1], np.log(SIGN_PROBABILITY)])
    # Where there are no digits, a slash may as well stand first.
    (scores,) = rescore(network, [[number((1, 2)), number(marks=(2,))]], [images], [named])
    assert scores == pytest.approx([logs[2, 1], np.log(SIGN_PROBABILITY)])
