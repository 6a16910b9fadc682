"""NumPy archives: names, shapes and kinds of arrays, and archives that are broken, too large or of objects."""

import io
import zipfile

import numpy as np
import pytest
from numpy.lib import format as npy

from lenet.data import DataError, load

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, (4, 8, 8), np.uint8), np.array([3, 1, 2, 0])


def saved(path, **arrays):
    np.savez(path, **arrays)
    return str(path)


@pytest.mark.parametrize(
    ("names", "split"),
    [
        (("x_train", "y_train"), "train"),
        (("x_test", "y_test"), "test"),
        (("X_train", "Y_train"), "train"),
        (("train_images", "train_labels"), "train"),
        (("val_images", "val_labels"), "validation"),
        (("test_images", "test_labels"), "test"),
        (("images", "labels"), "train"),
        (("X", "y"), "train"),
        (("data", "target"), "train"),
    ],
)
def test_names_of_arrays(tmp_path, names, split):
    path = saved(tmp_path / "own.npz", **dict(zip(names, (IMAGES, LABELS), strict=True)), other=np.zeros(3))
    dataset = load(path, split)
    assert np.array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == [3, 1, 2, 0]


def test_a_split_that_an_archive_does_not_have(tmp_path):
    path = saved(tmp_path / "own.npz", images=IMAGES, labels=LABELS)
    with pytest.raises(
        DataError, match="own.npz: has images, labels; expected arrays called x_test and y_test, test_im"
    ):
        load(path, "test")
    assert len(load(saved(tmp_path / "own_test.npz", images=IMAGES, labels=LABELS), "test")) == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images / np.float32(255),
        lambda images: images.astype(np.float64),
        lambda images: images.astype(np.int64),
        lambda images: images[..., None],
        lambda images: images[:, None],
        lambda images: images.reshape(4, 64),
        lambda images: (images / 255).reshape(4, 8, 8, 1),
    ],
)
def test_the_same_images_in_other_types_and_shapes(tmp_path, change):
    dataset = load(saved(tmp_path / "own.npz", x_train=change(IMAGES), y_train=LABELS.reshape(4, 1)), "train")
    assert dataset.images.dtype == np.uint8
    assert np.array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == [3, 1, 2, 0]


def test_colours_are_kept_or_converted(tmp_path):
    colours = RANDOM.integers(0, 256, (4, 8, 9, 3), np.uint8)
    for array in (colours, colours.transpose(0, 3, 1, 2)):
        path = saved(tmp_path / "own.npz", images=array, labels=LABELS)
        assert np.array_equal(load(path, "train", color="rgb").images, colours.transpose(0, 3, 1, 2))
        grey = load(path, "train").images
        assert grey.shape == (4, 8, 9)
        # ITU-R BT.601: 0.299 of red, 0.587 of green, 0.114 of blue.
        assert np.abs(grey - colours @ np.array([0.299, 0.587, 0.114])).max() <= 1


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES / 255 - 0.5, "images: pixels from -0.5.* to .*; expected 0 to 255, or floats from 0 to 1: scale"),
        (IMAGES.astype(int) * 2, "images: pixels from .*; expected 0 to 255"),
        (IMAGES % 2, "images: pixels are uint8, 0 and 1; .*: multiply them by 255"),
        (IMAGES / 16, "images: pixels are float64 from 0.* to 15.*, neither 0 to 1 nor 0 to 255"),
        (IMAGES / 254, "images: pixels are float64 from 0.* to 1.0.*, neither 0 to 1 nor 0 to 255"),
        (np.full((4, 8, 8), np.nan), "images: pixels are float64 with 256 values that are not finite"),
        (np.full((4, 8, 8), 1j), "images: pixels are complex128; expected 0 to 255"),
        (np.zeros((4, 8, 8, 2)), r"images: images are \(4, 8, 8, 2\); expected"),
        (np.zeros((4, 3, 8, 3)), "are the channels first or last"),
        (np.zeros((4, 63)), "63 pixels an image; expected a square number"),
        (np.zeros((4, 0, 8)), r"images are \(4, 0, 8\)"),
    ],
)
def test_arrays_that_are_no_images(tmp_path, images, message):
    with pytest.raises(DataError, match=f"own.npz: {message}|own.npz: images: .*{message}"):
        load(saved(tmp_path / "own.npz", images=images, labels=LABELS), "train")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.eye(4), r"labels: labels are float64 \(4, 4\); expected .*; of one-hot rows take labels.argmax"),
        (np.arange(3), r"labels: labels are int64 \(3,\); expected a whole number from 0 to 255 for each of 4 images"),
        (np.array([0, 1, -1, 2]), "labels: the label of image 2 is -1; expected a whole number from 0 to 255"),
        (np.array([0, 1, 2, 256]), "labels: the label of image 3 is 256; expected"),
        (np.array([0, 1.5, 2, 3]), "labels: the label of image 1 is 1.5; expected"),
        (np.array(list("abcd")), "labels: labels are <U1"),
    ],
)
def test_arrays_that_are_no_labels(tmp_path, labels, message):
    with pytest.raises(DataError, match=f"own.npz: {message}"):
        load(saved(tmp_path / "own.npz", images=IMAGES, labels=labels), "train")


def archive_with_header(path, shape, dtype):
    """Write an archive whose images have a header of that shape and type, and no values."""
    header = io.BytesIO()
    npy.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", header.getvalue())
        archive.writestr("labels.npy", header.getvalue())
    return str(path)


def test_headers_are_checked_before_memory_is_used(tmp_path):
    with pytest.raises(DataError, match="images: 1000000 x 1000000 values; expected at most"):
        load(archive_with_header(tmp_path / "own.npz", (10**6, 10**6), "|u1"), "train")
    with pytest.raises(DataError, match="images: Python objects; expected numbers"):
        load(archive_with_header(tmp_path / "own.npz", (4,), "|O"), "train")
    with pytest.raises(DataError, match="own.npz: not an archive"):
        load(archive_with_header(tmp_path / "own.npz", (4, 8, 8), "|u1"), "train")


def test_a_cut_archive(tmp_path):
    path = tmp_path / "own.npz"
    content = io.BytesIO()
    np.savez_compressed(content, x_train=IMAGES, y_train=LABELS)
    for length in (0, 10, len(content.getvalue()) // 2, len(content.getvalue()) - 1):
        path.write_bytes(content.getvalue()[:length])
        with pytest.raises(DataError, match="own.npz: not an archive"):
            load(str(path), "train")
