"""Images and labels in the form that networks take, and what is refused."""

import numpy as np
import pytest

from lenet import Dense, Network, Spec, presets
from lenet.model.inputs import as_images, as_labels

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def net():
    return Network.create(presets["lenet5"].spec, seed=1)


def test_images_get_an_axis_for_their_maps_and_stay_the_same_bytes():
    spec = presets["lenet5"].spec
    array = as_images(IMAGES, spec)
    assert (array.shape, array.dtype) == ((5, 1, 28, 28), np.uint8)
    assert array.flags.c_contiguous
    assert np.array_equal(array[:, 0], IMAGES)
    assert np.array_equal(as_images(IMAGES[:, ::-1, ::2], spec)[:, 0], IMAGES[:, ::-1, ::2])
    assert as_images(IMAGES[:0], spec).shape == (0, 1, 28, 28)


def test_other_whole_numbers_in_range_are_images():
    spec = presets["lenet5"].spec
    for kind in (np.int64, np.uint16, np.int32):
        assert np.array_equal(as_images(IMAGES.astype(kind), spec), as_images(IMAGES, spec))


def test_an_array_of_two_axes_that_is_neither_an_image_nor_flattened_images(net):
    with pytest.raises(ValueError, match=r"images of shape \(40, 50\); expected \(n, 32, 32\) or smaller"):
        net.predict(np.zeros((40, 50), np.uint8))


def test_floats_are_images():
    """Of 0 to 255 or of 0 to 1, with the bytes that they came from; what is true is ink."""
    spec = presets["lenet5"].spec
    expected = as_images(IMAGES, spec)
    for floats in (IMAGES / 255, (IMAGES / 255).astype(np.float32), IMAGES.astype(np.float16)):
        assert np.array_equal(as_images(floats, spec), expected)
    assert as_images(np.array([[[True, False]]]), spec).tolist() == [[[[255, 0]]]]


def test_one_image_flattened_images_and_channels_last():
    spec = presets["lenet5"].spec
    expected = as_images(IMAGES, spec)
    assert np.array_equal(as_images(IMAGES[0], spec), expected[:1])
    assert np.array_equal(as_images(IMAGES[..., None], spec), expected)
    assert np.array_equal(as_images(IMAGES[0][..., None], spec), expected[:1])
    assert np.array_equal(as_images(IMAGES.reshape(5, 784), spec), expected)
    assert np.array_equal(as_images(np.zeros((3, 1024), np.uint8), spec), np.zeros((3, 1, 32, 32), np.uint8))
    colour = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    three = Spec((3, 4, 5), (Dense("OUT", 2),))
    assert np.array_equal(as_images(colour, three), colour.transpose(0, 3, 1, 2))
    assert np.array_equal(as_images(colour[0], three), colour[:1].transpose(0, 3, 1, 2))
    assert np.array_equal(as_images(np.zeros((2, 60), np.uint8), three), np.zeros((2, 3, 4, 5), np.uint8))


def test_several_maps_have_an_axis_of_their_own():
    spec = Spec((3, 8, 8), (Dense("OUT", 2),))
    assert as_images(np.zeros((2, 3, 5, 8), np.uint8), spec).shape == (2, 3, 5, 8)
    with pytest.raises(ValueError, match=r"images of shape \(2, 8, 8\); expected \(n, 3, 8, 8\) or smaller"):
        as_images(np.zeros((2, 8, 8), np.uint8), spec)


