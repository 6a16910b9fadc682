"""Papers, fields and strings whose digits are known, for the tests of reading and of made images."""

import cv2
import numpy as np

from lenet.data.fields import Field
from lenet.reading.page.lines import InkLine

BARS = [((x, 10), (x, 45)) for x in (30, 70, 110)]
"""Three upright strokes, side by side."""
SIGN_STROKES = {
    "−": [((-10, 0), (10, 0))],
    "+": [((-11, 0), (11, 0)), ((0, -11), (0, 11))],
    "×": [((-9, -9), (9, 9)), ((-9, 9), (9, -9))],
    "=": [((-11, -5), (11, -5)), ((-11, 6), (11, 6))],
    "/": [((-12, 26), (12, -26))],
    ".": [((0, 19), (1, 20))],
}
"""The lines of a sign beside digits of 56 pixels, relative to the middle of its place."""


def page(*strokes, size=(60, 200), paper=230, ink=40, pen=4):
    """Return paper, grey levels, with strokes, each from one point (x, y) to another."""
    grey = np.full(size, paper, np.uint8)
    for start, end in strokes:
        cv2.line(grey, start, end, ink, pen)
    return grey


def ink_line(strokes, height=40.0, pen=4.0):
    """Return the line of a mask of strokes, with its components."""
    count, labels = cv2.connectedComponents(strokes.astype(np.uint8), connectivity=8)
    assert count > 1
    return InkLine(0, 0, (strokes * 255).astype(np.uint8), labels.astype(np.int32), height, len(strokes) / 2, pen)


def field(name="a.png"):
    """Return a field: paper with a 1, a 0 and a dot, and boxes of the digits."""
    grey = np.full((50, 120), 220, np.uint8)
    cv2.line(grey, (20, 10), (20, 40), 40, 4)
    cv2.ellipse(grey, (60, 25), (10, 15), 0, 0, 360, 40, 4)
    cv2.circle(grey, (90, 38), 2, 40, -1)
    return Field(name, grey, ((1, 18, 8, 5, 35), (0, 48, 8, 25, 35)))


def bars(count=3):
    """Return `count` samples of each "digit": upright bars, each as wide as its number says."""
    return [[np.full((20, 3 + digit), 255, np.uint8)] * count for digit in range(10)]


def written(text, images, labels):
    """Return paper, grey levels, with a text of digits, samples of `images` (n, 28, 28), and of signs, drawn."""
    size, step, top = 56, 52, 20
    grey = np.full((96, step * len(text) + 60), 240, np.uint8)
    samples = iter(range(len(labels)))
    for at, character in enumerate(text):
        left = 26 + step * at
        if character.isdecimal():
            sample = images[next(n for n in samples if labels[n] == int(character))]
            ink = cv2.resize(240 - (sample * 0.8).astype(np.uint8), (size, size))
            place = grey[top : top + size, left : left + size]
            np.minimum(place, ink, out=place)
            continue
        x, y = left + size // 2, top + size // 2
        for (x0, y0), (x1, y1) in SIGN_STROKES[character]:
            cv2.line(grey, (x + x0, y + y0), (x + x1, y + y1), 50, 4, cv2.LINE_AA)
    return grey


def generator(seed=0):
    """Return the random generator that the makers of images use."""
    return np.random.Generator(np.random.Philox(key=seed))
