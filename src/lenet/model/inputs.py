"""Images and labels in the form that networks take; anything else is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.spec import Dense, Rbf, Spec


def as_images(images: ArrayLike, spec: Spec, larger: bool = False) -> NDArray[np.uint8]:
    """Return images as a contiguous uint8 array (n, maps, height, width) that `spec` can take.

    Parameters
    ----------
    images : uint8 (n, height, width), or (n, maps, height, width)
        0 = paper, 255 = ink; any other whole-number type will do if its values are in that range. Images
        smaller than the network's input are centred on paper.
    larger : bool
        Whether images at least as large as the input are fine too.

    Raises
    ------
    ValueError, TypeError
        For another type, shape, size or range; the message says what was given and what was expected.
    """
    maps, height, width = spec.input
    expected = f"uint8 (n, {'' if maps == 1 else f'{maps}, '}{height}, {width}) or smaller, 0 = paper, 255 = ink"
    array = np.asarray(images)
    if array.dtype != np.uint8:
        array = _to_bytes(array, expected)
    if array.ndim == 3 and maps == 1:
        array = array[:, None]
    if array.ndim != 4 or array.shape[1] != maps:
        raise ValueError(f"images of shape {np.shape(images)}; expected {expected}")
    fits = 1 <= array.shape[2] <= height and 1 <= array.shape[3] <= width
    if not fits and not (larger and array.shape[2] >= height and array.shape[3] >= width):
        why = _too_large_for(spec, *array.shape[2:])
        raise ValueError(f"images of {array.shape[2]}x{array.shape[3]}{why}; expected {expected}")
    return np.ascontiguousarray(array)


def _too_large_for(spec: Spec, height: int, width: int) -> str:
    """Return which layer cannot take what comes of a picture larger than the input, as the end of a sentence."""
    shape = (spec.input[0], max(height, spec.input[1]), max(width, spec.input[2]))
    for layer, usual in spec.steps():
        if isinstance(layer, Dense | Rbf):
            seen, got = ("x".join(map(str, s[1:])) for s in (usual, shape))
            return f", of which {layer.name} would get {got} values a map and sees {seen}" if seen != got else ""
        shape = layer.output(shape)
    return ""


def _to_bytes(array: NDArray[Any], expected: str) -> NDArray[np.uint8]:
    if array.dtype.kind not in "iu":
        detail = ""
        if array.dtype.kind == "f" and array.size:
            bad = int((~np.isfinite(array)).sum())
            detail = f" with {bad} values that are not finite" if bad else f" from {array.min():g} to {array.max():g}"
        raise TypeError(f"images are {array.dtype}{detail}; expected {expected}")
    if array.size and (array.min() < 0 or array.max() > 255):
        raise ValueError(f"pixels from {array.min()} to {array.max()}; expected {expected}")
    return array.astype(np.uint8)


def as_labels(labels: ArrayLike, images: int, classes: int) -> NDArray[np.intp]:
    """Return labels as an array (n,); ValueError unless they are one whole number, 0 to `classes` - 1, per image."""
    array = np.asarray(labels)
    if array.shape != (images,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"labels are {array.dtype} {array.shape}; expected one whole number for each of {images} images"
        )
    if array.size and not (0 <= array.min() and array.max() < classes):
        raise ValueError(f"labels from {array.min()} to {array.max()}; the network has classes 0 to {classes - 1}")
    return array.astype(np.intp)
