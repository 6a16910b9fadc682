"""Lines of writing in ink, on strokes whose places are known."""

import numpy as np
import pytest
from made_pages import BARS, ink_line, page

from lenet.reading.line.segmentation import find_segments
from lenet.reading.page.ink import Ink, ink_of
from lenet.reading.page.lines import digit_height, find_lines, quantile, scaled_line, without_rules


def test_no_ink_has_no_lines():
    assert find_lines(Ink(np.zeros((40, 50), np.uint8))) == []


def test_rules_are_removed_except_where_strokes_cross_them():
    strokes = (page(*BARS, ((0, 45), (199, 45)), pen=3) < 100).astype(np.uint8)
    rest = without_rules(strokes, 3, 90, 120)
    assert rest[:, 31 + 10 : 60].sum() == 0  # the rule between two bars
    assert np.array_equal(rest[:40], strokes[:40])
    assert rest[45, 30] == 1  # the first bar, where it crosses


def test_upright_rules_of_squared_paper_are_removed_however_short():
    """They are 92 pixels long, and a stroke is 3 wide; where there are no level rules, they might be digits."""
    grey = page(*[((x, 30), (x, 65)) for x in (50, 90, 130)], size=(92, 274), pen=3)
    rules = np.array(grey)
    rules[10::17] = rules[:, 8::17] = 90
    (line,) = find_lines(ink_of(rules))
    assert line.height == pytest.approx(36, abs=6)
    columns = np.flatnonzero((line.components > 0).sum(axis=0) > 25) + line.left
    groups = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    assert [group.mean() for group in groups] == pytest.approx([50, 90, 130], abs=1)


def test_stems_are_no_rules_though_there_are_several_level_ones():
    """Four stems across three ruled lines; and above three blanks side by side that are not quite level."""
    stems = [((x, 20), (x, 66)) for x in (50, 90, 130, 170)]
    ruled = page(*stems, *[((0, y), (299, y)) for y in (24, 44, 64)], size=(92, 300), pen=3)
    blanks = page(
        *stems, *[((100 * k + 4, 80 + 2 * k), (100 * k + 96, 80 + 2 * k)) for k in range(3)], size=(92, 300), pen=3
    )
    for grey in (ruled, blanks):
        (line, *_) = find_lines(ink_of(grey))
        assert (line.components[:, 44 - line.left : 176 - line.left] > 0).sum() > 4 * 3 * 40


def test_lines_from_top_to_bottom():
    grey = page(*BARS, *[((x, 110), (x, 145)) for x in (40, 80)], size=(180, 200))
    first, second = find_lines(ink_of(grey))
    assert first.top < second.top
    assert [int(line.components.astype(bool).sum(axis=0).astype(bool).sum()) for line in (first, second)] == [15, 10]
    (whole,) = find_lines(ink_of(grey), single=True)
    assert len(find_segments(whole).boxes) == 5


def test_small_marks_belong_to_the_line_that_they_lie_in():
    grey = page(*BARS)
    grey[43:48, 50:55] = 40
    grey[2, 150] = 40  # a speck
    (line,) = find_lines(ink_of(grey))
    segments = find_segments(line)
    assert len(segments.boxes) == 4
    assert segments.boxes[1].tolist() == [50 - line.left, 43 - line.top, 55 - line.left, 48 - line.top]


def test_quantile_is_weighted():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 6.0])
    assert quantile(values, weights) == 2.0
    assert quantile(values, weights, 0.1) == 1.0
    assert quantile(values, np.array([7.0, 1.0, 1.0])) == 3.0


def test_the_height_of_digits_by_hand():
    """Heights 10, 20 and 30 with widths 5, 5 and 90: of the last one at most twice its height counts, 60."""
    measures = np.array([(0, 0, 5, 10, 1), (0, 0, 5, 20, 1), (0, 0, 90, 30, 1)])
    # The weights are 8, 8 and 63, with 3 for each besides its width.
    assert digit_height(measures) == 30
    assert digit_height(measures, 0.2) == 20
    assert digit_height(measures[:0]) == 6


@pytest.mark.parametrize(("height", "scale", "width"), [(40.0, 0.5, 64), (10.0, 2.0, 154)])
def test_a_scaled_line_has_its_columns_where_the_scale_puts_them(height, scale, width):
    """A line of 60 by 60 pixels with a stroke in the columns 28 to 31, scaled to digits of 20 pixels."""
    strokes = np.zeros((60, 60), bool)
    strokes[10:50, 28:32] = True
    strip, given = scaled_line(ink_line(strokes, height=height), 20, 33)
    assert (given, strip.shape) == (scale, (33, width))
    middle = (strip.astype(float) * np.arange(width)).sum() / strip.sum()
    assert middle == pytest.approx(33 / 2 + scale * 30 - 0.5, abs=0.1)


def rows_of(places):
    """Return a page with a bar of 30 pixels at each place (x, y)."""
    return page(*[((x, y), (x, y + 30)) for x, y in places], size=(260, 520))


def lefts_and_tops(grey):
    """Return where the first bar of each line is, to ten pixels."""
    return [
        (
            round(line.left + int(np.flatnonzero(line.components.any(axis=0))[0]), -1),
            round(line.top + line.middle - 15, -1),
        )
        for line in find_lines(ink_of(grey))
    ]


def test_a_row_is_one_line_however_wide_its_gaps_if_it_is_alone():
    assert lefts_and_tops(rows_of([(20, 40), (60, 42), (330, 38), (480, 41)])) == [(20, 40)]


def test_columns_near_each_other_are_read_row_by_row():
    """Columns two and a half heights apart; in the second row the right part stands a little higher."""
    places = [(x, y - 4 * (x > 100) * (y == 90)) for y in (20, 90, 160) for x in (20, 50, 130, 160)]
    assert lefts_and_tops(rows_of(places)) == [(20, 20), (20, 90), (20, 160)]


def test_columns_far_apart_are_read_one_after_the_other():
    places = [(x, y) for y in (20, 90, 160) for x in (20, 50, 300, 330)]
    assert lefts_and_tops(rows_of(places)) == [(20, 20), (20, 90), (20, 160), (300, 20), (300, 90), (300, 160)]


@pytest.mark.parametrize(
    ("stroke", "crossed"),
    [
        (((15, 28), (125, 27)), True),  # through all of it, and no farther
        (((0, 28), (199, 28)), False),  # a rule of the paper
        (((15, 50), (125, 50)), False),  # below it
        ((), False),
    ],
)
def test_a_line_that_is_crossed_out(stroke, crossed):
    grey = page(*BARS, *([stroke] if stroke else []), size=(60, 300))
    (line,) = find_lines(ink_of(grey))
    assert line.crossed_out == crossed
