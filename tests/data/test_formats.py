"""Files of other projects: the Theano tutorial's pickle, Keras's archive, Kaggle's table, folders of pictures."""

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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


def test_the_archive_of_keras_with_other_data(tmp_path):
    images, labels = RANDOM.integers(0, 256, (4, 8, 8), np.uint8), np.array([3, 1, 2, 0])
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels, x_test=images.astype(float), y_test=labels)
    dataset = load(str(tmp_path / "own.npz"), "train")
    assert np.array_equal(dataset.images, images)
    assert dataset.labels.tolist() == [3, 1, 2, 0]
    with pytest.raises(DataError, match=r"own.npz: x_test is float64 \(4, 8, 8\); expected uint8"):
        load(str(tmp_path / "own.npz"), "test")


def test_the_table_of_kaggle(tmp_path):
    path = write(tmp_path / "train.csv", b"label,pixel0,pixel1,pixel2,pixel3\n7,0,1,2,255\n3,9,8,7,6\n")
    dataset = load(str(path), "train")
    assert dataset.images.tolist() == [[[0, 1], [2, 255]], [[9, 8], [7, 6]]]
    assert dataset.labels.tolist() == [7, 3]
    with pytest.raises(DataError, match="train.csv: has no test split; all of it is train"):
        load(str(path), "test")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no rows of a label and pixels"),
        (b"name,pixel0\n", "row 1: begins with 'name'; expected a column called label"),
        (b"label,p\n1,2\n1,2,3\n", "row 3: 3 cells; the rows above have 2"),
        (b"label,p\n1,x\n", "row 2: 'x'; expected whole numbers from 0 to 255"),
        (b"label,p\n1,256\n", "row 2: 256; expected whole numbers"),
        (b"label,p\n1,-1\n", "row 2: '-1'; expected whole numbers"),
        (b"label,p,q\n1,2,3\n", "2 pixels a row; expected a square number"),
    ],
)
def test_odd_tables_name_the_row(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        load(str(write(tmp_path / "train.csv", content)), "train")


def test_the_end_of_a_folder_of_pictures_has_every_class(tmp_path):
    for label, count in ((0, 4), (1, 2), (2, 2)):
        (tmp_path / str(label)).mkdir()
        for number in range(count):
            Image.fromarray(np.full((8, 8), number, np.uint8)).save(tmp_path / str(label) / f"{number}.png")
    dataset = load(str(tmp_path), "train")
    # Places of the samples in their classes: 1/8, 3/8, 5/8, 7/8 of the zeros, 1/4 and 3/4 of the others.
    assert dataset.labels.tolist() == [0, 1, 2, 0, 0, 1, 2, 0]
    assert dataset.images[:, 0, 0].tolist() == [0, 0, 0, 1, 2, 1, 1, 3]
    assert set(dataset.split(4)[1].labels.tolist()) == {0, 1, 2}


def test_a_folder_of_pictures_by_class(tmp_path):
    for label in (0, 3, 10):
        (tmp_path / str(label)).mkdir()
        page = np.full((8, 8), 255, np.uint8)
        page[3:5, 3:5] = label
        Image.fromarray(page).save(tmp_path / str(label) / "a.png")
    dataset = load(str(tmp_path), "train")
    assert dataset.labels.tolist() == [0, 3, 10]
    assert dataset.images[:, 3, 3].tolist() == [255, 252, 245]
    assert not dataset.images[:, 0].any()
    Image.fromarray(np.zeros((9, 8), np.uint8)).save(tmp_path / "3" / "b.png")
    with pytest.raises(DataError, match="b.png: 8x9 pixels; those before it have 8x8"):
        load(str(tmp_path), "train")
    write(tmp_path / "3" / "b.png", b"nonsense")
    with pytest.raises(DataError, match="b.png: not a picture"):
        load(str(tmp_path), "train")
