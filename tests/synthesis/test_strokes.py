"""Marks among digits, drawn stroke by stroke."""

import numpy as np
import pytest
from made_pages import generator

from lenet.image.measure import ink_box
from lenet.synthesis.strokes import drawn_mark, mark_strokes


def test_a_mark_is_where_its_strokes_say():
    """Of a digit 40 pixels high: its top is a tenth of that below the picture's, its left side two pixels inside."""
    ink = drawn_mark([[(0.5, 0.0), (0.5, 1.0)]], 40.0, 2.0)
    assert ink.dtype == np.float32
    assert (ink.min(), ink.max(), ink.shape) == (0, 1, (int(1.35 * 40) + 2, int(1.6 * 40) + 4))
    left, top, width, height = ink_box(ink > 0.5)
    assert left + width / 2 == pytest.approx(22 + 0.5, abs=1)
    assert (top, top + height) == pytest.approx((4, 44), abs=3)


@pytest.mark.parametrize(
    ("kind", "strokes", "lowest", "highest"),
    [
        (".", 1, 0.9, 1.05),
        (",", 1, 0.85, 1.25),
        ("/", 1, 0.0, 1.05),
        ("-", 1, 0.1, 1.0),
        ("^", 1, -0.6, 0.7),
        ("=", 2, 0.2, 1.3),
        ("$", 2, -0.05, 1.05),
        ("#", 4, 0.1, 1.0),
        ("*", 3, 0.2, 0.8),
        ("[", 1, -0.15, 1.2),
        ("]", 1, -0.15, 1.2),
    ],
)
def test_marks_have_their_strokes_at_their_heights(kind, strokes, lowest, highest):
    for seed in range(20):
        mark = mark_strokes(kind, generator(seed))
        assert len(mark) == strokes
        heights = [y for stroke in mark for _, y in stroke]
        assert lowest <= min(heights) <= max(heights) <= highest


def test_scribbles_have_some_strokes_and_differ():
    scribbles = [mark_strokes("~", generator(seed)) for seed in range(50)]
    assert {len(strokes) for strokes in scribbles} == {2, 3, 4, 5}
    assert len({repr(strokes) for strokes in scribbles}) == 50
    assert repr(mark_strokes("~", generator(7))) == repr(scribbles[7])
