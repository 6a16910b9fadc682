"""A network as a value that answers."""

import copy
import pickle

import numpy as np
import pytest

import lenet
from lenet import Network, presets
from lenet.model.arrays import WeightsError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def net():
    return Network.create(presets["lenet5"].spec, seed=1)


def test_shapes_and_types(net):
    assert net.predict(IMAGES).dtype == np.int64
    assert net.predict(IMAGES).shape == (5,)
    probabilities = net.predict_proba(IMAGES)
    assert (probabilities.dtype, probabilities.shape) == (np.float32, (5, 10))
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert np.array_equal(probabilities.argmax(axis=1), net.predict(IMAGES))


def test_trace_has_every_layer(net):
    trace = net.trace(IMAGES)
    shapes = {"INPUT": (1, 32, 32), "C1": (6, 28, 28), "S2": (6, 14, 14), "C3": (16, 10, 10), "S4": (16, 5, 5)}
    shapes |= {"C5": (120, 1, 1), "F6": (84,), "OUTPUT": (10,)}
    assert {name: array.shape[1:] for name, array in trace.items()} == shapes
    assert trace["OUTPUT"].sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert trace["OUTPUT"] == pytest.approx(net.predict_proba(IMAGES), abs=1e-6)
    assert np.array_equal(trace["S2"], trace["C1"].reshape(5, 6, 14, 2, 14, 2).max(axis=(3, 5)))


def test_paper_is_around_a_smaller_image(net):
    padded = np.pad(IMAGES, ((0, 0), (2, 2), (2, 2)))
    assert np.array_equal(net.scores(IMAGES), net.scores(padded))
    assert net.trace(IMAGES)["INPUT"][0, 0, 0, 0] == np.float32(-0.1)


def test_an_rbf_network_answers_with_the_nearest_code():
    net = Network.create(presets["lenet5-1998"].spec, 2, init="lecun1998")
    trace = net.trace(IMAGES)
    assert np.array_equal(trace["OUTPUT"].argmin(axis=1), net.predict(IMAGES))
    codes = np.array(lenet.presets["lenet5-1998"].spec.layers[-1].codes)
    distances = ((trace["F6"][:, None] - codes) ** 2).sum(axis=-1)
    assert trace["OUTPUT"] == pytest.approx(distances, rel=1e-5)


def test_other_whole_numbers_and_no_images(net):
    assert np.array_equal(net.predict(IMAGES.astype(np.int64)), net.predict(IMAGES))
    assert net.predict(IMAGES[:0]).shape == (0,)
    assert net.predict_proba(IMAGES[:0]).shape == (0, 10)


def test_a_network_is_a_value(net):
    with pytest.raises(ValueError, match="read-only"):
        net.weights["C1.bias"][0] = 1
    with pytest.raises(TypeError):
        net.weights["C1.bias"] = np.zeros(6)
    changed = net.with_weights(**{"C1.bias": np.ones(6)})
    assert not net.weights["C1.bias"].any()
    assert not np.array_equal(changed.scores(IMAGES), net.scores(IMAGES))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert np.array_equal(twin.scores(IMAGES), net.scores(IMAGES))


def test_a_description_and_back(net):
    described = net.with_provenance({"seed": 1}).description()
    same = Network.from_description(described, net.weights)
    assert same.flat.tobytes() == net.flat.tobytes()
    assert (same.spec, same.scale, dict(same.provenance)) == (net.spec, net.scale, {"seed": 1})
    with pytest.raises(WeightsError, match=r"arrays missing: C1.weight"):
        Network.from_description(described, {k: v for k, v in net.weights.items() if k != "C1.weight"})


def test_a_network_without_calibration_has_no_rejection_threshold(net):
    with pytest.raises(ValueError, match="never calibrated, so it has no rejection threshold"):
        net.threshold(0.01)


def test_a_notebook_shows_the_layers_and_what_is_known_of_the_training():
    html = lenet.load("lenet5")._repr_html_()
    assert '<td style="text-align:left">C3</td>' in html
    assert "1,516" in html
    assert "MNIST train" in html
    assert "temperature" in html
    named = Network.create(presets["lenet5"].spec).with_provenance({"data": "<b>"})
    assert "&lt;b&gt;" in named._repr_html_()
