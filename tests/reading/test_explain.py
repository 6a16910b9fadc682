"""Pictures of each step of a reading, and boxes around what was read."""

import numpy as np
import pytest
from PIL import Image

from lenet.reading.explain import boxes, explained
from lenet.reading.reader import Reader
from lenet.reading.result import Digit, Line, Mark, Reading

STEPS = ["1-picture", "2-ink", "3-lines", "4-sliding-window", "5-segments", "6-digits", "7-reading"]


@pytest.fixture(scope="module")
def reader():
    return Reader()


def test_a_picture_of_each_step(pictures, tmp_path, reader):
    path = pictures / "numbers" / "24709.png"
    reading = explained(path, tmp_path / "new", reader)
    assert str(reading) == "24709"
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [f"{step}.png" for step in STEPS]
    grey = np.asarray(Image.open(path).convert("L"))
    drawn = np.asarray(boxes(grey, reading)).astype(int)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "new" / "7-reading.png")), drawn)
    left, top, width, height = reading.lines[0].digits[0].box
    changed = np.abs(drawn - grey[..., None]).sum(axis=-1) > 60
    assert changed[top : top + height, left].all()
    assert changed[top, left : left + width].all()
    with Image.open(tmp_path / "new" / "1-picture.png") as first:
        assert np.array_equal(np.asarray(first), grey)
    with Image.open(tmp_path / "new" / "6-digits.png") as digits:
        assert digits.size == (4 * 28 * 5, 4 * 28)


def test_a_picture_without_lines_has_no_pictures_of_them(tmp_path, reader):
    reading = explained(np.full((50, 60), 200, np.uint8), tmp_path, reader)
    assert reading.reason == "empty"
    assert sorted(p.stem for p in tmp_path.iterdir()) == [STEPS[k] for k in (0, 1, 2, 4, 6)]


def test_boxes_are_where_digits_and_marks_are():
    digit, mark = Digit(1, 0.9, (20, 30, 10, 20)), (60, 40, 5, 6)
    reading = Reading((Line((digit,), 0.9, (), (Mark("", 0.5, mark),)),), True)
    drawn = np.asarray(boxes(np.full((80, 100), 255, np.uint8), reading))
    assert drawn.shape == (80, 100, 3)
    for (left, top, width, height), colour in ((digit.box, (20, 110, 220)), (mark, (220, 130, 20))):
        for row, column in ((top, left), (top + height, left), (top, left + width), (top + height, left + width)):
            assert tuple(drawn[row, column]) == colour
        assert drawn[top + height // 2, left + width // 2].tolist() == [255] * 3
