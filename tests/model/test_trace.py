"""Every layer's output, as a mapping by the layers' names."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet import Network, Trace
from lenet.image.colours import diverging
from lenet.model.calibration import Calibration


def test_a_trace_is_a_mapping_that_names_its_layers():
    trace = Trace({"INPUT": np.zeros((2, 1, 4, 4), np.float32), "C1": np.ones((2, 3, 2, 2), np.float32)})
    assert list(trace) == ["INPUT", "C1"]
    assert len(trace) == 2
    assert trace["C1"].all()
    assert repr(trace) == "Trace(INPUT (2, 1, 4, 4), C1 (2, 3, 2, 2))"
    with pytest.raises(KeyError, match="no layer is called 'C2'; there are INPUT, C1"):
        trace["C2"]


@pytest.mark.parametrize("name", ["lenet5-1998", "lenet5", "lenet-candidates"])
def test_probabilities_are_those_of_the_network(name):
    preset = lenet.presets[name]
    network = Network.create(preset.spec, scale=preset.recipe.scale).with_calibration(Calibration(0.5))
    images = np.random.default_rng(0).integers(0, 256, (3, network.spec.input[0], 28, 28), np.uint8)
    assert network.trace(images).probabilities == pytest.approx(network.predict_proba(images), abs=1e-6)


def test_over_larger_images_there_are_no_probabilities():
    assert lenet.load("lenet5").trace(np.zeros((1, 40, 40), np.uint8)).probabilities is None


def pictures_in(html):
    """Return the pictures whose data are in HTML, as arrays (height, width, 3)."""
    data = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")) for text in data]


def test_a_notebook_shows_the_layers_of_the_first_image():
    network = lenet.load("lenet5")
    trace = network.trace(np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8))
    html = trace._repr_html_()
    ElementTree.fromstring(html)  # each element is closed
    assert "<script" not in html
    answer = int(trace.probabilities[0].argmax())
    assert f"image 0 of 2, answer {answer}, probability {100 * trace.probabilities[0, answer]:.1f} %" in html
    pictures = dict(zip(trace, pictures_in(html), strict=True))
    assert pictures["F6"].shape == (1, 84, 3)
    c3 = trace["C3"][0]
    assert pictures["C3"].shape == (10, 16 * 11 - 1, 3)
    expected = diverging(c3[5], float(np.abs(c3).max()))
    assert np.array_equal(pictures["C3"][:, 55:65], expected)
    assert re.findall(r"<th>(\w+)</th><td>([^<]+)</td>", html)[1] == ("C1", "6 x 28 x 28")


def test_many_maps_lie_in_rows_in_a_notebook():
    trace = Trace({"C": np.ones((1, 20, 3, 2), np.float32)})
    (picture,) = pictures_in(trace._repr_html_())
    assert picture.shape == (2 * 4 - 1, 16 * 3 - 1, 3)
    assert (picture[4:7, 12:] == 255).all()  # the second row has four maps


def test_a_trace_of_no_images_is_shown_as_text():
    network = lenet.load("lenet5")
    assert "INPUT (0, 1, 32, 32)" in network.trace(np.zeros((0, 28, 28), np.uint8))._repr_html_()
