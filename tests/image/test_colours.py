"""Colours for numbers."""

import numpy as np

from lenet.image.colours import NEGATIVE, POSITIVE, diverging


def test_the_ends_the_middle_and_between():
    colours = diverging(np.array([[-2.0, -4.0], [0.0, 1.0]]), 2.0)
    assert colours.dtype == np.uint8
    assert tuple(colours[0, 0]) == tuple(colours[0, 1]) == NEGATIVE  # beyond the limit as at the limit
    assert colours[1, 0].tolist() == [255, 255, 255]
    assert np.abs(colours[1, 1] - (np.array(POSITIVE) + 255) / 2).max() <= 0.5


def test_the_further_from_0_the_darker():
    lightness = diverging(np.linspace(0, 1, 20), 1.0).sum(axis=-1, dtype=int)
    assert (np.diff(lightness) < 0).all()
    assert (np.diff(diverging(-np.linspace(0, 1, 20), 1.0).sum(axis=-1, dtype=int)) < 0).all()
