"""Saliency against the change of the engine's scores."""

import numpy as np
import pytest

import lenet
from lenet import Dense, Network, Rbf, Scale, Spec
from lenet.model.saliency import saliency


def test_saliency_of_a_linear_network_is_its_weights():
    spec = Spec((1, 2, 2), (Dense("OUT", 2),))
    weights = {"OUT.weight": np.array([[1, 2, 3, 4], [0, -1, 0, 5]], np.float32), "OUT.bias": np.zeros(2, np.float32)}
    network = Network(spec, weights, Scale(-0.5, 1.5))
    image = np.full((2, 2), 128, np.uint8)
    assert network.predict(image[None])[0] == 0
    assert saliency(network, image).tolist() == [[[2, 4], [6, 8]]]  # from paper to ink are 2 units
    assert saliency(network, image, 1).tolist() == [[[0, -2], [0, 10]]]


def test_saliency_of_distances_by_hand():
    """The score is -(x - c)^2, so its slope is 2 (c - x)."""
    network = Network(Spec((1, 1, 2), (Rbf("OUT", ((1.0, 0.0), (0.0, 9.0))),)), {}, Scale(0.0, 1.0))
    assert saliency(network, np.array([[0, 255]], np.uint8), 0) == pytest.approx(np.array([[[2.0, -2.0]]]))


@pytest.mark.parametrize("name", ["lenet5-1998", "lenet1", "lenet4"])
def test_a_grey_level_more_changes_the_score_that_much(name):
    preset = lenet.presets[name]
    network = Network.create(preset.spec, 1, scale=preset.recipe.scale)
    image = np.random.default_rng(0).integers(60, 200, network.spec.input[1:], np.uint8)
    label = int(network.predict(image[None])[0])
    gradient = saliency(network, image)[0]
    for pixel in np.argwhere(np.abs(gradient) > 0.5 * np.abs(gradient).max())[:5]:
        above, below = image.copy(), image.copy()
        above[tuple(pixel)] += 2
        below[tuple(pixel)] -= 2
        high, low = network.scores(np.stack([above, below]))[:, label]
        assert (high - low) * 255 / 4 == pytest.approx(gradient[tuple(pixel)], rel=0.05)


def test_a_class_that_is_not_there():
    with pytest.raises(ValueError, match="class 10; the network has classes 0 to 9"):
        saliency(lenet.load("lenet5"), np.zeros((28, 28), np.uint8), 10)
