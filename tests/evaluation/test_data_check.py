"""Warnings of digits that are not upright, not inked or not labelled, and none of other data."""

import cv2
import numpy as np
import pytest

import lenet
from lenet.evaluation.data_check import MIN_SAMPLE, warnings_of
from lenet.image.normalise import normalised_digit
from lenet.synthesis.letterforms import drawn_digits
from lenet.synthesis.nondigits import nondigits


@pytest.fixture(scope="module")
def digits():
    images, labels = lenet.data.digits("train")
    return images[:200], labels[:200].astype(int)


TRANSPOSED = "images are transposed: images.swapaxes(1, 2) puts them upright"
INVERTED = "images are inverted, with paper as 255: 255 - images, or invert=True (--invert)"
CASES = [
    (lambda x, y: (x, y), []),
    (lambda x, y: (x.swapaxes(1, 2), y), [TRANSPOSED]),
    (lambda x, y: (255 - x, y), [INVERTED]),
    (lambda x, y: (255 - x.swapaxes(1, 2), y), [TRANSPOSED, INVERTED]),
    (lambda x, y: (x, y + 1), ["labels are shifted by one, from 1 to 10: take labels - 1"]),
    (lambda x, y: (x, np.where(y == 0, 10, y)), ["labels are 10 for a 0: take labels % 10"]),
    (lambda x, y: (x, (y + 1) % 10), ["labels are one too large, and 0 for a 9: take (labels - 1) % 10"]),
    (lambda x, y: (x, (y - 1) % 10), ["labels are one too small, and 9 for a 0: take (labels + 1) % 10"]),
    (lambda x, y: (x.swapaxes(1, 2), y + 1), [TRANSPOSED, "labels are shifted by one, from 1 to 10: take labels - 1"]),
]
SHUFFLED = "labels do not belong to their images: were they shuffled apart?"


def check(images, labels, findings):
    warnings = warnings_of(images, labels)
    assert [warning.partition(" (")[0] for warning in warnings] == [finding.partition(" (")[0] for finding in findings]
    assert all(warning.startswith(finding) for warning, finding in zip(warnings, findings, strict=True))


@pytest.mark.parametrize(("change", "findings"), CASES)
def test_what_is_wrong_is_found(digits, change, findings):
    check(*change(*digits), findings)


@pytest.mark.mnist
@pytest.mark.parametrize(("change", "findings"), CASES)
def test_what_is_wrong_with_mnist_is_found(mnist_test, change, findings):
    check(*change(mnist_test[0], mnist_test[1].astype(int)), findings)


@pytest.mark.mnist
def test_shuffled_labels_of_mnist(mnist_test):
    check(mnist_test[0], np.random.default_rng(0).permutation(mnist_test[1]), [SHUFFLED])


def test_shuffled_labels():
    images, labels = drawn_digits(300, 28, 28, seed=1)
    check(images, labels, [])
    random = np.random.default_rng(0)
    check(images, random.permutation(labels), [SHUFFLED])
    check(images.swapaxes(1, 2), random.permutation(labels), [SHUFFLED])
    half = np.where(random.random(300) < 0.5, labels, random.permutation(labels))
    check(images, half, [])


@pytest.mark.parametrize("size", [16, 32, 48])
def test_images_of_another_size(digits, size):
    images = lenet.data.PictureOptions(size=size).images(digits[0])
    check(images, digits[1], [])
    check(255 - images, digits[1], [INVERTED])


def test_the_warning_has_the_figures(digits):
    (warning,) = warnings_of(255 - digits[0], digits[1])
    assert "of 200 labels the pretrained network agrees with " in warning
    assert warning.endswith("% after that)")


def letters(alphabet, count):
    """Return letters of several typefaces, slanted, and their places in the alphabet."""
    random, images = np.random.default_rng(0), []
    faces = (
        cv2.FONT_HERSHEY_SIMPLEX,
        cv2.FONT_HERSHEY_COMPLEX,
        cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
        cv2.FONT_HERSHEY_PLAIN,
    )
    labels = np.arange(count) % len(alphabet)
    for label in labels:
        page = np.zeros((128, 128), np.uint8)
        cv2.putText(page, alphabet[label], (40, 84), faces[random.integers(4)], 2.2, 255, int(random.integers(4, 9)))
        slant = np.array([[1, random.normal(0, 0.2), 0], [0, 1, 0]])
        images.append(normalised_digit(cv2.warpAffine(page, slant, (128, 128))))
    return np.stack(images), labels


@pytest.mark.parametrize("alphabet", ["ABCDEFGHIJ", "abcdefghij", "klmnopqrst", "OIZEASGTBg"])
def test_letters_are_not_warned_about(alphabet):
    """The last are letters that look like the digits, in their order; they are as they are."""
    images, labels = letters(alphabet, 200)
    assert warnings_of(images, labels) == ()
    assert warnings_of(images.swapaxes(1, 2), np.roll(labels, 3)) == ()
    assert warnings_of(255 - images, labels + 1) == () or alphabet == "OIZEASGTBg"


def test_other_images_are_not_warned_about(digits):
    images, labels = digits
    random = np.random.default_rng(0)
    assert warnings_of(nondigits(images[:, None], labels, 200, seed=1)[:, 0], labels) == ()
    assert warnings_of(random.integers(0, 256, (200, 28, 28), np.uint8), labels) == ()
    assert warnings_of(np.zeros((200, 28, 28), np.uint8), labels) == ()


def test_data_with_other_classes_are_not_checked(digits):
    """Were these checked, there would be a warning: the labels are not the digits."""
    images, labels = digits
    for other in (labels % 2, labels + 2, np.minimum(labels, 8), np.where(labels == 9, 11, labels)):
        assert warnings_of(255 - images, other) == ()
    few = slice(0, MIN_SAMPLE - 1)
    assert warnings_of(255 - images[few], labels[few]) == ()
    assert warnings_of(np.repeat(255 - images[:, None], 3, axis=1), labels) == ()
    assert warnings_of(images[:0], labels[:0]) == ()
