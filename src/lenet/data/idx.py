"""The IDX format of the MNIST files, gzipped or not: read, and checked before it is believed.

A file begins with two zero bytes, the type of its values (here 8: unsigned bytes, or 12: 32-bit whole numbers), the
number of axes, and each axis as a big-endian 32-bit number; then come the values.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from io import BufferedReader
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lenet.data.errors import MAX_VALUES, DataError


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Return the bytes in an IDX file as an array, unpacking it if it is gzipped.

    Raises
    ------
    DataError
        If the magic number is wrong, the values are not bytes, or there are fewer or more than the header says.
    """
    array: NDArray[np.uint8] = _read_file(Path(path), 0x08)
    return array


def read_idx_integers(path: str | os.PathLike[str]) -> NDArray[np.int32]:
    """Return the 32-bit whole numbers in an IDX file as an array; `DataError` as in `read_idx`."""
    return _read_file(Path(path), 0x0C).astype(np.int32)


_TYPES: dict[int, tuple[str, np.dtype[Any]]] = {
    0x08: ("unsigned bytes", np.dtype(np.uint8)),
    0x0C: ("32-bit whole numbers", np.dtype(">i4")),
}


def _read_file(path: Path, kind: int) -> NDArray[Any]:
    try:
        with open_unpacked(path) as file:
            return _read(file, path, kind)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip data are broken or cut ({error})") from error


def open_unpacked(path: Path) -> gzip.GzipFile | BufferedReader:
    """Open a file for reading its bytes, unpacking them if it is gzipped."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def _read(file: _Readable, path: Path, kind: int) -> NDArray[Any]:
    what, dtype = _TYPES[kind]
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(f"{path}: begins with {magic.hex() or 'nothing'}; expected an IDX file (00 00 08 ...)")
    if magic[2] != kind:
        raise DataError(f"{path}: values of type {magic[2]:#04x}; expected {kind:#04x}, {what}")
    axes = magic[3]
    sizes = file.read(4 * axes)
    if not 1 <= axes <= 4 or len(sizes) < 4 * axes:
        raise DataError(f"{path}: {axes} axes, of which {len(sizes) // 4} are given; expected 1 to 4")
    shape = struct.unpack(f">{axes}I", sizes)
    count = math.prod(shape)
    if count > MAX_VALUES:
        raise DataError(f"{path}: {' x '.join(map(str, shape))} values; expected at most {MAX_VALUES}")
    values = file.read(count * dtype.itemsize)
    if len(values) < count * dtype.itemsize:
        raise DataError(
            f"{path}: {len(values) // dtype.itemsize} values; its header says {' x '.join(map(str, shape))} = {count}"
        )
    if file.read(1):
        raise DataError(f"{path}: goes on after the {count} values that its header says")
    return np.frombuffer(values, dtype).reshape(shape)


def to_idx(array: NDArray[np.uint8]) -> bytes:
    """Return an array as the bytes of an IDX file, not gzipped."""
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
