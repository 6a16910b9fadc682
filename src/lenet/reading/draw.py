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
from lenet.reading.reader import Reader
from lenet.reading.result import Reading

DIGIT, MARK = (20, 110, 220), (220, 130, 20)
"""Colours of boxes, red, green and blue."""


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


def explained(picture: Any, directory: Path, reader: Reader) -> Reading:
    """Read a picture, and write what each step made of it into a directory.

    ``1-picture.png``, its grey levels; ``2-ink.png``; ``3-lines.png`` and ``4-parts.png``, each line and part in a
    colour of its own; ``5-digits.png``, the digits as the network saw them; ``6-reading.png``, what was read.
    """
    from PIL import Image

    grey = decode(picture)
    (page,) = reader.pages([grey])
    directory.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(directory / "1-picture.png")
    Image.fromarray(255 - page.ink.image).save(directory / "2-ink.png")
    lines = [(line.band, (line.band.components > 0) * (number + 1)) for number, line in enumerate(page.lines)]
    _coloured(page.ink.image.shape, lines).save(directory / "3-lines.png")
    parts = [(line.band, line.parts.labels) for line in page.lines]
    _coloured(page.ink.image.shape, parts).save(directory / "4-parts.png")
    rows = [np.hstack(list(line.digits)) for line in page.lines if len(line.digits)]
    if rows:
        sheet = np.zeros((SIDE * len(rows), max(row.shape[1] for row in rows)), np.uint8)
        for number, row in enumerate(rows):
            sheet[SIDE * number : SIDE * (number + 1), : row.shape[1]] = row
        Image.fromarray(255 - sheet).resize((4 * sheet.shape[1], 4 * sheet.shape[0]), 0).save(
            directory / "5-digits.png"
        )
    boxes(grey, page.reading).save(directory / "6-reading.png")
    return page.reading


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
