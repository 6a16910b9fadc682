"""Arrays of pixels and labels of other projects, as bytes: numbers from 0 to 1 or from 0 to 255, in the usual shapes.

What could be meant in two ways is refused, with what to do about it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.data.idx import DataError

Bytes = NDArray[np.uint8]

MAX_CLASSES = 256
"""Labels are bytes."""
CHANNELS = (1, 3)
"""Grey levels; red, green and blue."""


class Samples(NamedTuple):
    """Images, uint8 (n, height, width) or (n, maps, height, width); labels, uint8 (n,); the names of the classes."""

    images: Bytes
    labels: Bytes
    classes: tuple[str, ...] | None = None


def as_bytes(values: NDArray[Any]) -> Bytes:
    """Return pixels as bytes: numbers from 0 to 255 as they are, those from 0 to 1 times 255.

    Raises
    ------
    DataError
        If they are no such numbers, or both may be meant.
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind not in "iuf":
        raise DataError(f"pixels are {values.dtype}; expected numbers from 0 to 255, or from 0 to 1")
    low, high = (values.min(), values.max()) if values.size else (0, 0)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(f"{int((~np.isfinite(values)).sum())} pixels are not finite; expected 0 to 255, or 0 to 1")
    if low < 0 or high > 255:
        raise DataError(
            f"pixels from {low:g} to {high:g}; expected 0 to 255, or 0 to 1: subtract the least, divide by the range"
        )
    if values.dtype.kind in "iu":
        if high == 1:
            raise DataError("pixels are 0 and 1 only, of 255 or of 1? multiply them by 255 if 1 is ink")
        return np.ascontiguousarray(values, np.uint8)
    if high > 2 or high == 0:
        return np.rint(values).astype(np.uint8)
    if high > 1:
        raise DataError(
            f"pixels from {low:g} to {high:g}, of 255 or of 1? clip them to 0 to 1, or multiply them by 255"
        )
    return _from_unit(values)


def _from_unit(values: NDArray[Any]) -> Bytes:
    """Turn values from 0 to 1 into bytes: the Theano tutorial's pickle has 256ths, others 255ths."""
    whole = values * np.float32(256)
    of_256 = values.max() < 1 and np.array_equal(whole, np.rint(whole))
    return np.rint(whole if of_256 else values * 255).astype(np.uint8)


def as_planes(array: NDArray[Any]) -> NDArray[Any]:
    """Return images as (n, height, width), or with three colours as (n, 3, height, width).

    Parameters
    ----------
    array : (n, height, width), (n, pixels) of square images, channels first or channels last

    Raises
    ------
    DataError
        For other shapes, and where the channels may be first or last.
    """
    shape = array.shape
    if array.ndim == 2:
        side = math.isqrt(shape[1])
        if side * side == shape[1] and side:
            return array.reshape(-1, side, side)
        raise DataError(f"{shape[1]} pixels an image; expected a square number, such as 784")
    if array.ndim == 3 and min(shape[1:]):
        return array
    if array.ndim == 4 and min(shape[1:]):
        first, last = shape[1] in CHANNELS, shape[3] in CHANNELS
        if first and last and shape[1] != 1 != shape[3]:
            raise DataError(
                f"images are {shape}: are the channels first or last? transpose them to (n, height, width, 3)"
            )
        if first or last:
            planes = array if first and (shape[1] == 3 or not last) else array.transpose(0, 3, 1, 2)
            return planes[:, 0] if planes.shape[1] == 1 else planes
    raise DataError(f"images are {shape}; expected (n, height, width), (n, pixels), or 1 or 3 channels first or last")


def as_label_bytes(labels: NDArray[Any], count: int) -> Bytes:
    """Return labels (n,) or (n, 1), whole numbers of any type from 0 to 255, as bytes; DataError for others."""
    flat = labels.reshape(-1) if labels.shape == (count, 1) else labels
    if flat.shape != (count,) or flat.dtype.kind not in "iuf":
        cure = "; of one-hot rows take labels.argmax(axis=1)" if labels.ndim == 2 and len(labels) == count else ""
        raise DataError(
            f"labels are {labels.dtype} {labels.shape}; expected a whole number from 0 to {MAX_CLASSES - 1} "
            f"for each of {count} images{cure}"
        )
    wrong = np.flatnonzero(~((flat >= 0) & (flat < MAX_CLASSES) & (flat == np.rint(flat))))
    if len(wrong):
        raise DataError(
            f"the label of image {wrong[0]} is {flat[wrong[0]]}; expected a whole number from 0 to {MAX_CLASSES - 1}"
        )
    return np.ascontiguousarray(flat, np.uint8)
