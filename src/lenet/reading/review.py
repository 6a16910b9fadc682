"""A page to correct rejected readings by hand, and what comes of the corrections: fields to train on.

`Review` collects the rejected lines of pictures and writes a directory: ``index.html``, a static page with a crop of
each line and its guesses, the least confident first; ``crops/``; and ``items.json``, where each line is. On the page
one types what is right, and saves ``corrections.csv``. `fields_of` makes training fields of it.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lenet.image.decode import decode
from lenet.image.measure import Box
from lenet.model.file import replace_file
from lenet.reading.result import Reading

PAGE, ITEMS, CROPS, CORRECTIONS = "index.html", "items.json", "crops", "corrections.csv"
TEMPLATE = Path(__file__).with_name("review.html")
MARGIN = 0.5
"""What a crop has of the picture around a line, in heights of the line."""
MAX_GUESSES = 3

COLUMNS = ("id", "file", "page", "line", "guess", "correct")
"""The columns of the corrections."""


@dataclass(frozen=True)
class Item:
    """A rejected line.

    Attributes
    ----------
    id : str
        Of the crop's file, without its end.
    file : str
        The picture.
    page, line : int
        From 1.
    guess, reason : str
    confidence : float
    guesses : list of (str, float)
        The likeliest numbers with their confidence.
    boxes : list of boxes
        Of the guess's digits: left, top, width and height in pixels of the crop.
    """

    id: str
    file: str
    page: int
    line: int
    guess: str
    reason: str
    confidence: float
    guesses: list[tuple[str, float]]
    boxes: list[Box]


class Review:
    """Collects rejected lines for a page.

    Parameters
    ----------
    directory : path
        Is made; a review that is there is replaced.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        self._items: list[Item] = []
        (self.directory / CROPS).mkdir(parents=True, exist_ok=True)

    def add(self, picture: Any, reading: Reading, file: str, page: int = 1) -> None:
        """Add the rejected lines of a reading; `picture` is what was read, as `lenet.read` takes it."""
        rejected = [(number, line) for number, line in enumerate(reading.lines, 1) if line.accepted is False]
        grey = decode(picture) if rejected else None
        for number, line in rejected:
            assert grey is not None
            left, top, width, height = _around(line.box, grey.shape)
            name = f"{len(self._items) + 1:05}"
            Image.fromarray(grey[top : top + height, left : left + width]).save(self._crop(name))
            boxes = [(x - left, y - top, w, h) for x, y, w, h in (digit.box for digit in line.digits)]
            guesses = [(line.text, line.confidence), *line.alternatives][:MAX_GUESSES]
            item = Item(name, file, page, number, line.text, line.reason, line.confidence, guesses, boxes)
            self._items.append(item)

    def write(self) -> Path:
        """Write the page and the list of its lines; return the page's path."""
        items = sorted(self._items, key=lambda item: item.confidence)
        replace_file(self.directory / ITEMS, (json.dumps([asdict(item) for item in items], indent=1) + "\n").encode())
        replace_file(self.directory / PAGE, _page(items).encode())
        return self.directory / PAGE

    def _crop(self, name: str) -> Path:
        return self.directory / CROPS / f"{name}.png"


def _around(box: Box, shape: Sequence[int]) -> Box:
    """Return a box with a margin around it, within a picture (height, width)."""
    left, top, width, height = box
    margin = int(MARGIN * height) + 2
    x, y = max(0, left - margin), max(0, top - margin)
    return (x, y, min(shape[1], left + width + margin) - x, min(shape[0], top + height + margin) - y)


def _page(items: Sequence[Item]) -> str:
    rows = "\n".join(_row(item) for item in items)
    described = json.dumps({item.id: [item.file, item.page, item.line, item.guess] for item in items})
    return (
        TEMPLATE.read_text(encoding="utf-8")
        .replace("$COUNT", str(len(items)))
        .replace("$ROWS", rows)
        .replace("$ITEMS", described.replace("<", "\\u003c"))
        .replace("$COLUMNS", json.dumps(COLUMNS))
        .replace("$CORRECTIONS", CORRECTIONS)
    )


def _row(item: Item) -> str:
    place = f"{item.file}, page {item.page}, line {item.line}"
    guesses = ", ".join(f"{text} ({100 * confidence:.0f} %)" for text, confidence in item.guesses)
    return (
        f'<li><img src="{CROPS}/{item.id}.png" alt="{escape(place)}">'
        f'<label>right is <input id="{item.id}" value="{escape(item.guess)}" inputmode="decimal"></label>'
        f"<p>{escape(place)}: {escape(item.reason)}; {escape(guesses)}</p></li>"
    )


class CorrectionsError(ValueError):
    """A table of corrections cannot be used; the message says where and why."""


def fields_of(review: str | os.PathLike[str], corrections: str | os.PathLike[str], out: str | os.PathLike[str]) -> int:
    """Make training fields of corrected lines, in the form that `lenet.data.fields.read_fields` reads; return how many.

    A line gives a field if what is right has as many digits as the guess, so that each digit has a box.

    Parameters
    ----------
    review : path
        The directory of a `Review`.
    corrections : path
        The table that its page saved.
    out : path
        The directory of the fields; is made.

    Raises
    ------
    CorrectionsError
        If the table is not one of the review.
    OSError
        If a file is not there, or cannot be written.
    """
    place = Path(review)
    items = {item["id"]: item for item in json.loads((place / ITEMS).read_text(encoding="utf-8"))}
    if not all(re.fullmatch("[0-9]+", name) for name in items):  # they name files
        raise CorrectionsError(f"{place / ITEMS}: not the list of a review")
    rows = ["\t".join(("file", "digit", "x", "y", "width", "height"))]
    images = Path(out) / "images"
    images.mkdir(parents=True, exist_ok=True)
    count = 0
    with open(corrections, newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        if not set(COLUMNS) <= set(table.fieldnames or ()):
            raise CorrectionsError(f"{corrections}: its columns are {table.fieldnames}; expected {', '.join(COLUMNS)}")
        for number, row in enumerate(table, 2):
            if row["id"] not in items:
                raise CorrectionsError(f"{corrections}, line {number}: {row['id']!r} is no line of {place / ITEMS}")
            item = items[row["id"]]
            digits = [character for character in row["correct"] or "" if character in "0123456789"]
            if not digits or len(digits) != len(item["boxes"]):
                continue
            crop = np.asarray(Image.open(place / CROPS / f"{item['id']}.png"))
            Image.fromarray(crop).save(images / f"{item['id']}.png")
            for digit, box in zip(digits, item["boxes"], strict=True):
                rows.append("\t".join(map(str, (f"{item['id']}.png", digit, *box))))
            count += 1
    replace_file(Path(out) / "boxes.tsv", ("\n".join(rows) + "\n").encode())
    return count
