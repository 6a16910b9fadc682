"""A digit normalised the way MNIST has its digits: size, place and contrast.

These are the steps by which MNIST was made (LeCun et al. 1998, section III.A): the ink is cut out, scaled to fit 20x20
pixels without changing its proportions, and put into 28x28 pixels with its centre of mass in the middle.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.image.measure import EDGE_LEVEL, ink_box

SIZE_PX = 28
BOX_PX = 20
"""MNIST's digits fill a box of 20 by 20 pixels, in at least one direction."""
CENTRE_PX = 14
"""MNIST's centres of mass lie within half a pixel of row 14 and column 14, counted from 0."""

Bytes = NDArray[np.uint8]


def centred(image: Bytes, size: int = SIZE_PX) -> Bytes:
    """Return the image on paper of `size` by `size` pixels, its centre of mass in the middle as far as it fits.

    Parameters
    ----------
    image : uint8 (height, width)
        0 = paper, 255 = ink; no larger than `size`.
    """
    mass = max(float(image.sum(dtype=np.float64)), 1.0)
    corner = []
    for axis, length in ((1, image.shape[0]), (0, image.shape[1])):
        centre = image.sum(axis=axis, dtype=np.float64) @ np.arange(length) / mass
        corner.append(int(np.clip(np.floor(size * CENTRE_PX / SIZE_PX - centre + 0.5), 0, size - length)))
    top, left = corner
    out = np.zeros((size, size), np.uint8)
    out[top : top + image.shape[0], left : left + image.shape[1]] = image
    return out


def scaled_onto(ink: Bytes, scale: float, height: int, width: int) -> Bytes:
    """Return ink (height, width) scaled by a factor, in the middle of paper of `height` by `width` pixels."""
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    if size != ink.shape[::-1]:
        ink = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR))
    out = np.zeros((height, width), np.uint8)
    square = centred(ink, min(height, width))
    top, left = (height - len(square)) // 2, (width - len(square)) // 2
    out[top : top + len(square), left : left + len(square)] = square
    return out


def normalised_digit(ink: Bytes) -> Bytes:
    """Return ink (height, width) as a digit, uint8 (28, 28), 0 = paper and 255 = ink; all paper if there is no ink."""
    left, top, width, height = ink_box(ink >= EDGE_LEVEL)
    if not width:
        return np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    crop = ink[top : top + height, left : left + width]
    scale = BOX_PX / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size != (width, height):
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        crop = _full_contrast(np.asarray(cv2.resize(crop, size, interpolation=interpolation), np.uint8))
    return centred(crop)


def _full_contrast(image: Bytes) -> Bytes:
    """Scale grey levels so that the strongest twentieth of the ink is full ink: thin strokes fade when shrunk."""
    strong = float(np.percentile(image[image > 0], 95)) if image.any() else 255.0
    return np.clip(image * (255 / max(strong, 1.0)), 0, 255).round().astype(np.uint8)
