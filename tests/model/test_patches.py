"""Receptive fields, and the patches that excite maps most."""

import numpy as np
import pytest

import lenet
from lenet import Contrast, Conv, Dense, Network, Pool, Spec
from lenet.model.patches import ReceptiveField, receptive_field, strongest_patches


def field(size, step, start=0):
    return ReceptiveField((size, size), (step, step), (start, start))


@pytest.mark.parametrize(
    ("preset", "name", "expected"),
    [
        ("lenet5", "C1", field(5, 1)),
        ("lenet5", "S2", field(6, 2)),
        ("lenet5", "C3", field(14, 2)),
        ("lenet5", "S4", field(16, 4)),
        ("lenet5", "C5", field(32, 4)),
        ("lenet5", "F6", field(32, 4)),
        ("lenet-tf-relu", "C1", field(5, 1, -2)),
        ("lenet-tf-relu", "C3", field(14, 2, -6)),
        ("lenet-theano", "F5", field(28, 4)),
    ],
)
def test_receptive_fields_by_hand(preset, name, expected):
    assert receptive_field(lenet.presets[preset].spec, name) == expected


def test_an_unknown_layer():
    with pytest.raises(ValueError, match="no layer is called 'C2'; expected one of C1, S2, C3, S4, C5, F6, OUTPUT"):
        receptive_field(lenet.presets["lenet5"].spec, "C2")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_unit_sees_its_receptive_field_and_nothing_else(padding):
    """A pixel that is changed changes exactly the units whose receptive fields it is in."""
    spec = Spec(
        (1, 14, 12),
        (
            Conv("A", 2, (3, 2), padding=padding, activation="tanh"),
            Pool("P", method="mean"),
            Conv("B", 2, 3, padding=padding, activation="tanh"),
            Dense("OUT", 2),
        ),
    )
    network, image = Network.create(spec, 1), np.full((14, 12), 90, np.uint8)
    before = network.trace(image[None])
    for layer in ("A", "P", "B"):
        at = receptive_field(spec, layer)
        for pixel in [(0, 0), (6, 5), (13, 11), (3, 10)]:
            changed = image.copy()
            changed[pixel] = 255
            difference = (network.trace(changed[None])[layer] != before[layer])[0].any(axis=0)
            for unit in np.ndindex(difference.shape):
                first = [at.start[axis] + at.step[axis] * unit[axis] for axis in (0, 1)]
                sees = all(first[axis] <= pixel[axis] < first[axis] + at.size[axis] for axis in (0, 1))
                assert difference[unit] == sees, (layer, pixel, unit)


def test_the_window_of_contrast_normalisation_is_seen():
    spec = Spec((1, 9, 9), (Contrast("N", 5), Conv("A", 1, 3), Dense("OUT", 2)))
    assert receptive_field(spec, "A") == field(7, 1, -2)


def matched(weights, bias=0.0, padding="valid"):
    """Return a network of one convolution with this kernel, whose input is 6x6; paper is 0, ink 1."""
    kernel = np.array(weights, np.float32)[None, None]
    spec = Spec((1, 6, 6), (Conv("C1", 1, kernel.shape[2:], padding=padding), Dense("OUT", 2)))
    scale = lenet.Scale(0.0, 1.0)
    made = Network.create(spec, scale=scale)
    return made.with_weights(**{"C1.weight": kernel, "C1.bias": np.array([bias], np.float32)})


def test_patches_by_hand():
    """A kernel that is a diagonal is excited by diagonals, most by the strongest; each image counts once."""
    images = np.zeros((4, 6, 6), np.uint8)
    images[1, [1, 2], [3, 4]] = 200
    images[2, [0, 1], [0, 1]] = 255
    images[2, [4, 5], [0, 1]] = 255  # a second time in the same image
    images[3, 2, 2] = 100
    found = strongest_patches(matched([[1, 0], [0, 1]]), images, "C1", 3)
    assert found.images.tolist() == [[2, 1, 3]]
    assert found.outputs[0] == pytest.approx([2, 400 / 255, 100 / 255], abs=1e-6)
    assert found.patches[0, 0, 0].tolist() == [[255, 0], [0, 255]]
    assert found.patches[0, 1, 0].tolist() == [[200, 0], [0, 200]]
    assert 100 in found.patches[0, 2, 0]


def test_beyond_the_input_is_paper():
    images = np.full((1, 6, 6), 255, np.uint8)
    network = matched([[-1, -1, -1], [-1, 2, 1], [-1, 1, 2]], padding="same")
    found = strongest_patches(network, images, "C1", 1)
    assert found.patches[0, 0, 0].tolist() == [[0, 0, 0], [0, 255, 255], [0, 255, 255]]


def test_patches_give_the_outputs_that_are_said():
    """Each patch, put before the network again where it was, excites the unit that much."""
    network, images = lenet.load("lenet5"), lenet.data.digits("train")[0][:30]
    found = strongest_patches(network, images, "C3", 2)
    weights, bias = network.weights["C1.weight"], network.weights["C1.bias"]
    assert found.patches.shape == (16, 2, 1, 14, 14)
    outputs = network.trace(images)["C3"]
    assert np.array_equal(found.outputs[:, 0], outputs.max(axis=(0, 2, 3)))
    first = strongest_patches(network, images, "C1", 1)
    scale = network.scale
    for map_ in range(6):
        x = scale.paper + first.patches[map_, 0, 0] * (scale.ink - scale.paper) / 255
        assert np.tanh((x * weights[map_, 0]).sum() + bias[map_]) == pytest.approx(first.outputs[map_, 0], abs=1e-5)


def test_units_of_a_dense_layer_see_whole_images():
    network, images = lenet.load("lenet5"), lenet.data.digits("train")[0][:20]
    found = strongest_patches(network, images, "OUTPUT", 1)
    assert found.patches.shape == (10, 1, 1, 32, 32)
    assert np.array_equal(found.patches[4, 0, 0, 2:30, 2:30], images[found.images[4, 0]])


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_images(count):
    with pytest.raises(ValueError, match=f"{count} patches of 2 images; expected from 1 to the number of images"):
        strongest_patches(lenet.load("lenet5"), np.zeros((2, 28, 28), np.uint8), "C1", count)


def test_images_in_every_accepted_form_give_the_same_patches():
    network = lenet.load("lenet5")
    images = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
    expected = strongest_patches(network, images, "C1", 2)
    for other in (images / 255, images.astype(int), images[..., None], images.reshape(12, 784)):
        found = strongest_patches(network, other, "C1", 2)
        assert found.patches.dtype == np.uint8
        assert np.array_equal(found.patches, expected.patches)
