"""Parquet files in the layout of Hugging Face's MNIST, and with a column for each pixel."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from lenet.data import DataError, load

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 120, (5, 6, 6), np.uint8)
LABELS = [4, 0, 1, 3, 2]


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def write(path, columns, names=None):
    table = arrow.table(columns)
    if names:
        features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(table, path)
    return str(path)


def pictures(images, **more):
    return {"image": [{"bytes": png(image), "path": None} | more for image in images]}


def test_the_layout_of_hugging_face(tmp_path):
    path = write(tmp_path / "train-00000-of-00001.parquet", pictures(IMAGES) | {"label": LABELS}, list("abcde"))
    dataset = load(path, "train")
    assert np.array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS
    assert dataset.classes == ("a", "b", "c", "d", "e")
    assert load(path, "train", size=12, fit="pad", color="rgb").images.shape == (5, 3, 12, 12)


def test_a_directory_of_splits_and_parts(tmp_path):
    for k in range(2):
        columns = pictures(IMAGES[2 * k : 2 * k + 2]) | {"label": LABELS[2 * k : 2 * k + 2]}
        write(tmp_path / f"train-0000{k}-of-00002.parquet", columns)
    write(tmp_path / "test-00000-of-00001.parquet", pictures(IMAGES[4:]) | {"label": LABELS[4:]})
    training = load(str(tmp_path), "train")
    assert np.array_equal(training.images, IMAGES[:4])
    assert training.labels.tolist() == LABELS[:4]
    assert training.classes is None
    assert np.array_equal(load(str(tmp_path), "test").images, IMAGES[4:])


def test_parts_with_other_classes_or_columns_are_refused(tmp_path):
    """Labels of the second part would be of other classes."""
    first = pictures(IMAGES[:2]) | {"label": [0, 1]}
    write(tmp_path / "train-00000-of-00002.parquet", first, ["cat", "dog"])
    second = tmp_path / "train-00001-of-00002.parquet"
    pixels = {f"pixel{k}": [0, 200] for k in range(36)} | {"label": [0, 1]}
    for columns, names in ((first, ["dog", "cat"]), (first, None), (pixels, ["cat", "dog"])):
        write(second, columns, names)
        with pytest.raises(DataError, match="00001-of-00002.parquet: other classes or other columns .*00000-of-00002"):
            load(str(tmp_path), "train")


def test_bytes_without_a_structure(tmp_path):
    columns = {"picture": [png(image) for image in IMAGES], "Label": LABELS, "writer": list("abcde")}
    assert np.array_equal(load(write(tmp_path / "own.parquet", columns), "train").images, IMAGES)


@pytest.mark.parametrize("scale", [1, 1 / 255])
def test_a_column_for_each_pixel(tmp_path, scale):
    values = IMAGES if scale == 1 else IMAGES.astype(np.float64) / 255
    columns = {f"p{k}": values.reshape(5, 36)[:, k] for k in range(36)} | {"class": LABELS}
    dataset = load(write(tmp_path / "own.parquet", columns), "train")
    assert np.array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1]}, "no column is called label or class or target; it has a"),
        ({"label": [1]}, "no columns of pixels; expected a column of pictures' bytes, or numbers in all columns"),
        ({"label": [1], "a": ["x"]}, "column a is string; expected"),
        ({"label": [1], "a": [b"x"], "b": [b"x"]}, "columns a, b have pictures; expected one of them"),
        ({"label": [1, 1], "a": [b"", None]}, "own.parquet, row 2, column a: no value"),
        ({"label": [1], "a": [b"nonsense"]}, "own.parquet, row 1: not a picture"),
        ({"label": [1], "a": [{"bytes": None, "path": "x.png"}]}, "own.parquet, row 1: a picture without bytes"),
        ({"label": [1, None], "a": [1, 2]}, "own.parquet, row 2, column label: no value"),
        ({"label": ["x"], "a": [2]}, "own.parquet: labels are object"),
        ({"label": [1], "a": [2], "b": [3]}, "own.parquet: 2 pixels an image; expected a square number"),
        ({"label": [1, 300], "a": [2, 3]}, "own.parquet: the label of image 1 is 300"),
        ({"label": arrow.array([], arrow.int64()), "a": arrow.array([], arrow.int64())}, "own.parquet: no rows"),
    ],
)
def test_columns_that_are_no_images(tmp_path, columns, message):
    with pytest.raises(DataError, match=message):
        load(write(tmp_path / "own.parquet", columns), "train")


def test_pictures_of_different_sizes(tmp_path):
    path = write(tmp_path / "own.parquet", pictures([IMAGES[0], IMAGES[1][:5]]) | {"label": [0, 1]})
    with pytest.raises(DataError, match="own.parquet, row 2: 6x5 pixels; those before it have 6x6: .*--size 28"):
        load(path, "train")


def test_more_labels_than_names(tmp_path):
    path = write(tmp_path / "own.parquet", pictures(IMAGES) | {"label": LABELS}, ["a", "b"])
    with pytest.raises(DataError, match="own.parquet: a label is 4; the file names 2 classes"):
        load(path, "train")


def test_a_cut_file(tmp_path):
    path = tmp_path / "own.parquet"
    write(path, pictures(IMAGES) | {"label": LABELS})
    content = path.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match="own.parquet: not a whole Parquet file"):
            load(str(path), "train")


def test_without_pyarrow(tmp_path, monkeypatch):
    path = write(tmp_path / "own.parquet", pictures(IMAGES) | {"label": LABELS})
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError, match=r"own.parquet needs pyarrow: pip install 'lenet\[parquet\]'"):
        load(path, "train")
