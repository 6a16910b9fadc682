"""How pictures become images: sizes, padding, colours, inverting, by hand."""

import numpy as np
import pytest

from lenet.data import DataError, PictureOptions, load

SQUARE = np.array([[[10, 20], [30, 40]]], np.uint8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size is 0; expected 1 to 4096 pixels, or height and width"),
        ({"size": (28, 28, 1)}, r"size is \(28, 28, 1\)"),
        ({"size": (28, 2.5)}, "size is"),
        ({"size": 5000}, "size is 5000"),
        ({"fit": "crop"}, "fit is 'crop'; expected resize or pad"),
        ({"fit": "pad"}, r"fit is 'pad' without a size; expected a size, such as size=28 \(--size 28\)"),
        ({"size": True}, "size is True; expected 1 to 4096 pixels"),
        ({"invert": 1}, "invert is 1; expected true, false, pictures or none"),
        ({"invert": "yes"}, "invert is 'yes'; expected true, false, pictures or none"),
        ({"color": "blue"}, "color is 'blue'; expected grey or rgb"),
    ],
)
def test_other_options(options, message):
    with pytest.raises(ValueError, match=message):
        load("mnist", "train", **options)


def test_padding_puts_a_picture_in_the_middle_of_paper():
    padded = PictureOptions(size=(4, 6), fit="pad").images(SQUARE)[0]
    assert padded.tolist() == [[0] * 6, [0, 0, 10, 20, 0, 0], [0, 0, 30, 40, 0, 0], [0] * 6]


def test_padding_keeps_proportions_of_larger_pictures():
    large = np.full((1, 8, 4), 100, np.uint8)
    assert PictureOptions(size=4, fit="pad").images(large)[0].tolist() == [[0, 100, 100, 0]] * 4
    assert PictureOptions(size=4).images(large)[0].tolist() == [[100] * 4] * 4


def test_shrinking_takes_the_mean():
    """Every pixel of the result is the mean of those that it covers."""
    assert PictureOptions(size=1).images(SQUARE).tolist() == [[[25]]]
    large = np.kron(SQUARE[0], np.ones((3, 3), np.uint8))
    assert np.array_equal(PictureOptions(size=2).images(large[None]), SQUARE)


def test_colours_of_arrays():
    three = PictureOptions(color="rgb", size=3, fit="pad").images(SQUARE)
    assert three.shape == (1, 3, 3, 3)
    assert np.array_equal(three[:, 0], PictureOptions(size=3, fit="pad").images(SQUARE))
    assert np.array_equal(three[:, 0], three[:, 2])


def test_arrays_are_inverted_when_asked():
    assert PictureOptions().images(SQUARE) is SQUARE
    assert np.array_equal(PictureOptions(invert=True).images(SQUARE), 255 - SQUARE)
    assert PictureOptions(invert="pictures").images(SQUARE) is SQUARE
    assert str(PictureOptions(invert="pictures")) == ""  # nothing is said of arrays that stay as they are
    padded = PictureOptions(invert=True, size=4, fit="pad").images(SQUARE)
    assert padded[0, 0].tolist() == [0] * 4  # what is added is paper


def test_too_many_values_are_refused_before_memory_is_used():
    with pytest.raises(DataError, match="1000 images of 16777216 values; expected at most"):
        PictureOptions(size=4096).images(np.broadcast_to(np.uint8(0), (1000, 2, 2)))


def test_mnist_is_what_it_was_without_options(digits_train):
    assert np.array_equal(load("digits", "train").images, digits_train[0])
    assert load("digits", "train", size=32, fit="pad").origin.endswith("scaled up to 28x28, padded to 32x32")
