"""A sheet of paper on a darker desk: what lies around it in the photo is taken away.

Without its ink (closed over) a sheet is one smooth piece of the photo: a shadow's edge is soft, that of the sheet is
not. It is a sheet if it is convex and has few corners, has ink on it, and is lighter than what lies along its edges.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

COARSE = 160
"""Pixels of the shorter side at which the sheet is looked for; pictures with fewer have none."""
INK = 0.12
"""What is narrower than this, a share of the shorter side, is closed over."""
OCTAVE = 32
"""Levels for each doubling of the light."""
SMOOTH = 18
"""The light of one sheet changes by fewer levels from pixel to pixel but one."""
BRIGHTER, NEAR = 13, 3
"""A sheet is lighter by more levels than what lies within so many coarse pixels outside, along most of its edge."""
SMALLEST, LARGEST = 0.15, 0.98
"""Shares of the picture that a sheet may take up."""
CONVEX = 0.9
"""At least this share of the sheet's convex hull is sheet."""
CORNERS, ROUND = 6, 0.015
"""The hull has no more corners, where those are left out that stand out by less than this share of its outline."""
WHITE, WRITTEN, INKED = 0.7, 0.85, 4
"""At least a share of it has no less than this share of its paper's light, and so many coarse pixels have less."""

Bytes = NDArray[np.uint8]


def without_desk(grey: Bytes) -> Bytes:
    """Return grey levels (height, width) with paper for what lies around a sheet; the same where there is no desk.

    A hundredth of the shorter side along the sheet's edges is taken for desk.
    """
    import cv2

    scale = COARSE / min(grey.shape)
    if scale > 1:
        return grey
    size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    window = int(INK * COARSE) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    # Beyond the borders it goes on, so that a narrow strip of desk there is not closed over.
    wide = cv2.copyMakeBorder(small, window, window, window, window, cv2.BORDER_REPLICATE)
    closed = np.asarray(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc), np.uint8)
    paper = np.ascontiguousarray(closed[window:-window, window:-window])
    sheet = _sheet(small, paper)
    if sheet is None:
        return grey
    inner = cv2.erode(sheet, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    # Around the sheet its paper goes on as it is at the nearest place of it.
    _, nearest = cv2.distanceTransformWithLabels(1 - inner, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    levels = np.zeros(int(nearest.max()) + 1, np.uint8)
    levels[nearest[inner > 0]] = paper[inner > 0]
    around = cv2.GaussianBlur(levels[nearest], (0, 0), 1.5)
    whole = (grey.shape[1], grey.shape[0])
    mask = cv2.resize(inner, whole, interpolation=cv2.INTER_NEAREST) > 0
    return np.where(mask, grey, np.asarray(cv2.resize(around, whole, interpolation=cv2.INTER_LINEAR), np.uint8))


def _sheet(small: Bytes, paper: Bytes) -> Bytes | None:
    """Return a mask of the sheet in the middle of a picture, None if there is none; `paper` is it without ink."""
    import cv2

    light = np.log2(paper.astype(np.float32) + 8) * OCTAVE
    smooth = (cv2.morphologyEx(light, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) < SMOOTH).astype(np.uint8)
    _, labels = cv2.connectedComponents(smooth, connectivity=4)
    height, width = paper.shape
    middle = labels[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    if not middle.any():
        return None
    largest = int(np.bincount(middle[middle > 0]).argmax())
    piece = (labels == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = np.zeros_like(piece)
    outline = cv2.convexHull(np.concatenate(outlines))
    cv2.fillConvexPoly(hull, outline, 1)
    inside = hull > 0
    if not SMALLEST < inside.mean() < LARGEST or piece[inside].mean() < CONVEX:
        return None
    if len(cv2.approxPolyDP(outline, ROUND * cv2.arcLength(outline, True), True)) > CORNERS:
        return None
    within = cv2.erode(hull, np.ones((5, 5), np.uint8)) > 0
    dark = small[within] < WRITTEN * paper[within]
    if dark.sum() < INKED or dark.mean() > 1 - WHITE:
        return None
    around: Any = np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)
    edge = (hull == 0) & (cv2.dilate(hull, np.ones((3, 3), np.uint8)) > 0)
    beyond = np.where(inside, np.float32(np.inf), light).astype(np.float32)
    step = cv2.dilate(light * hull, around)[edge] - cv2.erode(beyond, around)[edge]
    return np.asarray(hull, np.uint8) if len(step) and float(np.percentile(step, 30)) >= BRIGHTER else None