def test_larger_images_are_for_those_that_ask():
    spec = presets["lenet5"].spec
    larger = np.zeros((1, 40, 33), np.uint8)
    assert as_images(larger, spec, larger=True).shape == (1, 1, 40, 33)
    assert as_images(larger[0], spec, larger=True).shape == (1, 1, 40, 33)
    with pytest.raises(ValueError, match=r"shape \(32, 64\) is one picture, or images of 8x8 that are flattened"):
        as_images(np.zeros((32, 64), np.uint8), spec, larger=True)
    with pytest.raises(ValueError, match="images of 40x33, of which F6 would get 3x1 values a map and sees 1x1"):
        as_images(larger, spec)
    with pytest.raises(ValueError, match="images of 40x20"):  # larger in one direction, smaller in the other
        as_images(np.zeros((1, 40, 20), np.uint8), spec, larger=True)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.full((1, 28, 28), np.nan), ValueError, "pixels are float64 with 784 values that are not finite"),
        (IMAGES.astype(np.int32) - 1, ValueError, r"pixels from -1 to 254; expected \(n, 32, 32\) or smaller"),
        (IMAGES / 127.5 - 1, ValueError, r"pixels from -1 to 1; .*scale them to 0 to 1: \(x - x.min\(\)\)"),
        (IMAGES / 16.0, ValueError, "pixels are float64 from 0 to 15.9375, neither 0 to 1 nor 0 to 255; .*divide"),
        (np.eye(28, dtype=int)[None], ValueError, "pixels are int64, 0 and 1; .* multiply them by 255 if 1 is ink"),
        (np.zeros((28, 28, 3), np.uint8), ValueError, r"images of shape \(28, 28, 3\)"),
        (np.zeros((3, 7), complex), TypeError, "pixels are complex128"),
        (np.eye(28, dtype=np.uint8)[None], ValueError, "pixels are uint8, 0 and 1; .* multiply them by 255"),
        (IMAGES // 16, ValueError, "pixels are uint8, 0 to 15; .* multiply them by 255 / 15 if 15 is ink"),
        (np.zeros(784, np.uint8), ValueError, r"images of shape \(784,\); .*: images\[None\] if it is one flattened"),
        (np.zeros((2, 3, 28, 28), np.uint8), ValueError, r"images of shape \(2, 3, 28, 28\)"),
        (np.zeros((2, 33, 28), np.uint8), ValueError, "images of 33x28"),
        (np.zeros((2, 0, 28), np.uint8), ValueError, "images of 0x28"),
        ("a.png", TypeError, r"images are text; .*: lenet.reading.normalised\(path\) makes one of a picture"),
        (np.zeros((60, 40, 3), np.uint8), ValueError, r"\(60, 40, 3\); .*: lenet.reading.normalised\(picture\) makes"),
        (None, TypeError, "pixels are object"),
    ],
)
def test_bad_images(net, images, error, message):
    for method in (net.predict, net.scores, net.trace):
        with pytest.raises(error, match=message):
            method(images)


def test_a_table_with_its_labels(net):
    with pytest.raises(ValueError, match=r"\(2, 785\); .*: images\[:, 1:\] if the first of the 785 columns"):
        net.predict(np.zeros((2, 785), np.uint8))
    with pytest.raises(ValueError, match=r"\(2, 2000\); .* 0 = paper$"):
        net.predict(np.zeros((2, 2000), np.uint8))


def test_labels_are_whole_numbers_one_for_each_image():
    labels = as_labels([3, 0, 9], 3, 10)
    assert labels.tolist() == [3, 0, 9]
    assert labels.dtype == np.intp
    assert as_labels(np.array([1, 2], np.uint8), 2, 3).tolist() == [1, 2]
    for wrong, message in (
        ([1, 2], r"labels are int64 \(2,\); expected one whole number for each of 3 images"),
        ([[1], [2], [3]], r"labels are int64 \(3, 1\)"),
        ([1.0, 2.0, 3.0], r"labels are float64 \(3,\); .*: labels.astype\(int\) if they are numbers"),
        (["1", "2", "3"], r"labels are text \(3,\); .*: labels.astype\(int\) if they are numbers"),
        ([[1], [2], [3]], r": labels.ravel\(\)"),
        ([True, False, True], r"labels are bool \(3,\); .*: labels.astype\(int\)"),
        (np.eye(3, 10), r"labels are float64 \(3, 10\); .*: labels.argmax\(axis=1\) if they are one-hot"),
        (["a", "b", "c"], r"names, labels = np.unique\(labels, return_inverse=True\) if they are names"),
        ([1, 2, 10], "labels from 1 to 10; the network has classes 0 to 9: take labels - 1 if they start at 1"),
        ([1, 2, 11], "labels from 1 to 11; the network has classes 0 to 9$"),
        ([-1, 2, 3], "labels from -1 to 3"),
    ):
        with pytest.raises(ValueError, match=message):
            as_labels(wrong, 3, 10)
