"""From a digit's ink to what the networks know: 28x28 pixels, as MNIST has its digits.

The steps are those by which MNIST was made (LeCun et al. 1998, section III.A): the ink is cut out, scaled into
20x20 pixels without changing its proportions, and put into 28x28 with its centre of mass in the middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lenet.data.centre import BOX, SIZE, centred
from lenet.reading.ink import STROKE, Bytes
from lenet.reading.lines import AREA, components

EDGE = 8
"""The faintest level, of 255, that still belongs to a stroke."""

SPECK = 1 / 40
"""Components smaller than this share of the largest one are no part of a digit."""


def only_digit(ink: Bytes) -> Bytes:
    """Return the ink of a picture's one digit, (height, width): its large strokes with their soft edges, no specks."""
    labels, figures = components((ink >= STROKE).astype(np.uint8))
    areas = figures[:, AREA]
    return with_edges(ink, ((areas > 0) & (areas >= areas.max() * SPECK))[labels])


def with_edges(ink: Bytes, strokes: NDArray[np.bool_]) -> Bytes:
    """Return ink that belongs to strokes, both (height, width): within a pixel of them."""
    import cv2

    near = cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(ink * near, np.uint8)


def box_of(strokes: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return where strokes are, a mask: left, top, width and height; all 0 if there are none."""
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    if not len(rows):
        return (0, 0, 0, 0)
    left, top = int(columns[0]), int(rows[0])
    return (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def to_digit(ink: Bytes) -> Bytes:
    """Return ink (height, width) as a digit, uint8 (28, 28), 0 = paper and 255 = ink; all paper if there is no ink."""
    import cv2

    left, top, width, height = box_of(ink >= EDGE)
    if not width:
        return np.zeros((SIZE, SIZE), np.uint8)
    cut = ink[top : top + height, left : left + width]
    scale = BOX / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size != (width, height):
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        cut = _full_contrast(np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8))
    return centred(cut)


def _full_contrast(image: Bytes) -> Bytes:
    """Thin strokes fade when shrunk: the strongest twentieth of the ink becomes full ink again."""
    strong = float(np.percentile(image[image > 0], 95)) if image.any() else 255.0
    return np.clip(image * (255 / max(strong, 1.0)), 0, 255).round().astype(np.uint8)
