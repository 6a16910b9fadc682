"""Non-digits that networks are tested on, and the fraction of them that a threshold rejects."""

import numpy as np
import pytest

from lenet import Dense, Network, Spec
from lenet.evaluation.nondigits import TEST_COUNT, TEST_SEED, rejected_fraction, standard_nondigits
from lenet.recipe import Scale
from lenet.synthesis.nondigits import nondigits


def test_the_standard_nondigits_are_those_of_their_own_seed(digits_train, monkeypatch):
    images, labels = digits_train[0][:200], digits_train[1][:200]
    monkeypatch.setattr("lenet.evaluation.nondigits.TEST_COUNT", 20)  # few are enough here
    made = standard_nondigits(images, labels)
    assert (TEST_COUNT, made.shape, made.dtype) == (2000, (20, 28, 28), np.uint8)
    assert np.array_equal(made, nondigits(images[:, None], labels, 20, seed=TEST_SEED)[:, 0])


def test_rejected_by_hand():
    """Scores are the pixels, 0 to 4: confidences e^4 / (e^4 + 2), e^4 / (2 e^4 + 1) and a third."""
    weights = {"OUTPUT.weight": np.eye(3, dtype=np.float32), "OUTPUT.bias": np.zeros(3, np.float32)}
    network = Network(Spec((1, 1, 3), (Dense("OUTPUT", 3, "softmax"),)), weights, Scale(0.0, 4.0))
    images = np.array([[255, 0, 0], [255, 255, 0], [0, 0, 0], [0, 0, 255]], np.uint8)[:, None]
    for threshold, fraction in ((0.0, 0.0), (0.4, 0.25), (0.9, 0.5), (0.99, 1.0)):
        assert rejected_fraction(network, images, threshold) == fraction
    assert rejected_fraction(network, images, 0.9, threads=2) == pytest.approx(0.5)
