"""From candidates to what the network sees: each scaled into its picture, with what stands around it beside.

The first map of a picture is the candidate's own ink, the second all other ink there; the third is the line around the
candidate's middle, at a scale that is the same for all of the line. A dot looks like a dot, since it
is not scaled beyond half of a digit's height; half of a 0 looks like one, since its other half is in the second map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lenet.reading.cuts import Candidate, Parts
from lenet.reading.lines import Band, at_scale

SIDE, BOX = 28, 20
MAPS = 3
CONTEXT = 14
"""The height of a digit in the third map, in pixels."""
MARK, WRONG = 10, 11
"""The classes after the ten digits: punctuation, currency marks, specks and rules; and what was cut wrongly."""
CLASSES = 12
MUCH = 0.6
"""Candidates that are shrunk more than digits are, by this factor, are smoothed once more, or thin strokes get lost."""
SMALLEST = 0.5
"""Candidates smaller than this, in heights of a digit, are shown as small as they are."""


def pictures_of(band: Band, parts: Parts, candidates: Sequence[Candidate]) -> NDArray[np.uint8]:
    """Return the candidates as the network sees them, uint8 (n, 3, 28, 28), 0 = paper and 255 = ink."""
    import cv2

    out = np.zeros((len(candidates), MAPS, SIDE, SIDE), np.uint8)
    line, step = at_scale(band, CONTEXT, SIDE)
    ink = band.ink
    usual = min(0.9, BOX / band.height)
    if usual < 0.9:  # against aliasing
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.4 / usual), np.uint8)
    # A stroke's soft edges belong to it.
    wide = cv2.dilate(parts.labels.astype(np.int16), np.ones((3, 3), np.uint8))
    owner = np.where(parts.labels > 0, parts.labels, wide).astype(np.int16)
    height, width = ink.shape
    for picture, c in zip(out, candidates, strict=True):
        scale = BOX / max(c.right - c.left, c.bottom - c.top, SMALLEST * band.height)
        x, y, reach = (c.left + c.right) / 2, (c.top + c.bottom) / 2, SIDE / 2 / scale + 2
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        around = (slice(top, min(height, int(y + reach) + 1)), slice(left, min(width, int(x + reach) + 1)))
        own = cv2.bitwise_and(ink[around], cv2.inRange(owner[around], c.first + 1, c.last + 1))
        # Pixel centres lie at whole numbers: half a pixel of either scale is taken into account.
        shift = [SIDE / 2 - scale * (at - start) + (scale - 1) / 2 for at, start in ((x, left), (y, top))]
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
        both = cv2.merge((own, cv2.subtract(ink[around], own)))
        if scale < MUCH * usual:
            both = cv2.GaussianBlur(both, (0, 0), 0.4 * math.sqrt(scale**-2 - usual**-2))
        picture[:2] = cv2.warpAffine(both, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR).transpose(2, 0, 1)
        first = round(x * step)
        picture[2] = line[:, first : first + SIDE]
    return out
