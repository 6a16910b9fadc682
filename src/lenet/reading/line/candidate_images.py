"""Images of segmentation candidates, as the network that classifies them takes them: three maps each.

The first map is the candidate's ink, scaled to fit; the second all other ink at the same place and scale; the third the
line around the candidate's middle, at a scale that is the same for the whole line. A dot stays small, since it is not
scaled beyond half of a digit's height. Half of a 0 is not taken for a digit, since its other half is in the second map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.normalise import BOX_PX, SIZE_PX
from lenet.reading.line.segmentation import Candidate, Segments
from lenet.reading.page.lines import InkLine, scaled_line
from lenet.synthesis.signs import LABELS

MAPS = 3
CONTEXT_DIGIT_PX = 14
"""The height of a digit in the third map."""
MARK, WRONG = 10, 11
"""The classes after the ten digits: marks without a name (specks, rules, other letters), and wrong segmentations."""
NAMES = LABELS
"""Marks with a name, signs and letters that resemble digits, whose classes follow."""
UNNAMED_CLASSES = 12
CLASSES = UNNAMED_CLASSES + len(NAMES)
"""Networks of `UNNAMED_CLASSES` know marks, but not their names."""
SMOOTHED_BELOW = 0.6
"""Candidates scaled by less than this factor of a digit's scale are smoothed once more, so that thin strokes remain."""
MIN_SCALED_SIZE = 0.5
"""Candidates smaller than this, in heights of a digit, are not scaled up to fill the image."""


def mark_name(probabilities: NDArray[np.floating[Any]], label: int = MARK) -> tuple[str, float]:
    """Return the name of a mark, empty if it has none, and its probability, from those of all classes.

    It is the name of the mark's class, `label`; for `MARK`, any mark, the likeliest.
    """
    if label == MARK:
        label = int(likeliest_marks(probabilities[None])[0])
    return "" if label == MARK else NAMES[label - UNNAMED_CLASSES], float(probabilities[label])


def likeliest_marks(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """Return the likeliest class of marks, (n,), of candidates (n, classes): `MARK`, or that of a name."""
    best = np.concatenate([probabilities[:, [MARK]], probabilities[:, UNNAMED_CLASSES:]], axis=1).argmax(axis=1)
    return np.where(best == 0, MARK, UNNAMED_CLASSES - 1 + best)


def mark_probability(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return the probability that candidates (n, classes) are marks, whatever their names."""
    return probabilities[:, MARK] + probabilities[:, UNNAMED_CLASSES:].sum(axis=1)


def candidate_images(line: InkLine, segments: Segments, candidates: Sequence[Candidate]) -> NDArray[np.uint8]:
    """Return the images of candidates, uint8 (n, 3, 28, 28), 0 = paper and 255 = ink."""
    images = np.zeros((len(candidates), MAPS, SIZE_PX, SIZE_PX), np.uint8)
    context, context_scale = scaled_line(line, CONTEXT_DIGIT_PX, SIZE_PX)
    ink = line.ink
    digit_scale = min(0.9, BOX_PX / line.height)
    if digit_scale < 0.9:  # against aliasing
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.4 / digit_scale), np.uint8)
    # A stroke's soft edges belong to it.
    grown = cv2.dilate(segments.labels.astype(np.int16), np.ones((3, 3), np.uint8))
    owner = np.where(segments.labels > 0, segments.labels, grown).astype(np.int16)
    height, width = ink.shape
    for image, c in zip(images, candidates, strict=True):
        scale = BOX_PX / max(c.right - c.left, c.bottom - c.top, MIN_SCALED_SIZE * line.height)
        x, y, reach = (c.left + c.right) / 2, (c.top + c.bottom) / 2, SIZE_PX / 2 / scale + 2
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        around = (slice(top, min(height, int(y + reach) + 1)), slice(left, min(width, int(x + reach) + 1)))
        candidate_ink = cv2.bitwise_and(ink[around], cv2.inRange(owner[around], c.first + 1, c.last + 1))
        # Pixel centres lie at whole numbers, so half a pixel of either scale is added.
        shift = [SIZE_PX / 2 - scale * (at - start) + (scale - 1) / 2 for at, start in ((x, left), (y, top))]
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
        both = cv2.merge((candidate_ink, cv2.subtract(ink[around], candidate_ink)))
        if scale < SMOOTHED_BELOW * digit_scale:
            both = cv2.GaussianBlur(both, (0, 0), 0.4 * math.sqrt(scale**-2 - digit_scale**-2))
        image[:2] = cv2.warpAffine(both, matrix, (SIZE_PX, SIZE_PX), flags=cv2.INTER_LINEAR).transpose(2, 0, 1)
        left_column = round(x * context_scale)
        image[2] = context[:, left_column : left_column + SIZE_PX]
    return images
