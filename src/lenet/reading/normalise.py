"""From grey levels to a digit as the networks know them: dark or light ink on paper, any size, to 28x28 pixels.

The steps are those by which MNIST was made (LeCun et al. 1998, section III.A): the ink is cut out, scaled into
20x20 pixels without changing its proportions, and put into 28x28 with its centre of mass in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet.data.centre import SIZE, centred

BOX = 20
FAINTEST = 24
"""Ink that differs less than this from the paper, in grey levels of 255, is no ink."""
EDGE = 8
"""The faintest level, of 255, that still belongs to a stroke."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Ink:
    """A picture's ink: uint8 (height, width), 0 = paper and 255 = the strongest ink; and where it is.

    `box` is (left, top, width, height) in pixels of the picture; None if there is no ink.
    """

    image: Bytes
    box: tuple[int, int, int, int] | None


def ink_of(grey: Bytes) -> Ink:
    """Tell ink from paper, whichever is darker.

    The paper is the commonest level along the border, where digits seldom are. Whichever of darker and lighter
    pixels differ more from it in sum are the ink. Specks much smaller than the largest stroke are left out.
    """
    import cv2

    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    difference = grey.astype(np.float32) - paper
    dark, light = np.maximum(-difference, 0), np.maximum(difference, 0)
    ink = dark if (np.maximum(dark - FAINTEST, 0)).sum() >= np.maximum(light - FAINTEST, 0).sum() else light
    strongest = float(ink.max())
    if strongest < FAINTEST:
        return Ink(np.zeros_like(grey), None)
    # The full level is that of the ink's core, so that one odd pixel does not set it.
    core = float(np.percentile(ink[ink >= strongest / 2], 75))
    mask = (ink >= core / 3).astype(np.uint8)
    # What uneven light and grain leave on the paper, away from the strokes, is no ink either.
    away = cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0
    floor = min(float(np.percentile(ink[away], 95)), core / 3) if away.any() else 0.0
    level = np.clip((ink - floor) * (255 / (core - floor)), 0, 255)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    strokes = np.isin(labels, 1 + np.flatnonzero(areas >= areas.max() / 40)).astype(np.uint8)
    level[cv2.dilate(strokes, np.ones((3, 3), np.uint8)) == 0] = 0
    # A stroke's soft edges belong to it, and to its box.
    inside = level >= EDGE
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    box = (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
    return Ink(level.round().astype(np.uint8), box)


def to_digit(ink: Ink) -> Bytes:
    """Return the ink as a digit, uint8 (28, 28), 0 = paper and 255 = ink; all paper if there is no ink."""
    import cv2

    if ink.box is None:
        return np.zeros((SIZE, SIZE), np.uint8)
    left, top, width, height = ink.box
    cut = ink.image[top : top + height, left : left + width]
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
