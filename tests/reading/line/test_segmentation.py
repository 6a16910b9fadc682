"""Segmentation: where strokes are cut, and which runs of segments are candidates."""

import cv2
import numpy as np
import pytest
from made_pages import ink_line, page

from lenet.reading.line.segmentation import Candidate, Segments, find_candidates, find_seams, find_segments


def test_two_rings_that_touch_are_cut_where_they_do():
    grey = np.zeros((44, 80), np.uint8)
    cv2.ellipse(grey, (20, 22), (16, 18), 0, 0, 360, 1, 4)
    cv2.ellipse(grey, (56, 22), (16, 18), 0, 0, 360, 1, 4)
    assert cv2.connectedComponents(grey)[0] == 2
    seams = find_seams(grey > 0, 40, 4)
    assert min(abs(seam.mean() - 38) for seam in seams) <= 4
    segments = find_segments(ink_line(grey > 0))
    left = [c for c in find_candidates(segments, 40) if c.left <= 3 and abs(c.right - 38) <= 3]
    assert len(left) == 1
    assert (left[0].top, left[0].bottom) == (2, 43)


def test_a_component_is_cut_only_where_there_may_be_several_digits():
    grey = np.zeros((44, 80), np.uint8)
    cv2.ellipse(grey, (20, 22), (16, 18), 0, 0, 360, 1, 4)
    cv2.ellipse(grey, (56, 22), (16, 18), 0, 0, 360, 1, 4)
    columns = []

    def may_hold_several(left, right):
        columns.append((left, right))
        return False

    segments = find_segments(ink_line(grey > 0), may_hold_several)
    used = np.flatnonzero(grey.any(axis=0))
    assert columns == [(used[0], used[-1] + 1)]
    assert len(segments.boxes) == 1
    assert np.array_equal(segments.labels > 0, grey > 0)


def test_strokes_that_have_become_one_are_cut_between_them():
    boxes = np.zeros((44, 70), np.uint8)
    for left in (4, 33):  # two frames with strokes of five pixels, side by side
        cv2.rectangle(boxes, (left, 2), (left + 28, 41), 255, -1)
        cv2.rectangle(boxes, (left + 5, 7), (left + 23, 36), 0, -1)
    seams = find_seams(boxes > 0, 40, 5)
    # In every row the seam stays within the ten pixels that both strokes have.
    assert any((np.abs(seam - 33) <= 3).all() for seam in seams)


@pytest.mark.parametrize("lean", [0, 15, 30, 42])
def test_one_stroke_is_not_cut_however_it_slants(lean):
    strokes = page(((10 + lean, 5), (10, 50)), size=(56, 70)) < 100
    assert find_seams(strokes[:, strokes.any(axis=0)], 45, 4) == []


def test_candidates_are_the_runs_of_neighbours():
    boxes = np.array([(0, 0, 10, 40), (14, 0, 24, 40), (60, 0, 70, 40)])
    candidates = find_candidates(Segments(np.zeros((40, 70), np.int32), boxes), 40)
    # The third is farther than half a height from the others.
    assert candidates == [
        Candidate(0, 0, 0, 0, 10, 40),
        Candidate(0, 1, 0, 0, 24, 40),
        Candidate(1, 1, 14, 0, 24, 40),
        Candidate(2, 2, 60, 0, 70, 40),
    ]
