"""Strokes and curves, worked out by hand."""

import numpy as np
import pytest

from lenet.image.drawing import catmull_rom_curve, draw_stroke, quadratic_curve


@pytest.mark.parametrize("pen", [1, 3, 6])
def test_a_straight_stroke_is_about_as_wide_as_the_pen(pen):
    """All pixels under the pen are full ink; OpenCV's soft edges add at most two pixels on each side."""
    picture = np.zeros((30, 50), np.uint8)
    draw_stroke(picture, [(10, 15), (35, 15)], pen)
    y, x = np.mgrid[:30, :50]
    across = np.hypot(y - 15, x - np.clip(x, 10, 35))
    assert (picture[(across < pen / 2 - 0.5) & (x >= 10) & (x <= 35)] == 255).all()
    assert (picture[across <= 0.5] >= 127).all()
    assert not picture[across > pen / 2 + 2].any()


def test_a_stroke_goes_through_all_its_points_over_the_picture():
    picture = np.full((40, 40), 7, np.uint8)
    points = [(5.25, 5.0), (30.0, 8.5), (12.0, 33.0)]
    draw_stroke(picture, points, 0.2)  # no pen is finer than a pixel
    for x, y in points:
        assert picture[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].max() > 200
    assert picture[35, 35] == 7


def test_a_quadratic_curve_by_hand():
    """Nine points; in the middle it is a quarter of each end and half of the control point."""
    curve = quadratic_curve((0.0, 0.0), (4.0, 8.0), (8.0, 0.0))
    assert len(curve) == 9
    assert (curve[0], curve[4], curve[8]) == ((0.0, 0.0), (4.0, 4.0), (8.0, 0.0))
    # At an eighth: 2 x 7/64 of the control point and 1/64 of the end.
    assert curve[1] == pytest.approx((4 * 14 / 64 + 8 / 64, 8 * 14 / 64))


def test_a_catmull_rom_curve_goes_through_its_points_with_their_neighbours_directions():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 2.0]])
    path = catmull_rom_curve(points, steps=3)
    # Halfway of the first segment: the mean of its ends, and an eighth of the difference of its tangents, (1/2, 0) and
    # (1, 1).
    assert path.tolist() == [[0, 0], [0.5 - 0.5 / 8, -1 / 8], [1, 0], [1, 0], [1.5 + 0.5 / 8, 1], [2, 2]]


def test_a_repeated_point_is_a_corner():
    path = catmull_rom_curve(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 4.0]]))
    assert set(path[path[:, 1] > 0, 0]) == {4.0} and set(path[path[:, 0] < 4, 1]) == {0.0}
