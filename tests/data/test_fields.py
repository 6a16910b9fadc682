"""Fields: one's own pictures of whole numbers with boxes, and broken tables of them."""

import cv2
import numpy as np
import pytest
from made_pages import field

from lenet.data import DataError
from lenet.data.fields import read_fields


def write(tmp_path, table="file\tdigit\tx\ty\twidth\theight\na.png\t0\t48\t8\t25\t35\na.png\t1\t18\t8\t5\t35\n"):
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), field().picture)
    (tmp_path / "boxes.tsv").write_text(table)
    return tmp_path


def test_fields_are_read_with_their_digits_in_order(tmp_path):
    (one,) = read_fields(write(tmp_path))
    assert (one.name, one.text, one.boxes) == ("a.png", "10", field().boxes)
    assert np.array_equal(one.picture, field().picture)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.png\t1\t2\t3", r"line 2: 'a.png\\t1\\t2\\t3'; expected file, digit, x, y, width, height"),
        ("a.png\t12\t2\t3\t4\t5", "line 2"),
        ("a.png\tx\t2\t3\t4\t5", "line 2"),
        ("b.png\t1\t2\t3\t4\t5", r"b.png: no such file, though .*boxes.tsv has boxes of it"),
    ],
)
def test_broken_tables_of_fields(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        read_fields(write(tmp_path, f"header\n{line}\n"))
    with pytest.raises(DataError, match="no such file; expected a table"):
        read_fields(tmp_path / "images")
