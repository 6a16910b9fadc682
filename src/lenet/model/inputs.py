"""Images and labels in the form that networks take; anything else is refused by name."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.image.levels import as_levels
from lenet.spec import Dense, Rbf, Spec

USUAL_PIXELS = 28 * 28
"""Of an image of MNIST and the data sets like it."""
MAX_CHANNELS = 4
"""As many values a pixel as pictures have: red, green, blue and alpha."""


def as_images(images: ArrayLike, spec: Spec, *, larger: bool = False) -> NDArray[np.uint8]:
    """Return images as a contiguous uint8 array (n, maps, height, width) that a network can take.

    Parameters
    ----------
    images : array
        0 = paper and 255 = ink, as whole numbers or floats; or floats from 0 to 1. Of the shape (n, maps, height,
        width) or (n, height, width, maps); with one map also (n, height, width), (height, width), or (n, pixels) of
        square images. Images smaller than the network's input are centred on paper.
    spec : Spec
    larger : bool
        Whether images at least as large as the input are fine too.

    Raises
    ------
    ValueError, TypeError
        For another type, shape, size or range; the message says what was given, what was expected and the cure.
    """
    maps, height, width = spec.input
    expected = (
        f"(n, {'' if maps == 1 else f'{maps}, '}{height}, {width}) or smaller, bytes or floats from 0 to 1, 0 = paper"
    )
    given = np.asarray(images)
    if given.dtype.kind in "US":
        raise TypeError(f"images are text; expected {expected}: lenet.reading.normalised(path) makes one of a picture")
    array = _with_maps(as_levels(given, expected), spec, larger)
    if array is None:
        raise ValueError(f"images of shape {given.shape}; expected {expected}{_cure_of_shape(given.shape, spec)}")
    fits = 1 <= array.shape[2] <= height and 1 <= array.shape[3] <= width
    if not fits and not (larger and array.shape[2] >= height and array.shape[3] >= width):
        why = _too_large_for(spec, *array.shape[2:])
        cure = f"size={height} (--size {height}) resizes those of a data set"
        raise ValueError(f"images of {array.shape[2]}x{array.shape[3]}{why}; expected {expected}: {cure}")
    return np.ascontiguousarray(array)


def _with_maps(array: NDArray[np.uint8], spec: Spec, larger: bool) -> NDArray[np.uint8] | None:
    """Return images of any accepted shape as (n, maps, height, width); None for another shape."""
    maps, width = spec.input[0], spec.input[2]
    if array.ndim == 4:
        if array.shape[1] == maps:
            return array
        return array.transpose(0, 3, 1, 2) if array.shape[3] == maps else None
    if array.ndim == 3:
        if maps > 1:
            return _with_maps(array[None], spec, larger)
        # A picture is never one to four pixels wide: such a last axis is that of the maps, or of colours.
        if array.shape[2] == 1 < width:
            return array[None, None, :, :, 0]
        return None if array.shape[2] <= MAX_CHANNELS < min(array.shape[1], width) else array[:, None]
    return _of_two_axes(array, spec, larger) if array.ndim == 2 else None


def _of_two_axes(array: NDArray[np.uint8], spec: Spec, larger: bool) -> NDArray[np.uint8] | None:
    """Return one image, or flattened ones (n, pixels): as large as the input, or square and smaller."""
    (maps, height, width), pixels = spec.input, array.shape[1]
    side = math.isqrt(pixels)
    if pixels == math.prod(spec.input):
        return array.reshape(-1, *spec.input)
    if maps > 1:
        return None
    if array.shape[0] <= height and array.shape[1] <= width:
        return array[None, None]
    square = side * side == pixels and side <= min(height, width)
    if square and larger:
        raise ValueError(
            f"an array of shape {array.shape} is one picture, or images of {side}x{side} that are flattened; expected "
            "(n, height, width): array[None] is one picture"
        )
    if square:
        return array.reshape(-1, 1, side, side)
    return array[None, None] if larger else None


def _cure_of_shape(shape: tuple[int, ...], spec: Spec) -> str:
    """Return what to do about images of a shape that a network cannot take, as the end of a sentence."""
    pixels = {math.prod(spec.input), USUAL_PIXELS}
    if len(shape) == 1 and shape[0] in pixels:
        return ": images[None] if it is one flattened image"
    if len(shape) == 3 and shape[2] in (3, 4):
        return ": lenet.reading.normalised(picture) makes an image of a picture of a digit"
    if len(shape) == 2 and shape[1] - 1 in pixels:
        return f": images[:, 1:] if the first of the {shape[1]} columns is the label"
    return ""


def _too_large_for(spec: Spec, height: int, width: int) -> str:
    """Return which layer cannot take what comes of a picture larger than the input, as the end of a sentence."""
    shape = (spec.input[0], max(height, spec.input[1]), max(width, spec.input[2]))
    for layer, usual in spec.steps():
        if isinstance(layer, Dense | Rbf):
            seen, got = ("x".join(map(str, s[1:])) for s in (usual, shape))
            return f", of which {layer.name} would get {got} values a map and sees {seen}" if seen != got else ""
        shape = layer.output(shape)
    return ""


def as_labels(labels: ArrayLike, images: int, classes: int) -> NDArray[np.intp]:
    """Return labels as an array (n,); ValueError unless they are one whole number, 0 to `classes` - 1, per image."""
    array = np.asarray(labels)
    if array.shape != (images,) or array.dtype.kind not in "iu":
        given = "text" if array.dtype.kind in "US" else str(array.dtype)
        cure = ""
        if array.shape == (images, classes):
            cure = ": labels.argmax(axis=1) if they are one-hot"
        elif array.shape == (images, 1):
            cure = ": labels.ravel()"
        elif array.shape == (images,) and array.dtype.kind == "b":
            cure = ": labels.astype(int)"
        elif array.shape == (images,) and array.dtype.kind in "USOf":
            cure = (
                ": labels.astype(int) if they are numbers, names, labels = np.unique(labels, return_inverse=True) if "
                "they are names"
            )
        raise ValueError(
            f"labels are {given} {array.shape}; expected one whole number for each of {images} images{cure}"
        )
    if array.size and not (0 <= array.min() and array.max() < classes):
        cure = ": take labels - 1 if they start at 1" if array.min() == 1 and array.max() == classes else ""
        raise ValueError(
            f"labels from {array.min()} to {array.max()}; the network has classes 0 to {classes - 1}{cure}"
        )
    return array.astype(np.intp)
