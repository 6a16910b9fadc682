"""Readings as records for other programs: one for each line of digits, as rows of CSV and TSV files.

A record has everything by which a number can be used or distrusted by itself: the picture and its page, the line, the
digits, the confidence, the status and its reason, the box. A picture without digits and one that cannot be read have a
record too, so that nothing is lost on the way.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TextIO

from lenet.image.measure import Box
from lenet.reading.result import FormCell, Line, Reading

REJECTED = "?"
"""What stands for a rejected line where only digits are printed."""
_NUMBER = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True)
class Record:
    """A line of digits, or what is there in its place.

    Attributes
    ----------
    file : str
        The picture.
    page : int
        Of the file, from 1.
    line : int
        In the page, from 1; 0 where there is none, and for the cells of a form.
    row, column : int or None
        Of a form's cell, from 1; None elsewhere.
    text : str
        The digits.
    full_text : str
        The digits and signs.
    value : str
        The number that they are, if they are one: see `lenet.reading.result.Line.value`.
    confidence : float
        The probability that they are right, 0 to 1.
    status : str
        ``accepted`` or ``rejected`` with a rejection threshold, ``read`` without; ``empty`` for a picture or a cell
        without ink, ``unread`` for one whose ink is no digits; ``error`` for a picture that cannot be read.
    reason : str
        Why it is not accepted, or the message of the error.
    box : str
        Left, top, width and height of the digits in pixels of the picture, with spaces between.
    """

    file: str
    page: int
    line: int = 0
    row: int | None = None
    column: int | None = None
    text: str = ""
    full_text: str = ""
    value: str = ""
    confidence: float = 0.0
    status: str = ""
    reason: str = ""
    box: str = ""


COLUMNS = tuple(field.name for field in fields(Record))


def records_of(result: Reading | Exception, file: str, page: int = 1) -> Iterator[Record]:
    """Yield the records of a reading, or of the exception that says why there is none.

    Examples
    --------
    >>> import lenet
    >>> picture = "examples/numbers/24709.png"
    >>> [(record.text, record.status) for record in records_of(lenet.read(picture, reject="1%"), picture)]
    [('24709', 'accepted')]
    """
    if isinstance(result, Exception):
        yield Record(file, page, status="error", reason=" ".join(str(result).split()))
    elif result.cells:
        yield from (_of_cell(cell, file, page) for cell in result.cells)
    elif not result.lines:
        yield Record(file, page, status="empty" if result.reason == "empty" else "unread", reason=result.reason)
    else:
        for number, line in enumerate(result.lines, 1):
            yield replace(_of_line(line, file, page), line=number)


def _of_line(line: Line, file: str, page: int) -> Record:
    return Record(
        file,
        page,
        text=line.text,
        full_text=line.full_text,
        value=line.value_text or "",
        confidence=line.confidence,
        status=status_of(line),
        reason=line.reason,
        box=_box(line.box),
    )


def _of_cell(cell: FormCell, file: str, page: int) -> Record:
    record = Record(file, page, status=cell.status, box=_box(cell.box))
    if cell.line is not None:
        record = _of_line(cell.line, file, page)
    return replace(record, row=cell.row + 1, column=cell.column + 1)


def _box(box: Box) -> str:
    return " ".join(map(str, box))


def status_of(line: Line) -> str:
    """Return ``accepted`` or ``rejected``, or ``read`` where no rejection threshold was asked for."""
    return {None: "read", True: "accepted", False: "rejected"}[line.accepted]


class Table:
    """Records as rows of a table, written as they come: a header, then a row for each.

    Cells that a spreadsheet would take for a formula begin with an apostrophe; numbers stay as they are.

    Parameters
    ----------
    file : text file
    delimiter : str
        A comma for CSV, a tab for TSV.
    """

    def __init__(self, file: TextIO, delimiter: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def write(self, records: Iterable[Record]) -> None:
        """Write a row for each record."""
        for record in records:
            self._writer.writerow([_cell(value) for value in asdict(record).values()])


def _cell(value: Any) -> Any:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
