"""Signs and letters as strokes: where they stand, and that each form can be told from the others of its kind."""

import numpy as np
import pytest
from made_pages import generator

from lenet.synthesis.signs import ABOVE, BELOW, LABELS, LETTERS, SIGNS, drawn_sign

SIZE = 100


@pytest.mark.parametrize("label", LABELS)
def test_a_sign_is_drawn_whole_and_stands_on_its_line(label):
    random = generator(3)
    for _ in range(20):
        ink = drawn_sign(label, SIZE, 6.0, random)
        assert ink.shape[0] == round((ABOVE + 1 + BELOW) * SIZE)
        assert ink.max() == 1
        assert not ink[:, 0].any(), "cut off at the left"
        assert not ink[:, -1].any(), "cut off at the right"
        assert not ink[0].any(), "cut off above"
        assert not ink[-1].any(), "cut off below"


def test_signs_and_letters_are_all_that_the_reader_names():
    assert set(SIGNS) == set("+−×÷=()/:.,%$€£¥#")
    assert set(LETTERS) == set("OoIlSsBbGgqZzA")


def test_points_are_low_and_small_and_brackets_are_tall():
    random = generator(1)

    def box(label):
        rows, columns = np.nonzero(drawn_sign(label, SIZE, 6.0, random) > 0.5)
        return (rows.min() / SIZE - ABOVE, rows.max() / SIZE - ABOVE, np.ptp(columns) / SIZE)

    top, bottom, width = box(".")
    assert top > 0.8
    assert bottom < 1.1
    assert width < 0.25
    top, bottom, width = box("(")
    assert top < 0.1
    assert bottom > 0.95
    top, bottom, width = box("−")
    assert 0.4 < top < bottom < 0.75
