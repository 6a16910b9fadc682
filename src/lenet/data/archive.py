"""NumPy archives (``.npz``): Keras's ``mnist.npz`` and others, by the names that people give their arrays.

The header of an array is read before the array, so that one that is too large, or of Python objects, is refused first.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lenet.data.errors import MAX_VALUES, DataError
from lenet.data.pixels import Samples, as_bytes, as_label_bytes, as_planes
from lenet.data.splits import FOLDERS, split_of

OF_SPLIT = (
    ("x_{}", "y_{}"),
    ("{}_images", "{}_labels"),
    ("images_{}", "labels_{}"),
    ("{}_x", "{}_y"),
    ("{}_data", "{}_labels"),
)
"""The names of images and labels of a split, in lower case."""
OF_ALL = (("images", "labels"), ("x", "y"), ("data", "target"), ("data", "labels"), ("image", "label"))
"""Those of data without splits."""

# What opening and unpacking a cut, broken, encrypted or foreign file raises.
_ERRORS = (KeyError, ValueError, OSError, EOFError, BadZipFile, zlib.error, NotImplementedError, RuntimeError)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_archive(path: Path, split: str) -> Samples:
    """Read a split of an archive: arrays such as x_train and y_train, train_images and train_labels, or X and y.

    Images are as `lenet.data.pixels.as_planes` and `as_bytes` take them.

    Raises
    ------
    DataError
        If there are no such arrays, or they are not images and labels.
    """
    try:
        with ZipFile(path) as archive:
            images_name, labels_name = _names(archive, split, path)
            raw_images, labels = _array(archive, images_name), _array(archive, labels_name)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except _ERRORS as error:
        raise DataError(f"{path}: not an archive of arrays x_{split} and y_{split} ({error})") from error
    try:
        images = np.ascontiguousarray(as_bytes(as_planes(raw_images)))
    except DataError as error:
        raise DataError(f"{path}: {images_name}: {error}") from error
    try:
        return Samples(images, as_label_bytes(labels, len(images)))
    except DataError as error:
        raise DataError(f"{path}: {labels_name}: {error}") from error


def _names(archive: ZipFile, split: str, path: Path) -> tuple[str, str]:
    """Return the names of the arrays of images and labels of a split."""
    names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    by_lower = {name.lower(): name for name in names}
    words = FOLDERS[split]
    pairs = [(x.format(word), y.format(word)) for word in words for x, y in OF_SPLIT]
    if split == (split_of(path.stem) or "train"):
        pairs += OF_ALL
    for images, labels in pairs:
        if images in by_lower and labels in by_lower:
            return by_lower[images], by_lower[labels]
    raise DataError(
        f"has {', '.join(names[:8]) or 'nothing'}; expected arrays called x_{split} and y_{split}, {split}_images and "
        f"{split}_labels, or for train images and labels, or X and y"
    )


def _array(archive: ZipFile, name: str) -> NDArray[Any]:
    """Return an array of an archive once its header says that it is small enough and not of Python objects."""
    with archive.open(f"{name}.npy") as file:
        version = npy.read_magic(file)
        if version not in _HEADERS:
            raise DataError(f"{name}: format {version[0]}.{version[1]}; expected 1.0 or 2.0")
        shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise DataError(f"{name}: Python objects; expected numbers")
    if math.prod(shape) > MAX_VALUES:
        raise DataError(f"{name}: {' x '.join(map(str, shape))} values; expected at most {MAX_VALUES}")
    with archive.open(f"{name}.npy") as file:
        array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array
