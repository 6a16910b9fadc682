"""Frames around writing, on strokes and frames whose places are known."""

import cv2
import numpy as np
import pytest
from made_pages import BARS, page

from lenet.reading.page.frames import without_frames
from lenet.reading.page.ink import ink_of

BAR_COLUMNS = [30, 70, 110]


def bars_left(ink):
    """Return the columns in which full bars of 36 rows are left, as the middle of each."""
    full = np.flatnonzero((ink.image >= 128).sum(axis=0) >= 30)
    return [int(group.mean()) for group in np.split(full, np.flatnonzero(np.diff(full) > 1) + 1)] if len(full) else []


def ellipse(grey):
    cv2.ellipse(grey, (72, 38), (70, 34), 0, 0, 360, 40, 4)


def box(grey):
    cv2.rectangle(grey, (8, 3), (140, 70), 40, 4)


def comb(grey):
    box(grey)
    for x in (50, 90):
        cv2.line(grey, (x, 3), (x, 70), 40, 4)


@pytest.mark.parametrize(("draw", "cells"), [(box, 1), (ellipse, 1), (comb, 3)])
def test_frames_are_taken_out_and_what_they_enclose_stays(draw, cells):
    grey = page(*[((x, 15), (x, 55)) for x in BAR_COLUMNS], size=(80, 200))
    draw(grey)
    ink, (frame,) = without_frames(ink_of(grey))
    assert bars_left(ink) == BAR_COLUMNS
    assert len(frame.cells) == cells
    assert (ink.image >= 128).sum() == pytest.approx(3 * 41 * 5, rel=0.05)
    for left, top, width, height in frame.cells:
        assert frame.box[0] < left < left + width < frame.box[0] + frame.box[2]
        assert frame.box[1] < top < top + height < frame.box[1] + frame.box[3]


def test_a_stroke_that_touches_the_frame_stays():
    grey = page(((30, 15), (30, 55)), ((70, 15), (70, 70)), ((110, 15), (110, 55)), size=(80, 200))
    box(grey)
    ink, frames = without_frames(ink_of(grey))
    assert len(frames) == 1
    assert bars_left(ink) == BAR_COLUMNS


def zigzag(grey, left, top, bottom):
    """Draw a stroke like a Z from wall to wall."""
    height = bottom - top
    points = [(0, 0), (20, 0), (0, 1), (20, 1)]
    places = np.array([(left + x, top + y * height) for x, y in points], np.int32)
    cv2.polylines(grey, [places], False, 40, 4)


@pytest.mark.parametrize("draw", [box, ellipse])
def test_a_stroke_from_wall_to_wall_stays(draw):
    """It divides the frame into two; a wall does, too, but is straight."""
    grey = page(((30, 20), (30, 55)), ((110, 20), (110, 55)), size=(80, 200))
    draw(grey)
    zigzag(grey, 60, 5, 70)
    ink, (frame,) = without_frames(ink_of(grey))
    assert len(frame.cells) == 1
    across = ink.image[30:50, 55:85] >= 128
    assert across.any(axis=1).all(), "the diagonal of the Z"
    assert not (ink.image[10:70, 2:20] >= 128).any(), "the frame"


@pytest.mark.parametrize("degrees", [-3, 1, 3])
def test_a_comb_that_leans_has_its_cells(degrees):
    """Its hull fills less of its upright box than that of a circle does."""
    grey = np.full((90, 420), 230, np.uint8)
    cv2.rectangle(grey, (20, 25), (400, 65), 40, 3)
    for at in range(1, 8):
        cv2.line(grey, (20 + 380 * at // 8, 25), (20 + 380 * at // 8, 65), 40, 3)
    grey[37:53, 42:380:95] = 40  # strokes of a pixel in every second cell
    matrix = cv2.getRotationMatrix2D((210, 45), degrees, 1)
    leaning = cv2.warpAffine(grey, matrix, (420, 90), borderValue=230)
    ink, (frame,) = without_frames(ink_of(leaning))
    assert len(frame.cells) == 8
    assert (ink.image >= 128).sum() < 4 * 16 * 3


def test_a_table_of_very_many_cells():
    grey = np.full((16 * 24 + 20, 16 * 24 + 20), 230, np.uint8)
    for at in range(17):
        grey[8 + 24 * at : 10 + 24 * at, 8:394] = grey[8:394, 8 + 24 * at : 10 + 24 * at] = 40
    grey[14:24, 19] = 40
    _, (frame,) = without_frames(ink_of(grey))
    assert len(frame.cells) == 256


def test_a_digit_of_a_comb_does_not_take_its_wall_for_a_stroke():
    """The stroke touches the walls on both sides of its cell."""
    grey = page(((30, 20), (30, 55)), ((110, 20), (110, 55)), size=(80, 200))
    comb(grey)
    cv2.ellipse(grey, (70, 36), (20, 22), 0, 0, 360, 40, 4)
    ink, (frame,) = without_frames(ink_of(grey))
    assert len(frame.cells) == 3
    assert not (ink.image[63:72, 48:93] >= 128).any(), "the walls"
    assert (ink.image[10:62, 70] >= 128).sum() == pytest.approx(10, abs=4), "the stroke"


def test_cells_without_writing_are_a_frame_and_one_ring_is_none():
    empty = np.full((60, 220), 230, np.uint8)
    for x in (10, 60, 110, 160):
        cv2.rectangle(empty, (x, 8), (x + 50, 50), 40, 3)
    ink, (frame,) = without_frames(ink_of(empty))
    assert len(frame.cells) == 4
    assert not (ink.image >= 128).any()
    ring = np.full((60, 60), 230, np.uint8)
    cv2.ellipse(ring, (30, 30), (14, 20), 0, 0, 360, 40, 4)
    assert without_frames(ink_of(ring))[1] == []
    cv2.circle(ring, (30, 30), 2, 40, -1)  # a dot in a 0
    assert without_frames(ink_of(ring))[1] == []


def test_squared_paper_is_no_frame():
    grey = page(*BARS, size=(60, 150))
    grey[::12] = grey[:, ::12] = 90
    assert without_frames(ink_of(grey))[1] == []


def test_squared_paper_is_no_frame_if_few_of_its_squares_are_written_on():
    grey = page(((50, 13), (62, 40)), ((90, 13), (102, 40)), size=(73, 246))
    grey[::18] = grey[:, ::18] = 90
    grey[-1] = grey[:, -1] = 90
    assert without_frames(ink_of(grey))[1] == []


def test_ink_without_frames_is_the_same():
    ink = ink_of(page(*BARS))
    assert without_frames(ink) == (ink, [])


def test_zeros_in_a_row_are_no_frame():
    zeros = np.full((60, 200), 230, np.uint8)
    for x in (40, 72, 104, 136):
        cv2.ellipse(zeros, (x, 30), (16, 20), 0, 0, 360, 40, 4)
    assert without_frames(ink_of(zeros))[1] == []
    for x in (40, 72, 104, 136):  # rounder ones
        cv2.rectangle(zeros, (x - 13, 13), (x + 13, 47), 230, -1)
    assert without_frames(ink_of(zeros))[1] == []
