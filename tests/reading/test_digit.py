"""The single digit of a picture: its ink, and its reading from probabilities, by hand."""

import numpy as np
import pytest

from lenet.reading.digit import only_digit, read_digit, with_edges


def test_only_the_large_strokes_remain_with_their_soft_edges():
    """A stroke of 40 pixels with a soft edge; a component is too small below a fortieth of that, one pixel."""
    ink = np.zeros((30, 30), np.uint8)
    ink[5:25, 10:12] = 255
    ink[5:25, 12] = 60  # a soft edge, fainter than a stroke
    ink[5:25, 14] = 60  # as faint, but not beside the stroke
    kept = only_digit(ink)
    assert kept[5:25, 10:13].all()
    assert kept.sum() == ink[5:25, 10:13].sum(dtype=int)
    ink[2, 2] = ink[27, 27] = ink[27, 26] = 255  # two components, of one pixel and of two
    assert (only_digit(ink) > 100).sum() == 40 + 1 + 2
    ink[5:25, 9] = 255  # a fortieth is more than one pixel now
    assert (only_digit(ink) > 100).sum() == 60 + 2


def test_ink_within_a_pixel_of_strokes():
    ink = np.full((5, 7), 9, np.uint8)
    strokes = np.zeros((5, 7), bool)
    strokes[2, 3] = True
    kept = with_edges(ink, strokes)
    assert kept[1:4, 2:5].tolist() == [[9] * 3] * 3
    assert kept.sum() == 81


@pytest.mark.parametrize(
    ("probabilities", "threshold", "accepted", "reason"),
    [
        ([0.875, 0.125, *[0] * 8], 0.875, True, ""),
        ([0.875, 0.125, *[0] * 8], 0.9, False, "ambiguous"),
        ([0.1] * 10, 0.5, False, "not_a_digit"),
        ([0.1] * 10, 0.0, True, ""),
        ([0.1] * 10, None, None, ""),
    ],
)
def test_a_digit_is_accepted_if_its_confidence_reaches_the_threshold(probabilities, threshold, accepted, reason):
    line = read_digit(np.array(probabilities, np.float32), (1, 2, 3, 4), threshold)
    assert (line.text, line.accepted, line.reason) == ("0", accepted, reason)
    assert line.confidence == np.float32(probabilities[0])
    assert line.alternatives[0] == ("1", np.float32(probabilities[1]))
    assert line.digits[0].box == (1, 2, 3, 4)
