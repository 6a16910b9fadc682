"""Pictures that explain a reading: the result of each step, and boxes around what was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lenet.image.decode import decode
from lenet.image.normalise import SIZE_PX
from lenet.reading.line.ranking import RankedLine
from lenet.reading.line.sliding_window import STEP_PX, WINDOW_PX, strip_of
from lenet.reading.page.lines import InkLine
from lenet.reading.reader import Reader
from lenet.reading.result import Reading

DIGIT_COLOUR, MARK_COLOUR = (20, 110, 220), (220, 130, 20)
"""Red, green and blue of boxes."""
MAX_LINES, MAX_PIXELS = 40, 16_000_000
"""Limits of the picture that shows lines as the sliding window sees them."""

Bytes = NDArray[np.uint8]


def boxes(grey: Bytes, reading: Reading) -> Any:
    """Return the picture, grey levels (height, width), with boxes around digits and marks: a PIL image."""
    image = Image.fromarray(grey).convert("RGB")
    pen = ImageDraw.Draw(image)
    thick = max(1, round(max(image.size) / 600))
    for line in reading.lines:
        for left, top, width, height in (mark.box for mark in line.marks):
            pen.rectangle((left, top, left + width, top + height), outline=MARK_COLOUR, width=thick)
        for digit in line.digits:
            left, top, width, height = digit.box
            pen.rectangle((left, top, left + width, top + height), outline=DIGIT_COLOUR, width=thick)
            font = ImageFont.load_default(max(9.0, height / 3))
            pen.text(
                (left, top), str(digit.label), fill=DIGIT_COLOUR, font=font, anchor="lb" if top > height / 3 else "la"
            )
    return image


def explained(picture: Any, directory: Path, reader: Reader, *, threads: int | None = None) -> Reading:
    """Read a picture, and write the result of each step into a directory.

    ``1-picture.png``, its grey levels; ``2-ink.png``; ``3-lines.png``, each line in a colour of its own;
    ``4-sliding-window.png``, each line and below it what the sliding window sees; ``5-segments.png``, each segment in a
    colour; ``6-digits.png``, the digits as the network saw them; ``7-reading.png``, what was read.
    """
    directory.mkdir(parents=True, exist_ok=True)
    grey = decode(picture)
    (page,) = reader.pages([grey], threads)
    Image.fromarray(grey).save(directory / "1-picture.png")
    Image.fromarray(255 - page.ink.image).save(directory / "2-ink.png")
    lines = [(line.line, (line.line.components > 0) * (number + 1)) for number, line in enumerate(page.lines)]
    _coloured(page.ink.image.shape, lines).save(directory / "3-lines.png")
    if page.lines:
        _scans(page.lines[:MAX_LINES]).save(directory / "4-sliding-window.png")
    segments = [(line.line, line.segments.labels) for line in page.lines]
    _coloured(page.ink.image.shape, segments).save(directory / "5-segments.png")
    rows = [np.hstack(list(line.digit_images)) for line in page.lines if len(line.digit_images)]
    if rows:
        sheet = np.zeros((SIZE_PX * len(rows), max(row.shape[1] for row in rows)), np.uint8)
        for number, row in enumerate(rows):
            sheet[SIZE_PX * number : SIZE_PX * (number + 1), : row.shape[1]] = row
        Image.fromarray(255 - sheet).resize((4 * sheet.shape[1], 4 * sheet.shape[0]), 0).save(
            directory / "6-digits.png"
        )
    boxes(grey, page.reading).save(directory / "7-reading.png")
    return page.reading


def _scans(lines: Sequence[RankedLine]) -> Any:
    """Return lines, each with a row below for each class, dark where the sliding window sees it: a PIL image."""
    tall, margin = 5, 12
    strips = [strip_of(line.line)[0] for line in lines]
    lengths = [STEP_PX * len(line.scan.probabilities) for line in lines]
    width = margin + max(max(strip.shape[1], length) for strip, length in zip(strips, lengths, strict=True))
    names = [*"0123456789", "none"]
    height = WINDOW_PX + tall * len(names) + 8
    sheet = np.zeros((height * len(lines), width), np.uint8)
    for number, (whole, line) in enumerate(zip(strips, lines, strict=True)):
        strip = whole[:, WINDOW_PX // 2 :]
        probabilities = (255 * line.scan.probabilities.T).astype(np.uint8)
        enlarged = np.kron(probabilities, np.ones((tall, STEP_PX), np.uint8))
        for top, part in ((0, strip), (WINDOW_PX, enlarged)):
            sheet[height * number + top :][: len(part), margin : margin + part.shape[1]] = part
    large = max(1, min(4, int((MAX_PIXELS / sheet.size) ** 0.5)))
    image = Image.fromarray(255 - sheet).resize((large * width, large * len(sheet)), 0)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    for top in range(0, len(sheet), height):
        for row, name in enumerate(names):
            pen.text((2, large * (top + WINDOW_PX + tall * row)), name, fill=0, font=font)
    return image


def _coloured(shape: tuple[int, ...], lines: Sequence[tuple[InkLine, NDArray[np.integer[Any]]]]) -> Any:
    """Return white paper with each line's labels in colours, 0 in none: a PIL image."""
    palette = np.random.default_rng(0).integers(30, 210, (256, 3)).astype(np.uint8)
    page = np.full((*shape, 3), 255, np.uint8)
    for line, labels in lines:
        rows, columns = labels.shape
        there = page[line.top : line.top + rows, line.left : line.left + columns]
        there[labels > 0] = palette[labels[labels > 0] % len(palette)]
    return Image.fromarray(page)
