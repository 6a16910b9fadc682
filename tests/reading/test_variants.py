"""Other ways to see a picture, on MNIST's test digits: beside neighbours and strips of a desk, turned, crossed out."""

import cv2
import numpy as np
import pytest

from lenet.reading import read
from lenet.reading.page.ink import ink_of
from lenet.reading.page.turn import without_strips

pytestmark = pytest.mark.mnist


@pytest.fixture
def digits(mnist_test):
    """The test images 7, 2, 1, 0, 4 on paper, each 56 pixels high."""
    return [cv2.resize(240 - (image * 0.8).astype(np.uint8), (56, 56)) for image in mnist_test[0][:5]]


def paper(height, width):
    return np.full((height, width), 240, np.uint8)


@pytest.mark.parametrize("lean", [0, 9])
def test_the_digit_in_the_middle_of_a_crop_is_read(digits, lean):
    """Its neighbours are cut off; they stand higher and lower, so that the three seem to lean."""
    picture = paper(90, 140)
    for digit, x, y in ((digits[3], -26, 17 - lean), (digits[4], 42, 17), (digits[1], 106, 17 + lean)):
        left, right = max(0, x), min(140, x + 56)
        picture[y : y + 56, left:right] = np.minimum(picture[y : y + 56, left:right], digit[:, left - x : right - x])
    reading = read(picture, mode="digit", reject="1%")
    assert (reading.text, reading.accepted) == ("4", True)


def test_strips_of_a_desk_beside_a_digit_are_no_digits(digits):
    picture = paper(90, 140)
    picture[17:73, 42:98] = digits[1]
    picture[:, :9] = picture[:, -11:] = 60
    assert read(picture).text == "2"
    picture = paper(90, 200)
    picture[17:73, 30:86], picture[17:73, 86:142] = digits[0], digits[2]
    picture[:, -9:] = picture[-9:] = 60
    assert read(picture).text == "71"
    # A ruled line along the lower side, which digits touch.
    picture = paper(80, 200)
    picture[17:73, 30:86], picture[17:73, 86:142] = digits[0], digits[2]
    picture[64:] = np.minimum(picture[64:], np.where(np.arange(16)[:, None] >= 12, 60, 255))
    cv2.line(picture, (60, 60), (60, 79), 60, 4)
    assert read(picture).text == "71"
    # The picture ends where its digits end: what lies along its side may be a 1.
    tight = np.minimum(digits[4][10:46, 8:46], 240)
    tight = np.hstack([tight, paper(36, 12)])
    tight[:, -6:] = 60
    ink = ink_of(tight)
    assert without_strips(ink) is ink


def test_what_is_crossed_out_is_not_accepted_though_one_digit_is_left(digits):
    """The line joins all digits but one to what is no digit."""
    picture = paper(90, 260)
    for at in range(4):
        picture[17:73, 14 + 56 * at : 70 + 56 * at] = digits[at]
    assert read(picture, reject="1%").accepted
    cv2.line(picture, (20, 45), (236, 47), 60, 5)
    assert read(picture, reject="1%").reason == "crossed_out"


def test_a_number_upside_down_is_turned(digits):
    picture = paper(90, 320)
    for at, digit in enumerate(digits):
        picture[17:73, 20 + 56 * at : 76 + 56 * at] = digit
    for quarters in range(4):
        reading = read(np.rot90(picture, quarters).copy(), reject="1%")
        assert (reading.text, reading.turn) == ("72104", (360 - 90 * quarters) % 360)
