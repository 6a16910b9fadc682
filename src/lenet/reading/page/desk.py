"""A sheet of paper on a darker desk: what lies around it in the photo is removed.

Without its ink (by a morphological closing) a sheet is one smooth region of the photo: a shadow's edge is soft, that of
the sheet is not. The region is a sheet if it is convex, has few corners and some ink, and is lighter than what lies
along its edges.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

COARSE_PX = 160
"""The shorter side of the picture in which the sheet is looked for; smaller pictures have no sheet."""
MAX_INK_WIDTH = 0.12
"""The closing removes what is narrower than this fraction of the shorter side."""
LEVELS_PER_OCTAVE = 32
"""Light is measured in so many levels for each doubling."""
MAX_GRADIENT = 18
"""Within a sheet, light changes by fewer levels over two pixels."""
MIN_EDGE_STEP, EDGE_PX = 13, 3
"""A sheet is lighter by so many levels than what lies within so many pixels outside, along most of its edge."""
MIN_SHEET_FRACTION, MAX_SHEET_FRACTION = 0.15, 0.98
"""Limits of the sheet's fraction of the picture."""
MIN_CONVEXITY = 0.9
"""At least this fraction of the sheet's convex hull is sheet."""
MAX_CORNERS, CORNER_TOLERANCE = 6, 0.015
"""The most corners of the hull, approximated within this fraction of the length of its outline."""
MIN_PAPER_FRACTION, INK_LIGHT, MIN_INK_PX = 0.7, 0.85, 4
"""At least this fraction of the sheet is paper; ink has less than this fraction of its paper's light; the least number
of pixels of ink."""

Bytes = NDArray[np.uint8]


def without_desk(grey: Bytes) -> Bytes:
    """Return grey levels (height, width) with paper in place of what lies around a sheet; the same if there is no desk.

    A hundredth of the shorter side along the sheet's edges counts as desk.
    """
    scale = COARSE_PX / min(grey.shape)
    if scale > 1:
        return grey
    size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    window = int(MAX_INK_WIDTH * COARSE_PX) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    # The picture is continued beyond its borders, so that the closing leaves a narrow strip of desk there.
    wide = cv2.copyMakeBorder(small, window, window, window, window, cv2.BORDER_REPLICATE)
    closed = np.asarray(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc), np.uint8)
    paper = np.ascontiguousarray(closed[window:-window, window:-window])
    sheet = _sheet(small, paper)
    if sheet is None:
        return grey
    inner = cv2.erode(sheet, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    # Around the sheet, paper has the level of the nearest paper of the sheet.
    _, nearest = cv2.distanceTransformWithLabels(1 - inner, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    levels = np.zeros(int(nearest.max()) + 1, np.uint8)
    levels[nearest[inner > 0]] = paper[inner > 0]
    around = cv2.GaussianBlur(levels[nearest], (0, 0), 1.5)
    whole = (grey.shape[1], grey.shape[0])
    mask = cv2.resize(inner, whole, interpolation=cv2.INTER_NEAREST) > 0
    return np.where(mask, grey, np.asarray(cv2.resize(around, whole, interpolation=cv2.INTER_LINEAR), np.uint8))


def _sheet(small: Bytes, paper: Bytes) -> Bytes | None:
    """Return a mask of the sheet in the middle of a picture, None without one; `paper` is the picture without ink."""
    light = np.log2(paper.astype(np.float32) + 8) * LEVELS_PER_OCTAVE
    smooth = (cv2.morphologyEx(light, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) < MAX_GRADIENT).astype(np.uint8)
    _, labels = cv2.connectedComponents(smooth, connectivity=4)
    height, width = paper.shape
    middle = labels[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    if not middle.any():
        return None
    largest = int(np.bincount(middle[middle > 0]).argmax())
    region = (labels == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = np.zeros_like(region)
    outline = cv2.convexHull(np.concatenate(outlines))
    cv2.fillConvexPoly(hull, outline, 1)
    inside = hull > 0
    if not MIN_SHEET_FRACTION < inside.mean() < MAX_SHEET_FRACTION or region[inside].mean() < MIN_CONVEXITY:
        return None
    if len(cv2.approxPolyDP(outline, CORNER_TOLERANCE * cv2.arcLength(outline, True), True)) > MAX_CORNERS:
        return None
    within = cv2.erode(hull, np.ones((5, 5), np.uint8)) > 0
    dark = small[within] < INK_LIGHT * paper[within]
    if dark.sum() < MIN_INK_PX or dark.mean() > 1 - MIN_PAPER_FRACTION:
        return None
    around: Any = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
    edge = (hull == 0) & (cv2.dilate(hull, np.ones((3, 3), np.uint8)) > 0)
    beyond = np.where(inside, np.float32(np.inf), light).astype(np.float32)
    step = cv2.dilate(light * hull, around)[edge] - cv2.erode(beyond, around)[edge]
    return np.asarray(hull, np.uint8) if len(step) and float(np.percentile(step, 30)) >= MIN_EDGE_STEP else None
