"""IDX files, by hand, and broken ones."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from lenet.data.errors import DataError
from lenet.data.idx import read_idx, to_idx

RANDOM = np.random.default_rng(0)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_idx_by_hand(tmp_path):
    content = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])
    assert read_idx(write(tmp_path / "a", content)).tolist() == [[1, 2, 3], [4, 5, 255]]
    assert to_idx(np.array([[1, 2, 3], [4, 5, 255]], np.uint8)) == content


def test_idx_gzipped_or_not(tmp_path):
    array = RANDOM.integers(0, 256, (3, 5, 7), np.uint8)
    assert np.array_equal(read_idx(write(tmp_path / "a.gz", gzip.compress(to_idx(array), mtime=0))), array)
    assert np.array_equal(read_idx(write(tmp_path / "a", to_idx(array))), array)


GOOD = to_idx(RANDOM.integers(0, 256, (3, 5, 7), np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing; expected an IDX file"),
        (b"\x89PNG....", "begins with 89504e47"),
        (b"\0\0\x0d" + GOOD[3:], "values of type 0x0d; expected 0x08"),
        (b"\0\0\x08\0", "0 axes"),
        (GOOD[:6], "3 axes, of which 0 are given"),
        (GOOD[:-1], "104 values; its header says 3 x 5 x 7 = 105"),
        (GOOD + b"x", "goes on after the 105 values"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "values; expected at most"),
        (gzip.compress(GOOD, mtime=0)[:-4], "the gzip data are broken or cut"),
        (gzip.compress(GOOD, mtime=0)[:30], "the gzip data are broken or cut"),
        (b"\x1f\x8bnonsense", "the gzip data are broken or cut"),
    ],
)
def test_broken_idx_files_are_named(tmp_path, content, message):
    path = write(tmp_path / "train-images-idx3-ubyte", content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
