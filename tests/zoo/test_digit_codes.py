"""The codes of the output layer, against what the paper prints."""

import numpy as np

from lenet.zoo.digit_codes import DIGIT_CODES


def test_smallest_distances_between_the_papers_codes():
    codes = np.array(DIGIT_CODES)
    assert codes.shape == (10, 84)
    assert set(codes.ravel()) == {-1.0, 1.0}
    squares = ((codes[:, None] - codes) ** 2).sum(axis=-1)
    pairs = sorted((squares[a, b], a, b) for a in range(10) for b in range(a))
    assert [(d, b, a) for d, a, b in pairs[:3]] == [(48, 6, 8), (72, 0, 4), (72, 8, 9)]


def test_the_bars_that_tell_0_from_o():
    for digit in (0, 2, 4, 5):
        assert DIGIT_CODES[digit][:14] == (-1.0, *[1.0] * 5, *[-1.0] * 8)
