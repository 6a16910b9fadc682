"""The rejection threshold of a wanted error, and the probability of a non-digit."""

import numpy as np
import pytest

from lenet.model.rejection import (
    as_fraction,
    as_percent,
    nondigit_probability,
    rejection_reason,
    rejection_threshold,
)

MISTAKES = ((0.9, 700), (0.8, 900), (0.8, 900), (0.5, 990))


@pytest.mark.parametrize(
    ("error", "threshold"),
    [
        (0.9, 0.0),  # all of them: five of 1001
        (5 / 1001, 0.0),
        (4.1 / 991, 0.5),  # without the last mistake: four of 991
        (2.1 / 901, 0.8),  # the two of equal confidence go together
        (1.1 / 701, 0.9),
    ],
)
def test_thresholds_by_hand(error, threshold):
    got = rejection_threshold(MISTAKES, 1000, error)
    assert got == pytest.approx(threshold, abs=1e-6)
    assert got > threshold or threshold == 0


def test_an_error_that_the_images_do_not_support():
    with pytest.raises(
        ValueError, match=r"no rejection threshold for an error of 0.1 %: 1000 hold-out images support 0.14 % at b"
    ):
        rejection_threshold(MISTAKES, 1000, 0.001)
    with pytest.raises(ValueError, match="an error of 0 among accepted answers; expected above 0 and below 1"):
        rejection_threshold(MISTAKES, 1000, 0)


def test_fractions():
    assert [as_fraction(value) for value in ("1%", " 0.1 %", "0.25", 0.5)] == [0.01, 0.001, 0.25, 0.5]
    with pytest.raises(ValueError, match="'x%' is not a fraction"):
        as_fraction("x%")


def test_the_probability_of_a_nondigit_by_hand():
    probabilities = np.array([[0.1] * 10, [0.5, 0.5] + [0] * 8, [1] + [0] * 9, [0.55] + [0.05] * 9], np.float32)
    assert nondigit_probability(probabilities) == pytest.approx([1, 0, 0, 0.5], abs=1e-6)
    assert nondigit_probability(np.array([[0.5, 0.5]], np.float32)).tolist() == [0]


def test_percent():
    assert [as_percent(value) for value in (0.0, 0.123, 0.9994, 0.9996, 1.0)] == [
        "0.0 %",
        "12.3 %",
        "99.9 %",
        "> 99.9 %",
        "100.0 %",
    ]


@pytest.mark.parametrize(
    ("probabilities", "threshold", "reason"),
    [
        ([0.6, 0.4, 0, 0, 0], 0.6, ""),
        ([0.6, 0.4, 0, 0, 0], 0.61, "ambiguous"),
        ([0.2, 0.2, 0.2, 0.2, 0.2], 0.61, "not_a_digit"),
        ([0.2, 0.2, 0.2, 0.2, 0.2], 0.0, ""),
    ],
)
def test_why_an_answer_is_not_accepted(probabilities, threshold, reason):
    assert rejection_reason(np.array(probabilities, np.float32), np.float32(threshold)) == reason
