"""Saliency maps as pictures."""

import numpy as np
from helpers import axes_of, texts_of

import lenet
from lenet import plots
from lenet.model.saliency import saliency


def test_the_gradient_is_drawn_beside_the_input(tmp_path):
    network = lenet.load("lenet5")
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:16] = 255
    figure = plots.saliency(network, image, tmp_path / "a.png", subject="a stroke")
    drawn, gradient = axes_of(figure), saliency(network, image)[0]
    assert np.array_equal(np.ma.getdata(drawn["gradient"].images[0].get_array()), gradient)
    assert drawn["gradient"].images[0].get_clim() == (-np.abs(gradient).max(), np.abs(gradient).max())
    assert np.array_equal(
        np.ma.getdata(drawn["INPUT"].images[0].get_array()), network.trace(image[None])["INPUT"][0, 0]
    )
    assert drawn["gradient"].get_title() == "gradient of the score of 1 by each pixel"
    assert "a stroke" in texts_of(figure)
    other = axes_of(plots.saliency(network, image, label=7))["gradient"]
    assert other.get_title() == "gradient of the score of 7 by each pixel"
    assert np.array_equal(np.ma.getdata(other.images[0].get_array()), saliency(network, image, 7)[0])
