"""A picture's single digit: its ink, and its reading from a classifier's probabilities."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import AREA, STROKE_LEVEL, Box, components
from lenet.model.rejection import rejection_reason
from lenet.reading.result import Digit, Line

MIN_COMPONENT_FRACTION = 1 / 40
"""Components of less than this fraction of the largest one's area are no part of a digit."""

Bytes = NDArray[np.uint8]


def only_digit(ink: Bytes) -> Bytes:
    """Return the ink of a picture's one digit, (height, width): its large strokes with their soft edges, no specks."""
    labels, measures = components((ink >= STROKE_LEVEL).astype(np.uint8))
    areas = measures[:, AREA]
    return with_edges(ink, ((areas > 0) & (areas >= areas.max() * MIN_COMPONENT_FRACTION))[labels])


def with_edges(ink: Bytes, strokes: NDArray[np.bool_]) -> Bytes:
    """Return the ink within a pixel of strokes, both (height, width)."""
    near = cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(ink * near, np.uint8)


def read_digit(probabilities: NDArray[np.float32], box: Box, threshold: float | None) -> Line:
    """Return a digit as a line, from its ten probabilities; with a threshold, whether its confidence reaches it."""
    digit = Digit.of(probabilities, box)
    alternatives = tuple((str(label), probability) for label, probability in digit.alternatives)
    line = Line((digit,), digit.confidence, alternatives)
    if threshold is None:
        return line
    reason = rejection_reason(probabilities, threshold)
    return replace(line, accepted=not reason, reason=reason)
