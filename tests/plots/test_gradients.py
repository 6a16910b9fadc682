"""Saliency maps as pictures."""

import numpy as np
from helpers import images_of, texts_of, values_of

import lenet
from lenet import plots
from lenet.model.saliency import saliency


def test_the_gradient_is_drawn_beside_the_input(tmp_path):
    network = lenet.load("lenet5")
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:16] = 255
    figure = plots.saliency(network, image, tmp_path / "a.png", subject="a stroke")
    drawn, gradient = images_of(figure), saliency(network, image)[0]
    assert np.array_equal(values_of(drawn["gradient"]), gradient)
    assert drawn["gradient"].get_clim() == (-np.abs(gradient).max(), np.abs(gradient).max())
    assert np.array_equal(values_of(drawn["INPUT"]), network.trace(image[None])["INPUT"][0, 0])
    assert {"a stroke", "gradient of the score of 1 by each pixel"} <= set(texts_of(figure))
    other = plots.saliency(network, image, label=7)
    assert "gradient of the score of 7 by each pixel" in texts_of(other)
    assert np.array_equal(values_of(images_of(other)["gradient"]), saliency(network, image, 7)[0])
