"""A picture's single digit: its ink, the hypothesis that all ink is one digit, and its reading from probabilities.

A digit may be in fragments: a stroke with gaps, a thin pen, a bar that does not touch its stem. So the hypothesis that
all ink is one digit competes with the lines that are found in it.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import AREA, STROKE_LEVEL, Box, components, ink_box
from lenet.model.rejection import rejection_reason
from lenet.reading.line.candidate_images import candidate_images
from lenet.reading.line.ranking import SegmentedLine
from lenet.reading.line.segmentation import Candidate, Segments
from lenet.reading.line.sliding_window import LineScan
from lenet.reading.page.ink import Ink
from lenet.reading.page.lines import InkLine
from lenet.reading.result import Digit, Line

MIN_COMPONENT_FRACTION = 1 / 40
"""Components of less than this fraction of the largest one's area are no part of a digit."""
MAX_DIGIT_WIDTH, MAX_FRAGMENTS = 2.2, 40
"""Ink that is wider than this, in its heights, or has more components is not one digit."""
MAX_FRAGMENT_GAP = 0.35
"""Fragments of a digit are at most so far apart in width, in heights of the digit."""
LINE_MARGIN = 0.4
"""What a line of one digit has of the picture on each side, in heights of the digit."""

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


def may_be_one_digit(ink: Ink) -> bool:
    """Return whether a picture's large strokes may be one digit: they are not wide, not many and not far apart."""
    strokes = only_digit(ink.image) >= STROKE_LEVEL
    _, _, width, height = ink_box(strokes)
    if not height or width > MAX_DIGIT_WIDTH * height:
        return False
    gap = np.diff(np.flatnonzero(strokes.any(axis=0))).max(initial=0) - 1
    count = len(components(strokes.astype(np.uint8))[1]) - 1
    return bool(gap <= MAX_FRAGMENT_GAP * height and count <= MAX_FRAGMENTS)


def one_digit(ink: Ink) -> InkLine:
    """Return a picture's large strokes as a line of one component.

    It has the height of all strokes together, so that those of fragments do not count.
    """
    image = only_digit(ink.image)
    strokes = image >= STROKE_LEVEL
    left, top, width, height = ink_box(strokes)
    margin = int(LINE_MARGIN * height) + 2
    rows = slice(max(0, top - margin), top + height + margin)
    columns = slice(max(0, left - margin), left + width + margin)
    middle = top + height / 2 - rows.start
    component = strokes[rows, columns].astype(np.int32)
    return InkLine(columns.start, rows.start, image[rows, columns], component, height, middle, ink.pen)


def as_one_candidate(page: int, line: InkLine, scan: LineScan) -> SegmentedLine:
    """Return a line of one component as one segment and one candidate."""
    left, top, width, height = ink_box(line.components > 0)
    box = (left, top, left + width, top + height)
    segments = Segments(line.components, np.array([box], np.intp))
    candidates = [Candidate(0, 0, *box)]
    return SegmentedLine(page, line, scan, segments, candidates, candidate_images(line, segments, candidates))


def read_digit(probabilities: NDArray[np.float32], box: Box, threshold: float | None) -> Line:
    """Return a digit as a line, from its ten probabilities; with a threshold, whether its confidence reaches it."""
    digit = Digit.of(probabilities, box)
    alternatives = tuple((str(label), probability) for label, probability in digit.alternatives)
    line = Line((digit,), digit.confidence, alternatives)
    if threshold is None:
        return line
    reason = rejection_reason(probabilities, threshold)
    return replace(line, accepted=not reason, reason=reason)
