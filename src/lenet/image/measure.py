"""Measures of ink in a picture: its box, its connected components, the width of its strokes, its grey levels.

Ink is uint8 (height, width), 0 = paper and 255 = ink.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

STROKE_LEVEL = 100
"""Ink of at least this level, of 255, is a stroke."""
EDGE_LEVEL = 8
"""Ink of at least this level, of 255, belongs to the soft edge of a stroke."""
LEFT, TOP, WIDTH, HEIGHT, AREA = range(5)
"""The columns of the measures that `components` returns, in pixels."""
MAX_SAMPLES = 200_000
"""The number of pixels that is enough to know the distribution of a picture's grey levels."""

Bytes = NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the picture."""


def ink_box(strokes: NDArray[np.bool_]) -> Box:
    """Return the box of the true pixels of a mask: left, top, width and height; all 0 if there are none."""
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    if not len(rows):
        return (0, 0, 0, 0)
    left, top = int(columns[0]), int(rows[0])
    return (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def box_of(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around others, each left, top, width and height; zeros around none."""
    if not boxes:
        return (0, 0, 0, 0)
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return (left, top, right - left, bottom - top)


def crop_to_ink(picture: NDArray[Any], above: float = 0) -> NDArray[Any]:
    """Return the part of a picture (height, width) whose values are `above` a level; all of it if none are."""
    left, top, width, height = ink_box(picture > above)
    return picture[top : top + height, left : left + width] if width else picture


def components(strokes: Bytes) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return the connected components (of eight neighbours) of a mask.

    Returns
    -------
    int32 (height, width)
        Each pixel's component, counted from 1; 0 for paper.
    int (components + 1, 5)
        Each component's `LEFT`, `TOP`, `WIDTH`, `HEIGHT` and `AREA`; row 0 is the paper's, all 0.
    """
    _, labels, measures, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    result = np.array(measures, np.intp)
    result[0] = 0
    return np.asarray(labels, np.int32), result


def stroke_width(strokes: NDArray[np.bool_]) -> float:
    """Return the mean width of strokes in pixels: twice their area by the length of their outlines; 0 without any."""
    mask = strokes.astype(np.uint8)
    area = int(mask.sum())
    inside = int(cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0).sum())
    return 2.0 * area / (area - inside) if area else 0.0


def grey_quantiles(grey: Bytes, *fractions: float) -> list[int]:
    """Return for each fraction the grey level, 0 to 255, that this fraction of the pixels does not exceed.

    A large picture is sampled.
    """
    sample = grey.ravel()[:: max(1, grey.size // MAX_SAMPLES)]
    cumulative = np.cumsum(np.bincount(sample, minlength=256))
    return [int(level) for level in np.searchsorted(cumulative, np.multiply(fractions, len(sample)))]


def border_pixels(grey: Bytes, inset: int = 0) -> Bytes:
    """Return the pixels that lie `inset` pixels inside the border of a picture (height, width)."""
    inner = grey[inset : grey.shape[0] - inset, inset : grey.shape[1] - inset]
    return np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])
