"""EMNIST (Cohen, Afshar, Tapson, van Schaik 2017): letters and digits in the form of MNIST, with two peculiarities.

Its images are stored column by column, the transpose of MNIST's; here they are put upright. Its letters have the labels
1 to 26; here 0 to 25.
"""

from __future__ import annotations

import string

import numpy as np

from lenet.data.errors import DataError
from lenet.data.pixels import Samples

_UPPER, _LOWER = tuple(string.ascii_uppercase), tuple(string.ascii_lowercase)
_MERGED = (*string.digits, *_UPPER, *"abdefghnqrt")  # the small letters that do not look like their capitals

CLASSES = {
    "letters": _UPPER,
    "balanced": _MERGED,
    "bymerge": _MERGED,
    "byclass": (*string.digits, *_UPPER, *_LOWER),
    "digits": tuple(string.digits),
    "mnist": tuple(string.digits),
}
"""The classes of its parts, by the words in the names of their files."""


def is_emnist(name: str) -> bool:
    """Return whether a file's name is one of EMNIST's."""
    return name.lower().startswith("emnist-")


def corrected(samples: Samples, name: str) -> Samples:
    """Return samples of a file of EMNIST's upright, with labels starting with 0 and the names of their classes.

    Raises
    ------
    DataError
        If a label is not one of the classes.
    """
    part = name.lower().split("-")[1]
    first, classes = int(part == "letters"), CLASSES.get(part)
    labels = samples.labels
    if classes and len(labels) and not (first <= labels.min() and labels.max() < first + len(classes)):
        low, high = labels.min(), labels.max()
        raise DataError(f"{name}: labels from {low} to {high}; expected {first} to {first + len(classes) - 1}")
    return Samples(np.ascontiguousarray(samples.images.swapaxes(-1, -2)), labels - np.uint8(first), classes)
