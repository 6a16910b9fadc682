"""Whether an answer is accepted, and what is said of it."""

import numpy as np
import pytest

from lenet import Dense, Network, Spec
from lenet.model.calibration import Calibration
from lenet.plots.verdict import Verdict
from lenet.plots.verdict import verdict as verdict_of


def network_of(probabilities, calibration=None):
    """Return a network that gives these probabilities for any image: its biases are their logarithms."""
    spec = Spec((1, 1, 1), (Dense("OUTPUT", len(probabilities), "softmax"),))
    bias = np.log(np.maximum(probabilities, 1e-9)).astype(np.float32)
    weights = {"OUTPUT.weight": np.zeros((len(probabilities), 1), np.float32), "OUTPUT.bias": bias}
    return Network(spec, weights, calibration=calibration)


IMAGE = np.zeros((1, 1), np.uint8)


def verdict(network, reject=None):
    return verdict_of(network, network.predict_proba(IMAGE[None])[0], reject)


FOUR_OR_NINE = [0, 0, 0, 0, 0.6, 0, 0, 0, 0, 0.4]
EVEN = [0.1] * 10
CALIBRATED = Calibration(images=5000, mistakes=((0.9, 3000), (0.7, 4000)))
"""Thresholds: just above 0.7 for an error of (1 + 1) / (4000 + 1) = 0.05 %; none for less than 1 / 3001."""


def test_without_calibration_the_threshold_is_a_half():
    assert verdict(network_of(FOUR_OR_NINE)).reason == ""
    even = verdict(network_of(EVEN))
    assert even.reason == "not_a_digit"
    assert even.explanation == "not accepted: below the rejection threshold of 50.0 % (the network was not calibrated)"


def test_a_calibrated_network_has_its_threshold_for_an_error():
    network = network_of(FOUR_OR_NINE, CALIBRATED)
    accepted = verdict(network)  # 3 / 5001 is below 0.1 %, so that everything is accepted
    assert accepted.reason == ""
    assert accepted.explanation == "accepted, as every answer is (an error of 0.1 % among accepted answers)"
    rejected = verdict(network, reject=0.0005)
    assert rejected.reason == "ambiguous"
    assert rejected.explanation.startswith("not accepted: below the rejection threshold of 70.0 % (an error of 0.05 %")
    with pytest.raises(ValueError, match=r"no rejection threshold for an error of 0.01 %"):
        verdict(network, reject=0.0001)


def test_few_images_support_no_small_error():
    judged = verdict(network_of(FOUR_OR_NINE, Calibration(images=20)))
    assert judged.explanation.startswith(
        "accepted: it reaches the rejection threshold of 50.0 % (its calibration by 20"
    )


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("", "Answer: 4   probability 60.0 %"),
        ("ambiguous", "Not confident: 4   probability 60.0 %"),
        ("not_a_digit", "Probably no digit, likeliest 4   probability 60.0 %"),
    ],
)
def test_titles(reason, title):
    assert Verdict(np.array(FOUR_OR_NINE, np.float32), 4, reason, "", tuple("0123456789")).title == title


def test_other_classes_are_no_digits():
    title = Verdict(np.full(3, 1 / 3, np.float32), 0, "not_a_digit", "", ("a", "b", "c")).title
    assert title.startswith("Probably none of the classes, likeliest a")
