"""What the network for single digits says of what a line's likeliest numbers differ in."""

import numpy as np
import pytest

import lenet
from lenet.reading.opinion import FLOOR, opinions
from lenet.reading.path import Answer


@pytest.fixture(scope="module")
def network():
    return lenet.load("reader")


@pytest.fixture(scope="module")
def pictures(mnist_test):
    """Candidates of a line: a 7, a 2, a 1, a 0, as the test images begin, with what is around them empty."""
    return np.pad(mnist_test[0][:4, None], ((0, 0), (0, 2), (0, 0), (0, 0)))


def answer(*digits, marks=()):
    return Answer(digits, marks, 0.0)


@pytest.mark.mnist
def test_digits_that_all_numbers_share_are_not_asked_for(network, pictures):
    numbers = [answer((7, 0), (2, 1)), answer((1, 0), (2, 1)), answer((2, 1))]
    (told,) = opinions(network, [numbers], [pictures])
    logs = np.log(np.maximum(network.predict_proba(pictures[:1, 0])[0], FLOOR))
    assert told == pytest.approx([logs[7], logs[1], 0.0])
    assert told[0] > -0.1 > np.log(FLOOR) + 1 > told[1]


@pytest.mark.mnist
def test_a_number_counts_all_its_digits_that_others_have_not(network, pictures):
    """The same digit of another candidate is another one."""
    numbers = [answer((7, 0), (2, 1), (1, 2)), answer((7, 0), (2, 2), (1, 1))]
    (told,) = opinions(network, [numbers], [pictures])
    one, two = np.log(np.maximum(network.predict_proba(pictures[1:3, 0]), FLOOR))
    assert told == pytest.approx([one[2] + two[1], one[1] + two[2]])


@pytest.mark.mnist
def test_what_some_take_for_a_mark_is_asked_for_if_others_take_it_for_a_digit(network, pictures):
    """A digit that is one is no mark; what is a mark for all, or a mark or nothing, needs no opinion."""
    numbers = [answer((7, 0), (2, 1), marks=(3,)), answer((7, 0), marks=(1, 3)), answer((7, 0), (2, 1))]
    (told,) = opinions(network, [numbers], [pictures])
    assert told == pytest.approx([told[0], np.log(FLOOR), told[0]])
    assert -0.1 < told[0] < 0.0
    # Of what looks like nothing at all it says so.
    (told,) = opinions(network, [numbers], [np.zeros_like(pictures)])
    assert told[1] > -0.7 > -1.0 > told[0]


@pytest.mark.mnist
def test_lines_together_are_told_what_each_is_told_alone(network, pictures):
    lines = [
        [answer((7, 0)), answer((1, 0))],
        [],
        [answer((0, 3))],
        [answer((0, 3)), answer((6, 3)), answer((2, 1), (0, 3))],
    ]
    together = opinions(network, lines, [pictures] * 4)
    alone = [opinions(network, [line], [pictures])[0] for line in lines]
    assert [len(own) for own in together] == [2, 0, 1, 3]
    for some, other in zip(together, alone, strict=True):
        assert some == pytest.approx(other)
    assert together[2].tolist() == [0.0]
    assert opinions(network, [], []) == []
