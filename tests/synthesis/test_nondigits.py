"""Non-digits made from digits: their sizes, their variety, and that no part is a digit."""

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet.synthesis.nondigits import KINDS, _Digits, _is_upright_stroke, nondigits


@pytest.fixture(scope="module")
def digits(digits_train):
    images, labels = digits_train
    return images[:400], labels[:400]


@pytest.mark.parametrize("kind", KINDS)
def test_nondigits_are_pictures_of_the_same_size_and_of_many_forms(kind, digits):
    images, labels = digits[0][:, None], digits[1]
    made = nondigits(images, labels, 60, seed=5, kind=kind)
    assert made.shape == (60, 1, 28, 28)
    assert made.dtype == np.uint8
    assert len({picture.tobytes() for picture in made}) > (30 if kind == "noise" else 55)
    assert np.array_equal(made, nondigits(images, labels, 60, seed=5, kind=kind))
    assert not np.array_equal(made, nondigits(images, labels, 60, seed=6, kind=kind))
    assert nondigits(np.repeat(images[:, :, :20], 2, 1), labels, 3, seed=0, kind=kind).shape == (3, 2, 20, 28)


def test_a_part_is_less_than_half_of_a_digit_and_not_a_one(monkeypatch):
    """Before it is scaled: of an even block of ink a fifth to nine twentieths, and never an upright stroke."""
    monkeypatch.setattr(_Digits, "_fitted", lambda self, picture: picture)
    block = np.zeros((1, 1, 28, 28), np.uint8)
    block[:, :, 4:24, 4:24] = 200
    for label, least, most in ((5, 0.2, 0.45), (8, 0.15, 0.3)):
        parts = nondigits(block, np.array([label]), 300, seed=1, kind="part")[:, 0]
        fraction = (parts > 0).sum(axis=(1, 2)) / 400
        assert least <= fraction.min() < least + 0.05
        assert most - 0.05 < fraction.max() <= most + 1 / 400
        assert not any(_is_upright_stroke(part) for part in parts)


@pytest.mark.parametrize(
    ("angle", "width", "upright"),
    [(90, 3, True), (60, 3, True), (20, 3, False), (-60, 3, True), (0, 3, False), (90, 12, False)],
)
def test_upright_strokes(angle, width, upright):
    across, down = 9 * math.cos(math.radians(angle)), 9 * math.sin(math.radians(angle))
    canvas = Image.new("L", (28, 28))
    ImageDraw.Draw(canvas).line([(14 - across, 14 + down), (14 + across, 14 - down)], 255, width)
    assert _is_upright_stroke(np.asarray(canvas)) == upright


@pytest.mark.parametrize(
    ("image", "count", "labels", "kind", "message"),
    [
        ((28, 28), 1, [1], "cat", "kind is 'cat'; expected one of part, joined, turned"),
        ((28, 28), 0, [], None, "0 digits of 28x28 to make non-digits from"),
        ((28, 28), 1, [10], None, "1 labels of 1 digits to make non-digits from; expected 0 to 9 for each"),
        ((28, 28), 1, [1, 2], None, "2 labels of 1 digits to make non-digits from; expected 0 to 9 for each"),
        ((28, 28), 1, [0], "turned", "no digit that is one of 1, 2, 4, 5, 6, 8, 3, 7, 9 with ink on it"),
        ((5, 28), 1, [0], None, "1 digits of 5x28 to make non-digits from; expected at least one, 8x8 or larger"),
    ],
)
def test_digits_that_no_nondigits_can_be_made_from(image, count, labels, kind, message):
    images = np.full((count, 1, *image), 9, np.uint8)
    with pytest.raises(ValueError, match=message):
        nondigits(images, np.array(labels, int), 1, seed=0, kind=kind)
