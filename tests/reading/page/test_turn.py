"""Ink turned and straightened: places, boxes in the picture, and how lines lean."""

import cv2
import numpy as np
import pytest
from made_pages import BARS, page

from lenet.reading.page.ink import Ink, composed, ink_of
from lenet.reading.page.turn import MIN_SKEW, skew_of, straightened, turned, without_border


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_boxes_of_turned_ink_are_those_of_the_picture(quarters):
    image = np.zeros((30, 50), np.uint8)
    image[4:10, 7:20] = 255
    ink = turned(Ink(image, to_picture=(2.0, 0.0, 0.0, 0.0, 2.0, 0.0)), quarters)
    assert np.array_equal(ink.image, np.rot90(image, quarters))
    rows, columns = np.nonzero(ink.image)
    box = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    assert ink.box_in_picture(box) == (14, 8, 26, 12)


def test_a_part_of_ink_has_its_boxes_in_the_picture():
    ink = Ink(np.zeros((30, 50), np.uint8), to_picture=(2.0, 0.0, 5.0, 0.0, 2.0, 1.0))
    assert ink.part(ink.image[4:, 7:], 7, 4).box_in_picture((1, 2, 3, 4)) == (2 * 8 + 5, 2 * 6 + 1, 6, 8)
    assert composed((1, 2, 3, 4, 5, 6), (1, 0, 0, 0, 1, 0)) == (1, 2, 3, 4, 5, 6)


def leaning(degrees):
    """Return a line of five bars that runs downwards by so many degrees, and the middles of the bars."""
    level = np.zeros((200, 300), np.uint8)
    for x in range(50, 251, 50):
        cv2.line(level, (x, 80), (x, 120), 255, 5)
    matrix = cv2.getRotationMatrix2D((150, 100), -degrees, 1)
    places = [matrix @ (x, 100, 1) for x in range(50, 251, 50)]
    return 255 - cv2.warpAffine(level, matrix, (300, 200)), places


@pytest.mark.parametrize("degrees", [-20, -9, 0, 5, 12, 20])
def test_lines_are_straightened_by_as_much_as_they_lean(degrees):
    grey, places = leaning(degrees)
    ink = ink_of(grey)
    assert skew_of(ink) == pytest.approx(degrees, abs=0.6)
    level = straightened(ink, MIN_SKEW)
    assert (level is ink) == (degrees == 0)
    assert abs(skew_of(level)) < 1
    _, _, measures, middles = cv2.connectedComponentsWithStats((level.image >= 128).astype(np.uint8))
    assert len(measures) == 6
    for place, (x, y) in zip(places, sorted(middles[1:].tolist()), strict=True):
        left, top, width, height = level.box_in_picture((round(x) - 1, round(y) - 1, 2, 2))
        assert (left + width / 2, top + height / 2) == pytest.approx(place, abs=2)


def test_too_few_strokes_do_not_tell_how_they_lean():
    assert skew_of(ink_of(page(*BARS[:2]))) == 0
    assert skew_of(Ink(np.zeros((20, 20), np.uint8))) == 0


def test_what_touches_the_border_goes():
    strokes = page(*BARS, ((0, 20), (12, 20)), ((150, 0), (150, 59)))
    ink = ink_of(strokes)
    kept = without_border(ink).image >= 128
    assert np.array_equal(kept, ink_of(page(*BARS)).image >= 128)
    # The short stroke touches it with a small part of its length only.
    assert (without_border(ink, 0.9).image[:, :14] >= 128).any()
    inner = ink_of(page(*BARS))
    assert without_border(inner) is inner
