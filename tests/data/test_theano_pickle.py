"""The Theano tutorial's pickle, and files that only look like it."""

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from lenet.data import DataError, load

RANDOM = np.random.default_rng(0)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def pickled(path: Path, content: object) -> Path:
    return write(path, gzip.compress(pickle.dumps(content, protocol=2)))


def three_pairs(images: np.ndarray, labels: np.ndarray) -> tuple:
    floats = images.reshape(len(images), -1).astype(np.float32) / np.float32(256)
    return tuple((floats[k::3], labels[k::3].astype(np.int64)) for k in range(3))


def test_the_theano_pickle(tmp_path):
    images, labels = RANDOM.integers(0, 256, (9, 28, 28), np.uint8), np.arange(9, dtype=np.uint8)
    path = pickled(tmp_path / "mnist.pkl.gz", three_pairs(images, labels))
    for k, split in enumerate(("train", "validation", "test")):
        dataset = load(str(path), split)
        assert np.array_equal(dataset.images, images[k::3])
        assert np.array_equal(dataset.labels, labels[k::3])


class Malicious:
    def __reduce__(self):
        return os.system, ("touch /tmp/lenet-was-here",)


def test_a_malicious_pickle_is_refused_with_the_name_of_its_function(tmp_path):
    path = pickled(tmp_path / "mnist.pkl.gz", Malicious())
    with pytest.raises(DataError, match=r"mnist.pkl.gz: the pickle asks for posix.system; only NumPy arrays are read"):
        load(str(path), "train")
    assert not Path("/tmp/lenet-was-here").exists()


@pytest.mark.parametrize("content", [(), 7, ((1, 2),) * 3, ((np.zeros((3, 5), np.float32), np.zeros(3, int)),) * 3])
def test_pickles_of_something_else(tmp_path, content):
    with pytest.raises(DataError, match="mnist.pkl.gz: "):
        load(str(pickled(tmp_path / "mnist.pkl.gz", content)), "train")


def test_a_cut_pickle(tmp_path):
    path = pickled(tmp_path / "mnist.pkl.gz", three_pairs(np.zeros((9, 28, 28), np.uint8), np.arange(9)))
    content = path.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 5):
        with pytest.raises(DataError, match="mnist.pkl.gz: not a pickle"):
            load(str(write(path, content[:length])), "train")
