"""Digits normalised as MNIST has them: size, place and contrast."""

import numpy as np
import pytest

from lenet.image.measure import crop_to_ink
from lenet.image.normalise import centred, normalised_digit, scaled_onto


def test_centred_by_hand():
    image = np.zeros((3, 3), np.uint8)
    image[0, 0] = 200
    out = centred(image)
    assert out[14, 14] == 200
    assert out.sum() == 200
    assert not centred(np.zeros((20, 20), np.uint8)).any()


@pytest.mark.mnist
def test_centred_leaves_mnist_where_it_is(mnist_test):
    for image in mnist_test[0][:200]:
        assert np.array_equal(centred(crop_to_ink(image)), image)


def test_an_image_that_would_leave_the_paper_stays_on_it():
    """The centre of mass of the ink is in the first column, so the middle of the paper is out of reach."""
    image = np.zeros((20, 28), np.uint8)
    image[:, 0] = 255
    out = centred(image)
    assert out[5:25, 0].all()
    assert out.sum() == 255 * 20


@pytest.mark.parametrize(("height", "width", "left"), [(28, 28, 10), (28, 40, 16), (40, 28, 10)])
def test_scaled_onto_paper_by_hand(height, width, left):
    """A block of 5 by 10 pixels scaled by two: 10 by 20, in the middle of the square in the middle of the paper."""
    out = scaled_onto(np.full((10, 5), 255, np.uint8), 2.0, height, width)
    assert out.shape == (height, width)
    top = (height - 28) // 2 + 5
    assert (out[top : top + 20, left : left + 10] == 255).all()
    assert out.sum() == 255 * 200


def test_scaled_by_one_stays_as_it_is():
    ink = np.arange(1, 7, dtype=np.uint8).reshape(2, 3)
    out = scaled_onto(ink, 1.0, 8, 8)
    assert np.array_equal(crop_to_ink(out), ink)


@pytest.mark.parametrize(("height", "width"), [(40, 10), (20, 5), (80, 20)])
def test_a_digit_fills_the_box_in_one_direction(height, width):
    ink = np.zeros((100, 60), np.uint8)
    ink[10 : 10 + height, 20 : 20 + width] = 255
    image = normalised_digit(ink)
    assert image.shape == (28, 28)
    assert (image[5:25, 12:17] == 255).all()
    assert image.sum() == 255 * 100


def test_thin_strokes_keep_full_contrast_when_shrunk():
    ink = np.zeros((200, 200), np.uint8)
    ink[:, 98:102] = 255  # four pixels wide become four tenths of a pixel
    assert normalised_digit(ink).max() == 255


def test_faint_ink_alone_is_no_digit():
    assert not normalised_digit(np.full((30, 30), 7, np.uint8)).any()
    assert not normalised_digit(np.zeros((30, 30), np.uint8)).any()
