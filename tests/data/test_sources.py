"""Data sets by name or path: directories of IDX files, the same digits in all formats, and sources that are none."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet.data import DataError, digits, load, mnist
from lenet.data.idx import to_idx

RANDOM = np.random.default_rng(0)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def idx_directory(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    path.mkdir(exist_ok=True)
    for split in ("train", "t10k"):
        write(path / f"{split}-images-idx3-ubyte.gz", gzip.compress(to_idx(images)))
        write(path / f"{split}-labels.idx1-ubyte", to_idx(labels))
    return path


def test_a_directory_of_idx_files(tmp_path):
    images, labels = RANDOM.integers(0, 256, (4, 9, 8), np.uint8), np.array([0, 1, 2, 1], np.uint8)
    place = idx_directory(tmp_path / "own", images, labels)
    dataset = load(str(place), "test")
    assert np.array_equal(dataset.images, images)
    assert np.array_equal(dataset.labels, labels)
    assert str(place) in dataset.origin
    rest, held = dataset.split(1)
    assert (len(rest), len(held)) == (3, 1)
    with pytest.raises(ValueError, match="4 hold-out samples of 4"):
        dataset.split(4)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((4, 3, 3), np.uint8), np.zeros(3, np.uint8), "4 images and 3 labels in train"),
        (np.zeros((4, 3), np.uint8), np.zeros(4, np.uint8), "2 axes; expected 3"),
        (np.zeros((4, 3, 3), np.uint8), np.zeros((4, 1), np.uint8), "2 axes; expected 1"),
    ],
)
def test_files_that_do_not_belong_together(tmp_path, images, labels, message):
    with pytest.raises(DataError, match=message):
        load(str(idx_directory(tmp_path, images, labels)), "train")


def test_unknown_sources_and_splits(tmp_path):
    with pytest.raises(DataError, match="neither mnist, nor digits, nor a file or directory"):
        load("emnist", "train")
    with pytest.raises(DataError, match="no file called train-images-idx3-ubyte"):
        load(str(tmp_path), "train")
    for function in (mnist, digits, lambda split: load("mnist", split)):
        with pytest.raises(ValueError, match="split is 'dev'; expected train or test"):
            function("dev")


def test_a_file_of_no_known_form(tmp_path):
    with pytest.raises(DataError, match=r"expected a name that ends in .pkl.gz, .npz, .csv or .parquet"):
        load(str(write(tmp_path / "a.txt", b"")), "train")


@pytest.mark.mnist
def test_real_digits_in_all_formats(tmp_path, mnist_test):
    images, labels = (array[:120] for array in mnist_test)
    pixels = images.reshape(120, 784)
    names = ",".join(f"{k}x{j}" for k in range(28) for j in range(28))
    np.savetxt(tmp_path / "a.csv", np.c_[labels, pixels], "%d", ",", header=f"label,{names}", comments="")
    np.savetxt(tmp_path / "b.csv", np.c_[pixels / 255, labels], "%.4f", ",", header=f"{names},class", comments="")
    np.savez_compressed(tmp_path / "c.npz", X=pixels / np.float32(255), y=labels.astype(np.int64))
    np.savez(tmp_path / "d.npz", train_images=images[..., None].astype(float), train_labels=labels[:, None])
    idx_directory(tmp_path / "e", images, labels)
    for name in ("a.csv", "b.csv", "c.npz", "d.npz", "e"):
        dataset = load(str(tmp_path / name), "train")
        assert np.array_equal(dataset.images, images), name
        assert np.array_equal(dataset.labels, labels), name
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = tmp_path / "f" / f"digit_{label}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).save(folder / f"{number:03}.png")  # dark ink on light paper
    dataset = load(str(tmp_path / "f"), "train")
    for label in range(10):
        assert np.array_equal(dataset.images[dataset.labels == label], images[labels == label])
