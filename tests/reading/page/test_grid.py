"""Cells of grids, on forms whose walls and strokes are known."""

import cv2
import numpy as np
import pytest

from lenet.reading import read
from lenet.reading.page import grid
from lenet.reading.page.grid import cells_of
from lenet.reading.page.ink import Ink

SIDE = 40


def form(rows, columns, strokes=(), wall=2):
    """Return the ink of a form with walls, and upright strokes of 4 by 20 pixels in the middle of some cells."""
    image = np.zeros((rows * SIDE + wall, columns * SIDE + wall), np.uint8)
    for at in range(rows + 1):
        image[at * SIDE : at * SIDE + wall] = 255
    for at in range(columns + 1):
        image[:, at * SIDE : at * SIDE + wall] = 255
    for row, column in strokes:
        image[row * SIDE + 11 : row * SIDE + 31, column * SIDE + 19 : column * SIDE + 23] = 255
    return image


def filled(cells):
    """Return the places of the cells with strokes, and check that these are whole."""
    places = []
    for cell in cells:
        strokes = (cell.ink >= 128).sum()
        if strokes:
            assert strokes == pytest.approx(80, abs=8), (cell.row, cell.column)
            places.append((cell.row, cell.column))
    return places


STROKES = [(0, 0), (0, 2), (1, 1), (2, 3)]


def test_cells_by_hand():
    cells = cells_of(Ink(form(3, 4, STROKES), pen=3.0), (3, 4))
    assert [(cell.row, cell.column) for cell in cells] == list(np.ndindex(3, 4))
    assert filled(cells) == STROKES
    for cell in cells:
        left, top, width, height = cell.box
        assert (left, top) == pytest.approx((cell.column * SIDE, cell.row * SIDE), abs=6)
        assert (width, height) == pytest.approx((SIDE, SIDE), abs=10)
        assert cell.ink.shape == (height, width)


def test_a_grid_that_is_found_by_its_walls():
    ink = Ink(form(3, 4, STROKES), pen=3.0)
    assert filled(cells_of(ink, None)) == STROKES
    with pytest.raises(ValueError, match=r"no grid of cells in the picture; expected rows and columns, such as grid="):
        cells_of(Ink(np.zeros((90, 90), np.uint8)), None)


def test_a_leaning_form_and_broken_walls():
    image = form(3, 4, STROKES)
    corners = np.float32([[0, 0], [161, 0], [161, 121], [0, 121]])
    moved = np.float32([[6, 0], [158, 8], [161, 121], [0, 114]])
    leaning = cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners, moved), (162, 122))
    cells = cells_of(Ink(np.asarray(leaning, np.uint8), pen=3.0), (3, 4))
    assert [(cell.row, cell.column) for cell in cells if (cell.ink >= 128).sum() > 40] == STROKES
    broken = form(3, 4, STROKES)
    broken[78:84, 66:90] = broken[50:58, 78:84] = broken[:, 40:42] = 0
    assert filled(cells_of(Ink(broken, pen=3.0), (3, 4))) == STROKES


def test_strokes_in_a_column_are_no_wall():
    strokes = [(row, 1) for row in range(4)]
    image = form(4, 3)
    for row, _ in strokes:
        image[row * SIDE + 6 : row * SIDE + 36, SIDE + 26 : SIDE + 30] = 255
    cells = cells_of(Ink(image, pen=3.0), (4, 3))
    assert [(cell.row, cell.column) for cell in cells if (cell.ink >= 128).sum() > 100] == strokes


def test_a_warped_form_is_followed():
    """Walls are bent by a fifth of a cell."""
    image = form(3, 4, STROKES)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    bend = 8 * np.sin(np.pi * columns / image.shape[1]) * np.sin(np.pi * rows / image.shape[0])
    warped = cv2.remap(image, columns, rows + bend, cv2.INTER_LINEAR)
    cells = cells_of(Ink(np.asarray(warped, np.uint8), pen=3.0), (3, 4))
    assert [(cell.row, cell.column) for cell in cells if (cell.ink >= 128).sum() > 40] == STROKES


