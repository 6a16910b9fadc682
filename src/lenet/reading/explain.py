"""Pictures of a reading: boxes around what was read, and what each step on the way made of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.reading.decode import decode
from lenet.reading.ink import Bytes
from lenet.reading.lines import Band
from lenet.reading.pieces import SIDE
from lenet.reading.reader import Found, Reader
from lenet.reading.result import Reading
from lenet.reading.windows import SIDE as WINDOW
from lenet.reading.windows import STEP, strip_of

DIGIT, MARK = (20, 110, 220), (220, 130, 20)
"""Colours of boxes, red, green and blue."""
MOST_LINES, MOST_PIXELS = 40, 16_000_000
"""So many lines are shown as windows see them, and in a picture of so many pixels at most."""


def boxes(grey: Bytes, reading: Reading) -> Any:
    """Return the picture, grey levels (height, width), with what was read in it: a PIL image."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(grey).convert("RGB")
    pen = ImageDraw.Draw(image)
    thick = max(1, round(max(image.size) / 600))
    for line in reading.lines:
        for left, top, width, height in line.marks:
            pen.rectangle((left, top, left + width, top + height), outline=MARK, width=thick)
        for digit in line.digits:
            left, top, width, height = digit.box
            pen.rectangle((left, top, left + width, top + height), outline=DIGIT, width=thick)
            font = ImageFont.load_default(max(9.0, height / 3))
            pen.text((left, top), str(digit.label), fill=DIGIT, font=font, anchor="lb" if top > height / 3 else "la")
    return image


def explained(picture: Any, directory: Path, reader: Reader, threads: int | None = None) -> Reading:
    """Read a picture, and write what each step made of it into a directory.

    ``1-picture.png``, its grey levels; ``2-ink.png``; ``3-lines.png``, each line in a colour of its own;
    ``4-windows.png``, the lines and below them what windows along them see; ``5-parts.png``, each part in a colour;
    ``6-digits.png``, the digits as the network saw them; ``7-reading.png``, what was read.
    """
    from PIL import Image

    directory.mkdir(parents=True, exist_ok=True)
    grey = decode(picture)
    (page,) = reader.pages([grey], threads)
    Image.fromarray(grey).save(directory / "1-picture.png")
    Image.fromarray(255 - page.ink.image).save(directory / "2-ink.png")
    lines = [(line.band, (line.band.components > 0) * (number + 1)) for number, line in enumerate(page.lines)]
    _coloured(page.ink.image.shape, lines).save(directory / "3-lines.png")
    if page.lines:
        _windows(page.lines[:MOST_LINES]).save(directory / "4-windows.png")
    parts = [(line.band, line.parts.labels) for line in page.lines]
    _coloured(page.ink.image.shape, parts).save(directory / "5-parts.png")
    rows = [np.hstack(list(line.digits)) for line in page.lines if len(line.digits)]
    if rows:
        sheet = np.zeros((SIDE * len(rows), max(row.shape[1] for row in rows)), np.uint8)
        for number, row in enumerate(rows):
            sheet[SIDE * number : SIDE * (number + 1), : row.shape[1]] = row
        Image.fromarray(255 - sheet).resize((4 * sheet.shape[1], 4 * sheet.shape[0]), 0).save(
            directory / "6-digits.png"
        )
    boxes(grey, page.reading).save(directory / "7-reading.png")
    return page.reading


def _windows(lines: Sequence[Found]) -> Any:
    """Return lines as windows see them, each with a row below for each class, dark where it is likely: a PIL image."""
    from PIL import Image, ImageDraw, ImageFont

    tall, margin = 5, 12
    strips = [strip_of(line.band)[0] for line in lines]
    width = margin + max(max(s.shape[1], STEP * len(line.seen.shares)) for s, line in zip(strips, lines, strict=True))
    names = [*"0123456789", "none"]
    height = WINDOW + tall * len(names) + 8
    sheet = np.zeros((height * len(lines), width), np.uint8)
    for number, (whole, line) in enumerate(zip(strips, lines, strict=True)):
        strip = whole[:, WINDOW // 2 :]
        shares = np.kron((255 * line.seen.shares.T).astype(np.uint8), np.ones((tall, STEP), np.uint8))
        for top, part in ((0, strip), (WINDOW, shares)):
            sheet[height * number + top :][: len(part), margin : margin + part.shape[1]] = part
    large = max(1, min(4, int((MOST_PIXELS / sheet.size) ** 0.5)))
    image = Image.fromarray(255 - sheet).resize((large * width, large * len(sheet)), 0)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    for top in range(0, len(sheet), height):
        for row, name in enumerate(names):
            pen.text((2, large * (top + WINDOW + tall * row)), name, fill=0, font=font)
    return image


def _coloured(shape: tuple[int, ...], lines: Sequence[tuple[Band, NDArray[np.integer[Any]]]]) -> Any:
    """Return white paper with each line's labels in colours, 0 in none: a PIL image."""
    from PIL import Image

    palette = np.random.default_rng(0).integers(30, 210, (256, 3)).astype(np.uint8)
    page = np.full((*shape, 3), 255, np.uint8)
    for band, labels in lines:
        rows, columns = labels.shape
        there = page[band.top : band.top + rows, band.left : band.left + columns]
        there[labels > 0] = palette[labels[labels > 0] % len(palette)]
    return Image.fromarray(page)
