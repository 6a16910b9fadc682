"""Forms: a digit in each cell of a grid, without the cells' borders."""

import numpy as np
import pytest

from lenet.reading import read
from lenet.reading.page.grid import cells_of
from lenet.reading.page.ink import Ink


def test_cells_by_hand():
    """Two cells of 40 by 40 pixels with a border; in the second a stroke of 4 by 20 pixels."""
    image = np.zeros((40, 80), np.uint8)
    image[[0, -1]] = image[:, [0, 40, -1]] = 255
    image[10:30, 58:62] = 255
    (cell,) = cells_of(Ink(image, pen=2.0), 1, 2)
    assert (cell.row, cell.left, cell.top, cell.ink.shape) == (0, 40, 0, (40, 40))
    stroke = np.zeros((40, 40), bool)
    stroke[10:30, 18:22] = True
    assert np.array_equal(cell.ink > 0, stroke)


def test_a_picture_too_small_for_its_cells():
    with pytest.raises(ValueError, match="a grid of 3x2 cells in a picture of 50x11 pixels: too small"):
        next(cells_of(Ink(np.zeros((11, 50), np.uint8)), 3, 2))


@pytest.mark.mnist
def test_a_form_has_a_digit_in_each_cell(mnist_test):
    images, labels = mnist_test
    form = np.full((2 * 60, 4 * 60), 240, np.uint8)
    form[::60] = form[:, ::60] = form[-1] = form[:, -1] = 90
    cells = [[0, 1, 2, 3], [4, 5, 6, None]]
    for row, numbers in enumerate(cells):
        for column, at in enumerate(numbers):
            if at is not None:
                inside = (slice(row * 60 + 16, row * 60 + 44), slice(column * 60 + 16, column * 60 + 44))
                form[inside] = np.minimum(form[inside], 255 - images[at])
    reading = read(form, grid=(2, 4))
    assert [[d.label for d in line.digits] for line in reading.lines] == [list(labels[:4]), list(labels[4:7])]
    for column, digit in enumerate(reading.lines[0].digits):
        left, top, width, height = digit.box
        assert 60 * column < left < left + width < 60 * column + 60
        assert 0 < top < top + height < 60
    assert read(np.full((50, 50), 200, np.uint8), grid=(2, 2)).reason == "empty"
