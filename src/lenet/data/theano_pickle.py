"""The Theano tutorial's ``mnist.pkl.gz``: a pickle of three pairs of arrays, of which nothing is executed."""

from __future__ import annotations

import gzip
import pickle
import zlib
from pathlib import Path
from typing import Any

from lenet.data.errors import DataError
from lenet.data.idx import open_unpacked
from lenet.data.pixels import Samples, as_bytes, as_label_bytes, as_planes

_PARTS = {"train": 0, "validation": 1, "test": 2}
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}
# What unpickling a cut, broken or foreign file raises.
_ERRORS: tuple[type[Exception], ...] = (
    *(pickle.UnpicklingError, EOFError, zlib.error, gzip.BadGzipFile, TypeError, ValueError, KeyError),
    *(AttributeError, IndexError, ImportError, MemoryError, OverflowError),
)


class _ArraysOnly(pickle.Unpickler):
    """Builds tuples, numbers, strings and NumPy arrays, and refuses whatever else a pickle asks for."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise DataError(f"the pickle asks for {module}.{name}; only NumPy arrays are read")
        return super().find_class(module, name)


def read_pickle(path: Path, split: str) -> Samples:
    """Read one of three pairs of images (n, 784), 0 to 1, and labels: train, validation or test.

    Raises
    ------
    DataError
        If it is no such pickle, cut, or asks for anything but arrays.
    """
    try:
        with open_unpacked(path) as file:
            content = _ArraysOnly(file, encoding="latin1").load()
            file.read(1)  # the checksum at the end is compared on reaching it
        images, labels = content[_PARTS[split]]
        if images.ndim != 2 or images.dtype.kind != "f":
            raise DataError(f"images are {images.dtype} {images.shape}; expected floats (n, 784)")
        return Samples(as_bytes(as_planes(images)), as_label_bytes(labels, len(images)))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except _ERRORS as error:
        raise DataError(f"{path}: not a pickle of three pairs of arrays ({error})") from error
