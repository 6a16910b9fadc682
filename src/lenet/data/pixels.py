"""Arrays of pixels and labels of other projects, as bytes: numbers from 0 to 1 or from 0 to 255, in the usual shapes.

What could be meant in two ways is refused, with what to do about it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.data.errors import DataError
from lenet.data.picture_options import Bytes, Pictures
from lenet.image.levels import as_levels

MAX_CLASSES = 256
"""Labels are bytes."""
CHANNELS = (1, 3)
"""Grey levels; red, green and blue."""


class Samples(NamedTuple):
    """Images, uint8 (n, height, width) or (n, maps, height, width); labels, uint8 (n,); the names of the classes.

    Where they were files of pictures, also these.
    """

    images: Bytes
    labels: Bytes
    classes: tuple[str, ...] | None = None
    pictures: Pictures | None = None


def as_bytes(values: NDArray[Any]) -> Bytes:
    """Return pixels as bytes, as `lenet.image.levels.as_levels` does; `DataError` where it refuses them."""
    try:
        return as_levels(values)
    except (TypeError, ValueError) as error:
        raise DataError(str(error)) from error


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
        cure = ""
        if labels.ndim == 2 and len(labels) == count:
            cure = "; of one-hot rows take labels.argmax(axis=1)"
        elif labels.dtype.kind in "USO":
            cure = "; of names take np.unique(names, return_inverse=True)[1]"
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
