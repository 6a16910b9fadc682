"""Draw the sample pictures of this directory: digits and numbers as a pen might write them, some hard to read.

    python examples/draw.py [DIRECTORY]

Every stroke is a curve through a few points, drawn with a round pen whose width varies a little along the way.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

STROKES = {
    # Points (x, y) in a box of 1 by 1, y downwards; each list is one stroke of the pen.
    "0": [[(0.55, 0.08), (0.25, 0.3), (0.22, 0.7), (0.5, 0.94), (0.78, 0.65), (0.75, 0.28), (0.5, 0.07)]],
    "1": [[(0.36, 0.26), (0.55, 0.08), (0.52, 0.5), (0.5, 0.94)]],
    "2": [
        [(0.25, 0.28), (0.45, 0.08), (0.72, 0.25), (0.6, 0.55), (0.22, 0.92)],
        [(0.22, 0.92), (0.5, 0.88), (0.8, 0.93)],
    ],
    "3": [
        [(0.28, 0.15), (0.55, 0.07), (0.72, 0.25), (0.45, 0.45)],
        [(0.45, 0.45), (0.76, 0.62), (0.62, 0.9), (0.25, 0.88)],
    ],
    "4": [[(0.4, 0.08), (0.32, 0.3), (0.22, 0.58), (0.5, 0.6), (0.82, 0.57)], [(0.66, 0.3), (0.63, 0.6), (0.6, 0.95)]],
    "5": [[(0.72, 0.1), (0.34, 0.1), (0.3, 0.45), (0.55, 0.4), (0.75, 0.65), (0.55, 0.92), (0.24, 0.85)]],
    "6": [[(0.62, 0.06), (0.35, 0.35), (0.26, 0.7), (0.48, 0.94), (0.72, 0.75), (0.55, 0.55), (0.3, 0.68)]],
    "7": [[(0.2, 0.14), (0.5, 0.12), (0.8, 0.1), (0.62, 0.45), (0.42, 0.94)]],
    "8": [
        [
            (0.68, 0.2),
            (0.45, 0.07),
            (0.32, 0.25),
            (0.52, 0.46),
            (0.72, 0.7),
            (0.5, 0.94),
            (0.27, 0.74),
            (0.5, 0.48),
            (0.7, 0.22),
        ]
    ],
    "9": [[(0.72, 0.25), (0.48, 0.08), (0.27, 0.3), (0.46, 0.5), (0.72, 0.28), (0.68, 0.6), (0.58, 0.95)]],
    ".": [[(0.2, 0.9), (0.25, 0.96)]],
    ",": [[(0.16, 0.88), (0.15, 0.95), (0.06, 1.08)]],
    "-": [[(0.1, 0.55), (0.6, 0.53)]],
    " ": [],
}
WIDTHS = {".": 0.4, ",": 0.3, "-": 0.7, " ": 0.5}
"""How far the pen moves to the right after a mark, in heights of a digit; after a digit, by the advance asked for."""


def curve(points, steps=80):
    """Return a smooth curve through points (Catmull and Rom)."""
    p = np.array([points[0], *points, points[-1]], float)
    out = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        t = np.linspace(0, 1, steps)[:, None]
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(out)


def paper_of(size, paper, random):
    """Return slightly uneven paper, (height, width, 3)."""
    width, height = size
    light = np.linspace(1.0, 0.9, width)[None, :] * np.linspace(1.0, 0.95, height)[:, None]
    grain = random.normal(0, 2, (height, width))
    return np.clip(light[..., None] * np.array(paper) + grain[..., None], 0, 255)


def stroke(draw, points, pen, place, random):
    """Draw one stroke with a round pen of `pen` pixels; `place` turns points of the unit box into pixels."""
    path = curve(np.array(points) + random.normal(0, 0.008, (len(points), 2)))
    widths = pen / 2 * (1 + 0.18 * np.sin(np.linspace(0, 5, len(path)) + random.uniform(0, 6)))
    for (x, y), r in zip(path, widths, strict=True):
        px, py = place(x, y)
        draw.ellipse((px - r, py - r, px + r, py + r), fill=235)


def inked(page, mask, ink):
    """Return the page with ink where the mask is."""
    size = (page.shape[1], page.shape[0])
    cover = np.asarray(mask.resize(size, Image.Resampling.LANCZOS), float)[..., None] / 255
    picture = page * (1 - cover) + np.array(ink) * cover
    return Image.fromarray(picture.round().astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))


def digit(label, size=(180, 240), pen=12, ink=(28, 38, 92), paper=(243, 239, 228), slant=0.06, seed=0):
    """Return a picture of one digit, drawn at three times the size and shrunk."""
    random = np.random.default_rng([seed, int(label)])
    scale, (width, height) = 3, size
    page = paper_of(size, paper, random)
    mask = Image.new("L", (width * scale, height * scale), 0)

    def place(x, y):
        return (0.12 + 0.76 * (x + slant * (0.5 - y))) * width * scale, (0.1 + 0.8 * y) * height * scale

    for points in STROKES[label]:
        stroke(ImageDraw.Draw(mask), points, pen * scale, place, random)
    return inked(page, mask, ink)


def numbers(lines, size, height, pen, advance=0.62, ink=(28, 38, 92), paper=(243, 239, 228), slant=0.1, rule=0, seed=0):
    """Return a picture of lines of text, digits `height` pixels tall, on paper ruled in a grey level (0: not ruled)."""
    random = np.random.default_rng([seed, 100])
    scale, space = 3, size[1] / len(lines)
    page = paper_of(size, paper, random)
    mask = Image.new("L", (size[0] * scale, size[1] * scale), 0)
    draw = ImageDraw.Draw(mask)
    for number, line in enumerate(lines):
        top, at = number * space + (space - height) / 2, 0.35 * height
        if rule:
            page[round(top + 1.15 * height)] = rule
        for character in line:
            tall, left = height * random.uniform(0.92, 1.06), at + random.normal(0, 0.02) * height

            def place(x, y, tall=tall, left=left, top=top):
                return (left + tall * (0.9 * x + slant * (1 - y))) * scale, (top + tall * y) * scale

            for points in STROKES[character]:
                stroke(draw, points, pen * scale, place, random)
            at += height * WIDTHS.get(character, advance + random.normal(0, 0.04))
    return inked(page, mask, ink)


def main(directory):
    for name in ("digits", "numbers"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    digits = directory / "digits"
    for label in "0123456789":
        digit(label).save(digits / f"{label}.png", optimize=True)
    chalk = digit("5", (150, 200), 14, ink=(240, 240, 235), paper=(38, 62, 48), seed=1)
    chalk.save(digits / "5-chalk.jpg", quality=85)
    digit("3", (90, 70), 6, ink=(90, 90, 90), paper=(200, 198, 190), seed=2).save(digits / "3-small.bmp")
    place = directory / "numbers"
    numbers(["24.709,-"], (420, 120), 64, 5, 0.8, rule=120).save(place / "24709.png", optimize=True)
    numbers(["38052"], (260, 110), 60, 6, 0.58, seed=3).save(place / "38052-touching.png", optimize=True)
    page = ["1998", "60 000", "3 1 4 1 5", "27182"]
    numbers(page, (520, 640), 70, 6, 0.85, ink=(40, 40, 40), seed=4).save(place / "page.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
