"""Ink separated from paper, on strokes whose places are known."""

import cv2
import numpy as np
import pytest
from made_pages import BARS, page

from lenet.reading.page.ink import ink_of, may_be_inverted


def test_ink_is_where_strokes_are_however_dark_they_are():
    grey = page(*BARS)
    strokes = grey < 100
    for picture in (grey, 255 - grey, page(*BARS, paper=150, ink=90), page(*BARS, paper=60, ink=200)):
        ink = ink_of(picture)
        assert np.array_equal(ink.image >= 128, strokes)
        assert ink.pen == pytest.approx(4, abs=1.5)


def test_ink_in_uneven_light_and_on_patterned_paper():
    grey = page(*BARS).astype(float)
    y, x = np.mgrid[:60, :200]
    lit = grey * (1 - 0.5 * x / 200)
    patterned = np.where(grey < 100, grey, grey - 25 * (np.sin(x / 1.5 + y / 3) > 0.3))
    for picture in (lit, patterned):
        ink = ink_of(picture.clip(0, 255).astype(np.uint8)).image
        assert ((ink >= 128) == (grey < 100)).mean() > 0.98
        # A border that is not even: ink is what is rare.
        assert ((ink_of(255 - picture.clip(0, 255).astype(np.uint8)).image >= 128) == (grey < 100)).mean() > 0.98


def test_a_large_picture_is_shrunk_and_says_so():
    grey = np.full((2100, 2100), 220, np.uint8)
    grey[500:1500, 1000:1100] = 30
    ink = ink_of(grey)
    assert (ink.to_picture, ink.image.shape) == ((2, 0, 0, 0, 2, 0), (1050, 1050))
    assert ink.image[300:700, 505:545].min() > 200


def test_no_ink():
    ink = ink_of(np.full((40, 50), 200, np.uint8))
    assert (ink.pen, ink.image.any(), ink.image.shape) == (0, False, (40, 50))


def test_light_that_changes_evenly_is_no_ink():
    for low, high in ((60, 240), (20, 120), (200, 255)):
        slope = np.add.outer(np.linspace(0, 0.4, 90), np.linspace(0, 1, 120))
        assert ink_of((low + (high - low) * slope / slope.max()).astype(np.uint8)).pen == 0
    blurred = cv2.GaussianBlur(page(((30, 20), (30, 100)), ((70, 20), (70, 100)), size=(120, 100), pen=16), (0, 0), 4)
    assert ink_of(blurred).pen > 5


def test_an_uneven_border_does_not_tell_ink_from_paper():
    assert not may_be_inverted(page(*BARS))
    filled = page(((0, 30), (199, 30)), pen=20)
    assert may_be_inverted(filled)
    one, other = ink_of(filled), ink_of(filled, inverted=True)
    assert (one.image[30, 100] >= 128) != (other.image[30, 100] >= 128)