def test_a_cell_outside_the_picture_is_left_out(monkeypatch):
    monkeypatch.setattr(grid, "_completed", lambda places, size: {(0, 0): (-50, 5, 40, 30), (0, 1): (10, 5, 30, 30)})
    assert [cell.column for cell in cells_of(Ink(form(1, 2), pen=3.0), (1, 2))] == [1]


def test_strokes_on_a_wall_stay():
    """A thick foot on the lower wall, and a stem that fills its cell's height beside a wall."""
    image = form(1, 4, [(0, 0), (0, 3)])
    image[SIDE - 6 : SIDE + 2, SIDE + 6 : SIDE + 34] = 255
    image[4:SIDE, SIDE + 18 : SIDE + 22] = 255
    image[:, 2 * SIDE + 9 : 2 * SIDE + 13] = 255
    image[18:22, 2 * SIDE + 9 : 2 * SIDE + 30] = 255
    cells = {cell.column: cell.ink >= 128 for cell in cells_of(Ink(image, pen=4.0), (1, 4))}
    assert cells[1].sum() > 0.7 * (28 * 6 + 4 * 30)
    assert cells[2].sum() > 0.7 * (4 * 36 + 17 * 4)
    assert cells[0].sum() == cells[3].sum() == 80


def test_a_form_without_walls_is_divided():
    image = form(2, 3, [(0, 1), (1, 2)])
    image[:2] = image[-2:] = image[:, :2] = image[:, -2:] = 0
    image[SIDE : SIDE + 2] = 0
    for column in (1, 2):
        image[:, column * SIDE : column * SIDE + 2] = 0
    assert filled(cells_of(Ink(image, pen=3.0), (2, 3))) == [(0, 1), (1, 2)]


def test_a_picture_too_small_for_its_cells():
    with pytest.raises(ValueError, match="a grid of 3x2 cells in a picture of 50x11 pixels: too small"):
        cells_of(Ink(np.zeros((11, 50), np.uint8)), (3, 2))


@pytest.fixture
def paper_form(mnist_test):
    """A form of two rows and four columns on paper: seven digits, one empty cell; the last cell has two digits."""
    images, labels = mnist_test
    form = np.full((2 * 60, 4 * 60), 240, np.uint8)
    form[::60] = form[:, ::60] = form[-1] = form[:, -1] = 90
    for at, place in enumerate([(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 3)]):
        inside = tuple(slice(60 * k + 16, 60 * k + 44) for k in place)
        form[inside] = np.minimum(form[inside], 255 - images[at])
    return form, [str(label) for label in labels[:7]]


@pytest.mark.mnist
@pytest.mark.parametrize("size", [(2, 4), "auto"])
def test_a_form_has_what_is_in_each_cell(paper_form, size):
    form, labels = paper_form
    reading = read(form, grid=size, reject="1%")
    assert [line.text for line in reading.lines] == ["".join(labels[:4]), "".join(labels[4:])]
    assert [(cell.row, cell.column) for cell in reading.cells] == list(np.ndindex(2, 4))
    assert [cell.status for cell in reading.cells] == ["read"] * 6 + ["empty", "read"]
    assert [cell.line.text for cell in reading.cells if cell.line] == labels
    for cell in reading.cells:
        left, top, width, height = cell.box
        assert (left, top) == pytest.approx((60 * cell.column, 60 * cell.row), abs=6)
        if cell.line:
            x, y, wide, tall = cell.line.box
            assert left <= x < x + wide <= left + width
            assert top <= y < y + tall <= top + height
    assert reading.accepted


@pytest.mark.mnist
def test_a_form_with_ink_that_is_not_read_is_not_accepted(paper_form):
    form, labels = paper_form
    cv2.line(form, (130, 70), (170, 110), 30, 3)
    cv2.line(form, (130, 110), (170, 70), 30, 3)
    cv2.line(form, (128, 90), (172, 90), 30, 3)
    reading = read(form, grid=(2, 4), reject="1%")
    assert reading.lines[0].text == "".join(labels[:4])
    assert reading.accepted is False
    assert reading.reason in ("unread", "not_a_digit", "ambiguous")
    assert read(np.full((50, 50), 200, np.uint8), grid=(2, 2)).reason == "empty"
