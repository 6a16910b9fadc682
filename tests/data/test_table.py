"""Tables of pixels: with and without names, labels in any column, and the row and column of what is wrong."""

import gzip

import numpy as np
import pytest

from lenet.data import DataError, load
from lenet.data.table import BLOCK_ROWS

TWO_IMAGES = [[[0, 1], [2, 255]], [[9, 8], [7, 6]]]


def table(path, content):
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    "content",
    [
        b"label,pixel0,pixel1,pixel2,pixel3\n7,0,1,2,255\n3,9,8,7,6\n",
        b"7,0,1,2,255\n3,9,8,7,6\n",
        b"7,0,1,2,255\r\n\r\n3,9,8,7,6",
        b"p0,p1,p2,p3,class\n0,1,2,255,7\n9,8,7,6,3\n",
        b'"p0","p1","Target","p2","p3"\n"0","1","7","2","255"\n9,8,3,7,6\n',
        b"\xef\xbb\xbflabel, 1x1, 1x2, 2x1, 2x2\n7.0, 0.0, 1.0, 2.0, 255.0\n3,9,8,7,6\n",
        gzip.compress(b"7,0,1,2,255\n3,9,8,7,6\n", mtime=0),
    ],
)
def test_tables_of_the_same_images(tmp_path, content):
    dataset = load(table(tmp_path / "train.csv", content), "train")
    assert dataset.images.tolist() == TWO_IMAGES
    assert dataset.labels.tolist() == [7, 3]
    assert dataset.images.dtype == dataset.labels.dtype == np.uint8


def test_pixels_from_0_to_1(tmp_path):
    dataset = load(table(tmp_path / "train.csv", b"7,0,0.2,0.4,1\n3,1,1,0,0\n"), "train")
    assert dataset.images.tolist() == [[[0, 51], [102, 255]], [[255, 255], [0, 0]]]


def test_a_table_of_several_blocks(tmp_path):
    random = np.random.default_rng(0)
    values = random.integers(0, 256, (2 * BLOCK_ROWS + 3, 10))
    text = "\n".join(",".join(map(str, row)) for row in values)
    dataset = load(table(tmp_path / "train.csv", text.encode()), "train")
    assert np.array_equal(dataset.labels, values[:, 0])
    assert np.array_equal(dataset.images.reshape(-1, 9), values[:, 1:])
    lines = text.split("\n")
    lines[BLOCK_ROWS + 5] += ",1"
    with pytest.raises(DataError, match=f"row {BLOCK_ROWS + 6}: 11 cells; the rows above have 10"):
        load(table(tmp_path / "train.csv", "\n".join(lines).encode()), "train")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no rows of a label and pixels"),
        (b"label,p\n", "no rows of a label and pixels"),
        (b"name,pixel0\n", "row 1: no column is called label or class or target; it begins with name, pixel0"),
        (b"label,a,b,c,class\n", "row 1: more than one column is called label or class or target"),
        (b"7;1\n", "row 1: '7;1'; expected a label and pixels, separated by commas"),
        (b",label,p\n0,1,2\n", "row 1, column 1: has no name, as an index of rows; .*index=False"),
        (b"label,p\n1,2\n1,2,3\n", "row 3: 3 cells; the rows above have 2"),
        (b"label,p\n1,x\n", r"row 2, column 2 \(p\): 'x'; expected a number from 0 to 255"),
        (b"label,p\n1,2\n\n1,256\n", r"row 4, column 2 \(p\): '256'; expected a number"),
        (b"1,2\n1,-1\n", "row 2, column 2: '-1'; expected a number"),
        (b"1,2\n1,nan\n", "row 2, column 2: 'nan'; expected a number"),
        (b"1,2\n1,\n", "row 2, column 2: ''; expected a number"),
        (b"p,label\n1,cat\n", r"row 2, column 2 \(label\): 'cat'; expected a whole number from 0 to 255 as the label"),
        (b"p,label\n1,0.5\n", r"row 2, column 2 \(label\): '0.5'; expected a whole number"),
        (b"1,2\n256,2\n", "row 2, column 1: '256'; expected a whole number from 0 to 255 as the label"),
        (b"label,p,q\n1,2,3\n", "row 1: 3 columns, one of labels and 2 of pixels; expected a square number"),
        (b"1,0\n0,1\n", "pixels are uint8, 0 and 1; .*: multiply them by 255"),
        (gzip.compress(b"1,2\n" * 9, mtime=0)[:-9], "the gzip data are broken or cut"),
    ],
)
def test_odd_tables_name_the_row_and_the_column(tmp_path, content, message):
    with pytest.raises(DataError, match=f"train.csv: {message}"):
        load(table(tmp_path / "train.csv", content), "train")


def test_the_split_is_in_the_name(tmp_path):
    for name in ("mnist_train.csv", "mnist_test.csv"):
        table(tmp_path / name, b"7,0,1,2,255\n" if "train" in name else b"3,9,8,7,6\n")
    assert load(str(tmp_path), "train").labels.tolist() == [7]
    assert load(str(tmp_path), "test").labels.tolist() == [3]
    assert load(str(tmp_path / "mnist_test.csv"), "test").labels.tolist() == [3]
    with pytest.raises(DataError, match="mnist_train.csv: has no test split; all of it is train"):
        load(str(tmp_path / "mnist_train.csv"), "test")
    with pytest.raises(DataError, match="has mnist_test.csv, mnist_train.csv; expected one whose name says validation"):
        load(str(tmp_path), "validation")
    table(tmp_path / "second_test.csv", b"")
    with pytest.raises(DataError, match="expected one whose name says test, or name the file"):
        load(str(tmp_path), "test")
