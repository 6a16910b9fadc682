"""From grey levels to a digit as the networks know them: dark or light ink on paper, any size, to 28x28 pixels.

The steps are those by which MNIST was made (LeCun et al. 1998, section III.A): the ink is cut out, scaled into
20x20 pixels without changing its proportions, and put into 28x28 with its centre of mass in the middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet.data.centre import SIZE, centred, ring

BOX = 20
FAINTEST = 24
"""Ink that differs less than this from the paper, in grey levels of 255, is no ink."""
MOST_PIXELS = 4_000_000
"""Pictures of more pixels are shrunk first: no digit needs them."""

EDGE = 8
"""The faintest level, of 255, that still belongs to a stroke."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Ink:
    """A picture's ink: uint8 (height, width), 0 = paper and 255 = the strongest ink; and where it is.

    `box` is (left, top, width, height) in pixels of `image`; None if there is no ink. A large picture is shrunk: a
    pixel of `image` is `shrink` pixels of the picture wide.
    """

    image: Bytes
    box: tuple[int, int, int, int] | None
    shrink: int = 1


def ink_of(grey: Bytes) -> Ink:
    """Tell ink from paper, whichever is darker, on paper that need not be evenly lit.

    The paper is the commonest level along the border (the median), where digits seldom are. Whichever of darker and
    lighter pixels differ more from it in sum are the ink. The light's slow changes are taken away, and so are a frame
    around the picture and specks much smaller than the largest stroke.
    """
    import cv2

    shrink = max(1, math.ceil(math.sqrt(grey.size / MOST_PIXELS)))
    if shrink > 1:
        size = (max(1, grey.shape[1] // shrink), max(1, grey.shape[0] // shrink))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    frame = _frame(grey)
    grey = grey[frame : grey.shape[0] - frame, frame : grey.shape[1] - frame]
    from_paper = grey.astype(np.float32) - float(np.median(ring(grey, 0)))
    darker = np.maximum(-from_paper - FAINTEST, 0).sum()
    if np.maximum(from_paper - FAINTEST, 0).sum() > darker:
        grey = 255 - grey
    ink = np.maximum(_paper(grey) - grey, 0)
    ink = np.pad(ink, frame)
    strokes = _strokes(ink)
    if strokes is None:
        return Ink(np.zeros(ink.shape, np.uint8), None)
    # The full level is that of the ink's core, so that one odd pixel does not set it.
    core = float(np.percentile(ink[strokes], 75))
    # What uneven light and grain leave on the paper, away from the strokes, is no ink.
    away = ~_grown(strokes, 2)
    floor = min(float(np.percentile(ink[away], 95)), core / 3) if away.any() else 0.0
    level = np.clip((ink - floor) * (255 / (core - floor)), 0, 255)
    level[~_grown(strokes, 1)] = 0
    # A stroke's soft edges belong to it, and to its box.
    inside = (level >= EDGE) | strokes
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    box = (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
    return Ink(level.round().astype(np.uint8), box, shrink)


def _paper(grey: Bytes) -> NDArray[np.float32]:
    """Estimate the paper's level everywhere: dark strokes narrower than a third of its longer side are closed over."""
    import cv2

    height, width = grey.shape
    scale = min(1.0, 96 / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey, np.uint8)
    reach = max(3, round(max(size) * 0.35) | 1)
    closed = cv2.morphologyEx(_with_paper_around(small, reach), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    smooth = cv2.GaussianBlur(closed, (0, 0), reach / 4)[reach:-reach, reach:-reach]
    return np.asarray(
        cv2.resize(smooth.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def _with_paper_around(image: Bytes, by: int) -> Bytes:
    """Widen the picture with its border's running median, in which strokes that touch the border do not show."""
    around = np.pad(image, by, mode="edge")
    inner = slice(by, -by)
    around[:by, inner], around[-by:, inner] = _running_median(image[0]), _running_median(image[-1])
    around[inner, :by], around[inner, -by:] = (
        _running_median(image[:, 0])[:, None],
        _running_median(image[:, -1])[:, None],
    )
    for rows in (slice(None, by), slice(-by, None)):
        for columns in (slice(None, by), slice(-by, None)):
            near = (by if rows.start is None else -by - 1, by if columns.start is None else -by - 1)
            around[rows, columns] = max(around[rows, near[1]][0], around[near[0], columns][0])
    return around


def _running_median(line: Bytes) -> Bytes:
    half = len(line) // 4
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(line, half, mode="edge"), 2 * half + 1)
    return np.median(windows, axis=1).astype(np.uint8)


def _frame(grey: Bytes) -> int:
    """Return the width of an even frame around the picture, in pixels: 0 if there is none."""
    for inset in range(1, min(grey.shape) // 8 + 1):
        outer, inner = ring(grey, inset - 1).astype(np.float32), np.median(ring(grey, inset))
        level = np.median(outer)
        if (np.abs(outer - level) > FAINTEST).mean() > 0.1:
            return 0
        if abs(inner - level) > 2 * FAINTEST:
            return inset
    return 0


def _strokes(ink: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """Return where the strokes are: what is about as dark as the darkest, without specks."""
    import cv2

    strongest = float(ink.max())
    if strongest < FAINTEST:
        return None
    core = float(np.percentile(ink[ink >= strongest / 2], 75))
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink >= core / 3).astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    return np.isin(labels, 1 + np.flatnonzero(areas >= areas.max() / 40))


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    import cv2

    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0)


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
