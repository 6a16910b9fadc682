"""The codes of the output layer as pictures, and distances to them."""

import numpy as np
import pytest
from helpers import images_of, texts_of, values_of

import lenet
from lenet import Dense, Network, Rbf, Spec, plots
from lenet.zoo.digit_codes import DIGIT_CODES


def test_codes_are_bitmaps_of_twelve_rows():
    drawn = images_of(plots.codes(lenet.presets["lenet5-1998"].spec))
    assert list(drawn) == [f"code {k}" for k in range(10)]
    for image, code in zip(drawn.values(), DIGIT_CODES, strict=True):
        assert values_of(image).shape == (12, 7)
        assert values_of(image).ravel().tolist() == list(code)
        assert image.get_clim() == (-1, 1)


def test_distances_stand_below_the_codes_and_the_closest_is_marked():
    network = Network.create(lenet.presets["lenet5-1998"].spec, seed=2)
    image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    figure = plots.code_distances(network, image, subject="noise")
    drawn, trace = images_of(figure), network.trace(image[None])
    f6 = values_of(drawn["F6"])
    assert np.array_equal(f6, trace["F6"][0].reshape(12, 7))
    by_hand = [float(((f6.ravel() - np.array(code)) ** 2).sum()) for code in DIGIT_CODES]
    below = [text for text in figure.texts if "." in text.get_text() and text.get_text()[0].isdigit()]
    assert [float(text.get_text()) for text in below] == pytest.approx(by_hand, abs=0.06)
    answer = int(np.argmin(by_hand))
    bold = [k for k, text in enumerate(below) if text.get_weight() == "bold"]
    assert bold == [answer] == network.predict(image[None]).tolist()
    assert texts_of(figure)[0] == f"Answer: {answer}, whose code is the closest"


def test_codes_of_another_length_are_columns():
    spec = Spec((1, 2, 2), (Dense("F", 3, "tanh"), Rbf("OUT", ((1.0, -1.0, 1.0), (-2.0, 1.0, 1.0)))))
    drawn = images_of(plots.codes(spec))
    assert values_of(drawn["code 1"]).tolist() == [[-2], [1], [1]]
    assert drawn["code 0"].get_clim() == (-2, 2)


def test_a_dense_output_has_no_codes():
    with pytest.raises(ValueError, match="the output layer OUTPUT is dense and has no codes; that of lenet5-1998 has"):
        plots.codes(lenet.presets["lenet5"].spec)
