"""Measures of ink, worked out by hand."""

import numpy as np
import pytest

from lenet.image.measure import (
    AREA,
    HEIGHT,
    LEFT,
    MAX_SAMPLES,
    TOP,
    WIDTH,
    border_pixels,
    box_of,
    components,
    crop_to_ink,
    grey_quantiles,
    ink_box,
    stroke_width,
)


def mask(text):
    """Return a mask from its rows, ``#`` for ink."""
    return np.array([[pixel == "#" for pixel in row] for row in text.split()])


def test_the_box_around_others():
    assert box_of([(3, 4, 5, 6), (1, 8, 2, 9)]) == (1, 4, 7, 13)
    assert box_of([]) == (0, 0, 0, 0)


def test_the_box_of_ink():
    assert ink_box(mask("..... ..#.. .##.. .....")) == (1, 1, 2, 2)
    assert ink_box(mask("#.... ..... ....#")) == (0, 0, 5, 3)
    assert ink_box(mask("... ..# ...")) == (2, 1, 1, 1)
    assert ink_box(mask("... ...")) == (0, 0, 0, 0)
    assert all(type(value) is int for value in ink_box(mask("#")))


def test_cropped_to_ink():
    picture = np.array([[0, 9, 0, 0], [0, 20, 21, 0], [0, 0, 50, 0]], np.uint8)
    assert crop_to_ink(picture).tolist() == [[9, 0], [20, 21], [0, 50]]
    assert crop_to_ink(picture, 20).tolist() == [[21], [50]]  # above 20, not 20 itself
    assert crop_to_ink(picture, 50) is picture
    assert crop_to_ink(picture / 100, 0.4).tolist() == [[0.5]]


def test_components_by_hand():
    """Pixels that meet at a corner belong together; the paper's row is all 0."""
    strokes = mask("##...# .#...# ..#... ......").astype(np.uint8)
    labels, measures = components(strokes)
    assert labels.dtype == np.int32
    first, second = labels[0, 0], labels[0, 5]
    assert {first, second} == {1, 2}
    assert np.array_equal(labels == first, mask("##.... .#.... ..#... ......"))
    assert measures[0].tolist() == [0] * 5
    assert measures[first, [LEFT, TOP, WIDTH, HEIGHT, AREA]].tolist() == [0, 0, 3, 3, 4]
    assert measures[second, [LEFT, TOP, WIDTH, HEIGHT, AREA]].tolist() == [5, 0, 1, 2, 2]


def test_no_components():
    labels, measures = components(np.zeros((3, 4), np.uint8))
    assert (labels.any(), measures.tolist()) == (False, [[0] * 5])


def test_the_width_of_strokes_by_hand():
    """Twice the area by the number of pixels on the outline."""
    bar = np.zeros((12, 30), bool)
    bar[4:8, 5:25] = True  # 80 pixels, 18 x 2 of them inside: 44 on the outline
    assert stroke_width(bar) == 2 * 80 / 44
    bar[:] = False
    bar[5, 5:25] = True  # all pixels of a thin stroke are on its outline
    assert stroke_width(bar) == 2
    assert stroke_width(np.ones((4, 5), bool)) == 2 * 20 / 14  # beyond the picture's border there is paper
    assert stroke_width(np.zeros((4, 5), bool)) == 0


@pytest.mark.parametrize(
    ("fraction", "level"), [(0.0, 0), (0.1, 10), (0.3, 10), (0.31, 20), (0.6, 20), (0.9, 30), (1.0, 200)]
)
def test_grey_quantiles_by_hand(fraction, level):
    """Ten pixels: three of level 10, three of 20, three of 30, one of 200."""
    grey = np.array([[10, 20, 30, 200, 10], [20, 30, 10, 20, 30]], np.uint8)
    assert grey_quantiles(grey, fraction) == [level]
    assert grey_quantiles(grey, 0.3, fraction) == [10, level]


def test_a_large_picture_is_sampled():
    """Of twice as many pixels as are needed, every second one counts."""
    grey = np.zeros((2, MAX_SAMPLES), np.uint8)
    grey[:, 1::2] = 255
    assert grey_quantiles(grey, 0.99) == [0]
    assert grey_quantiles(grey[:1], 0.4, 0.6) == [0, 255]


def test_border_pixels_by_hand():
    grey = np.arange(20, dtype=np.uint8).reshape(4, 5)
    assert sorted(border_pixels(grey)) == sorted([*range(5), *range(15, 20), *range(0, 20, 5), *range(4, 20, 5)])
    assert sorted(border_pixels(grey, 1)) == sorted([6, 7, 8, 11, 12, 13, 6, 11, 8, 13])
