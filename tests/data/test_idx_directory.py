"""Directories of IDX files with the names of EMNIST and QMNIST, and with several data sets in one."""

import gzip
import struct

import numpy as np
import pytest

from lenet.data import DataError, load
from lenet.data.idx import to_idx

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (4, 5, 5), np.uint8)


def write_pair(directory, prefix, images, labels, split="train"):
    (directory / f"{prefix}{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(to_idx(images)))
    (directory / f"{prefix}{split}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(to_idx(labels)))


@pytest.mark.parametrize(
    ("part", "stored", "labels", "names"),
    [
        ("digits", [0, 9, 5, 1], [0, 9, 5, 1], "0951"),
        ("letters", [1, 26, 2, 3], [0, 25, 1, 2], "AZBC"),
        ("balanced", [0, 10, 36, 46], [0, 10, 36, 46], "0Aat"),
        ("bymerge", [0, 10, 36, 46], [0, 10, 36, 46], "0Aat"),
        ("byclass", [0, 10, 36, 61], [0, 10, 36, 61], "0Aaz"),
    ],
)
def test_emnist_is_put_upright_and_its_classes_are_named(tmp_path, part, stored, labels, names):
    for split in ("train", "test"):
        transposed = np.ascontiguousarray(IMAGES.transpose(0, 2, 1))
        write_pair(tmp_path, f"emnist-{part}-", transposed, np.array(stored, np.uint8), split)
    for source in (tmp_path, tmp_path / f"emnist-{part}"):
        dataset = load(str(source), "test")
        assert np.array_equal(dataset.images, IMAGES)
        assert dataset.labels.tolist() == labels
        assert "".join(dataset.classes[label] for label in dataset.labels) == names


def test_labels_that_emnist_does_not_have(tmp_path):
    write_pair(tmp_path, "emnist-letters-", IMAGES, np.array([0, 1, 2, 3], np.uint8))
    with pytest.raises(DataError, match="labels from 0 to 3; expected 1 to 26"):
        load(str(tmp_path), "train")


def test_emnist_as_a_table(tmp_path):
    row = [2, *np.arange(9)]
    (tmp_path / "emnist-letters-train.csv").write_text(",".join(map(str, row)))
    dataset = load(str(tmp_path / "emnist-letters-train.csv"), "train")
    assert dataset.images[0].tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    assert dataset.classes[dataset.labels[0]] == "B"


def test_a_directory_of_several_data_sets(tmp_path):
    for part in ("digits", "letters"):
        write_pair(tmp_path, f"emnist-{part}-", IMAGES, np.array([1, 2, 3, 4], np.uint8))
    with pytest.raises(DataError, match=r"has emnist-digits, emnist-letters; name one of them: .*/emnist-digits"):
        load(str(tmp_path), "train")
    assert load(str(tmp_path / "emnist-letters"), "train").labels.tolist() == [0, 1, 2, 3]
    with pytest.raises(DataError, match="no file called emnist-letters-test-images-idx3-ubyte, with or without .gz"):
        load(str(tmp_path / "emnist-letters"), "test")
    with pytest.raises(DataError, match="emnist-byclass: neither mnist, nor digits, nor a file or directory"):
        load(str(tmp_path / "emnist-byclass"), "train")
    file = tmp_path / "emnist-letters-train-images-idx3-ubyte.gz"
    with pytest.raises(DataError, match="one of a pair of IDX files; expected their directory, or one such as DIR/em"):
        load(str(file), "train")
    write_pair(tmp_path, "", IMAGES + 1, np.array([1, 2, 3, 4], np.uint8))
    assert np.array_equal(load(str(tmp_path), "train").images, IMAGES + 1)  # MNIST's names come first


def qmnist(directory, labels, split="train"):
    (directory / f"qmnist-{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(to_idx(IMAGES)))
    header = bytes((0, 0, 12, 2)) + struct.pack(">2I", *labels.shape)
    content = header + labels.astype(">i4").tobytes()
    (directory / f"qmnist-{split}-labels-idx2-int.gz").write_bytes(gzip.compress(content))


def test_qmnist_has_its_classes_in_the_first_of_eight_columns(tmp_path):
    labels = np.array([[5, 0, 2551, 0, 35, 100_000, 0, 0]] * 4)
    labels[:, 0] = 5, 0, 9, 1
    for split in ("train", "test"):
        qmnist(tmp_path, labels, split)
        dataset = load(str(tmp_path), split)
        assert np.array_equal(dataset.images, IMAGES)
        assert dataset.labels.tolist() == [5, 0, 9, 1]
        assert dataset.classes is None


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((3, 8), int), "4 images and 3 labels in train"),
        (np.full((4, 8), -1), "labels-idx2-int.gz: the label of image 0 is -1; expected a whole number"),
        (np.zeros((4, 0), int), "4 images and 0 labels in train"),
    ],
)
def test_broken_qmnist_files(tmp_path, labels, message):
    qmnist(tmp_path, labels)
    with pytest.raises(DataError, match=message):
        load(str(tmp_path), "train")


def test_a_label_file_of_another_type(tmp_path):
    qmnist(tmp_path, np.zeros((4, 8), int))
    (tmp_path / "qmnist-train-labels-idx2-int.gz").write_bytes(to_idx(np.zeros((4, 8), np.uint8)))
    with pytest.raises(DataError, match="values of type 0x08; expected 0x0c, 32-bit whole numbers"):
        load(str(tmp_path), "train")


def test_images_of_zeros_and_ones_are_refused(tmp_path):
    write_pair(tmp_path, "", IMAGES // 128, np.zeros(4, np.uint8))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: pixels are uint8, 0 and 1; .* multiply"):
        load(str(tmp_path), "train")
