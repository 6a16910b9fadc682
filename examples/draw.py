"""Draw the sample pictures of this directory: digits as a pen might write them, and pictures that are hard to read.

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
}


def curve(points, steps=80):
    """A smooth curve through the points (Catmull and Rom)."""
    p = np.array([points[0], *points, points[-1]], float)
    out = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        t = np.linspace(0, 1, steps)[:, None]
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(out)


def digit(label, size=(180, 240), pen=12, ink=(28, 38, 92), paper=(243, 239, 228), slant=0.06, seed=0):
    """One digit on slightly uneven paper, drawn at three times the size and shrunk."""
    random = np.random.default_rng([seed, int(label)])
    scale, (width, height) = 3, size
    light = np.linspace(1.0, 0.9, width)[None, :] * np.linspace(1.0, 0.95, height)[:, None]
    grain = random.normal(0, 2, (height, width))
    page = np.clip(light[..., None] * np.array(paper) + grain[..., None], 0, 255)
    mask = Image.new("L", (width * scale, height * scale), 0)
    draw = ImageDraw.Draw(mask)
    for points in STROKES[label]:
        wobbled = np.array(points) + random.normal(0, 0.008, (len(points), 2))
        path = curve(wobbled)
        widths = pen * scale / 2 * (1 + 0.18 * np.sin(np.linspace(0, 5, len(path)) + random.uniform(0, 6)))
        for (x, y), r in zip(path, widths, strict=True):
            px, py = (0.12 + 0.76 * (x + slant * (0.5 - y))) * width * scale, (0.1 + 0.8 * y) * height * scale
            draw.ellipse((px - r, py - r, px + r, py + r), fill=235)
    cover = np.asarray(mask.resize(size, Image.Resampling.LANCZOS), float)[..., None] / 255
    picture = page * (1 - cover) + np.array(ink) * cover
    return Image.fromarray(picture.round().astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    for label in STROKES:
        digit(label).save(directory / f"{label}.png", optimize=True)
    chalk = digit("5", (150, 200), 14, ink=(240, 240, 235), paper=(38, 62, 48), seed=1)
    chalk.save(directory / "5-chalk.jpg", quality=85)
    digit("3", (90, 70), 6, ink=(90, 90, 90), paper=(200, 198, 190), seed=2).save(directory / "3-small.bmp")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "digits")
