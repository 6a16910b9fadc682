"""Putting a digit on paper the way MNIST has its digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIZE = 28
BOX = 20
"""MNIST's digits fill a box of 20 by 20 pixels, at least one of its sides."""
MIDDLE = 14
"""MNIST's centres of mass lie within half a pixel of row 14 and column 14, counted from 0."""


def centred(image: NDArray[np.uint8], size: int = SIZE) -> NDArray[np.uint8]:
    """Return the image on paper of `size` by `size` pixels, its centre of mass in the middle as far as it fits.

    Parameters
    ----------
    image : uint8 (height, width)
        0 = paper, 255 = ink; no larger than `size`.
    """
    mass = max(float(image.sum(dtype=np.float64)), 1.0)
    places = []
    for axis, length in ((1, image.shape[0]), (0, image.shape[1])):
        centre = image.sum(axis=axis, dtype=np.float64) @ np.arange(length) / mass
        places.append(int(np.clip(np.floor(size * MIDDLE / SIZE - centre + 0.5), 0, size - length)))
    top, left = places
    out = np.zeros((size, size), np.uint8)
    out[top : top + image.shape[0], left : left + image.shape[1]] = image
    return out


def fitted(ink: NDArray[np.uint8], scale: float, height: int, width: int) -> NDArray[np.uint8]:
    """Return ink (height, width) so many times as large, in the middle of paper of `height` by `width` pixels."""
    from PIL import Image

    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    if size != ink.shape[::-1]:
        ink = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR))
    out = np.zeros((height, width), np.uint8)
    square = centred(ink, min(height, width))
    top, left = (height - len(square)) // 2, (width - len(square)) // 2
    out[top : top + len(square), left : left + len(square)] = square
    return out


def without_paper(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the part of a picture (height, width) that its ink takes up; of one without ink, all of it."""
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    if not len(rows):
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def ring(grey: NDArray[np.uint8], inset: int = 0) -> NDArray[np.uint8]:
    """Return the pixels `inset` pixels from the border of a picture (height, width)."""
    cut = grey[inset : grey.shape[0] - inset, inset : grey.shape[1] - inset]
    return np.concatenate([cut[0], cut[-1], cut[:, 0], cut[:, -1]])
