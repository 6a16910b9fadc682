"""Tables of pixels as comma-separated values, such as Kaggle's ``train.csv``: a sample on each row.

The label is in a column called label, class or target; without a line of names it is in the first column. The other
columns are the pixels of a square image, row by row.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.data.errors import MAX_VALUES, DataError
from lenet.data.idx import open_unpacked
from lenet.data.pixels import Samples, as_bytes, as_planes

LABEL_COLUMNS = ("label", "class", "target")
BLOCK_ROWS = 2048
"""Rows that are parsed at once."""
MAX_ROW_CHARACTERS = 1 << 24

Row = tuple[int, str]
"""A row's number, counted from 1, and its text."""


@dataclass(frozen=True)
class _Columns:
    """The number of columns, which of them has the label, and their names; empty if the table has none."""

    count: int
    label: int
    names: tuple[str, ...] = ()

    def place(self, row: int, column: int) -> str:
        name = f" ({self.names[column]})" if self.names else ""
        return f"row {row}, column {column + 1}{name}"


def read_table(path: Path) -> Samples:
    """Read a table, gzipped or not, of pixels from 0 to 255, or from 0 to 1.

    Raises
    ------
    DataError
        If a cell is no such number, a row has more or fewer cells than others, or no column has labels. The message
        names the row and the column, counted from 1.
    """
    try:
        with open_unpacked(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", errors="replace") as file:
            return _read(_rows(file))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip data are broken or cut ({error})") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _rows(file: io.TextIOWrapper) -> Iterator[Row]:
    """Yield the rows that are not empty."""
    number = 0
    while text := file.readline(MAX_ROW_CHARACTERS):
        number += 1
        if len(text) == MAX_ROW_CHARACTERS:
            raise DataError(f"row {number}: more than {MAX_ROW_CHARACTERS} characters; expected a sample on each row")
        if text.strip():
            yield number, text


def _read(rows: Iterator[Row]) -> Samples:
    first = next(rows, None)
    if first is None:
        raise DataError("no rows of a label and pixels")
    columns = _columns(first)
    begin = [] if columns.names else [first]
    pixels, labels, count = [], [], 0
    while block := begin + list(islice(rows, BLOCK_ROWS)):
        begin = []
        values = _numbers(block, columns)
        labels.append(values[:, columns.label].astype(np.uint8))
        levels = np.delete(values, columns.label, axis=1)
        whole = np.array_equal(levels, np.rint(levels))
        pixels.append(levels.astype(np.uint8) if whole else levels)
        count += values.size
        if count > MAX_VALUES:
            raise DataError(f"more than {MAX_VALUES} values")
    if not pixels:
        raise DataError("no rows of a label and pixels")
    return Samples(as_bytes(as_planes(np.concatenate(pixels))), np.concatenate(labels))


def _cells(text: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([text.rstrip("\r\n")]), [])]


def _columns(first: Row) -> _Columns:
    """Return the columns by the first row: names, or a label and pixels."""
    row, text = first
    cells = _cells(text)
    if len(cells) < 2:
        raise DataError(f"row {row}: {text.strip()[:20]!r}; expected a label and pixels, separated by commas")
    if math.isqrt(len(cells) - 1) ** 2 != len(cells) - 1 and cells[0].lower() in ("", "unnamed: 0"):
        raise DataError(f"row {row}, column 1: has no name, as an index of rows; write the table without (index=False)")
    if math.isqrt(len(cells) - 1) ** 2 != len(cells) - 1:
        raise DataError(
            f"row {row}: {len(cells)} columns, one of labels and {len(cells) - 1} of pixels; expected a square number "
            "of pixels, such as 784"
        )
    if all(_number(cell) is not None for cell in cells):
        return _Columns(len(cells), 0)
    places = [place for place, cell in enumerate(cells) if cell.lower() in LABEL_COLUMNS]
    if len(places) != 1:
        number = "more than one" if places else "no"
        raise DataError(
            f"row {row}: {number} column is called {' or '.join(LABEL_COLUMNS)}; it begins with {', '.join(cells[:3])}"
        )
    return _Columns(len(cells), places[0], tuple(cells))


def _numbers(block: list[Row], columns: _Columns) -> NDArray[np.float32]:
    """Return the numbers of some rows, (rows, columns), all of them from 0 to 255."""
    try:
        text = [text for _, text in block]
        values = np.loadtxt(text, np.float32, delimiter=",", comments=None, quotechar='"', ndmin=2)
    except ValueError as error:
        _refuse(block, columns)
        raise DataError(f"rows {block[0][0]} to {block[-1][0]}: {error}") from error
    labels = values[:, min(columns.label, values.shape[1] - 1)]
    right = values.shape[1] == columns.count and ((values >= 0) & (values <= 255)).all()
    if not right or not np.array_equal(labels, np.rint(labels)):
        _refuse(block, columns)
    return values


def _refuse(block: list[Row], columns: _Columns) -> None:
    """Raise `DataError` for the first cell that is wrong."""
    for row, text in block:
        cells = _cells(text)
        if len(cells) != columns.count:
            raise DataError(f"row {row}: {len(cells)} cells; the rows above have {columns.count}")
        for column, cell in enumerate(cells):
            value, is_label = _number(cell), column == columns.label
            if value is None or not 0 <= value <= 255 or (is_label and value != int(value)):
                what = "a whole number from 0 to 255 as the label" if is_label else "a number from 0 to 255"
                raise DataError(f"{columns.place(row, column)}: {cell[:20]!r}; expected {what}")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
