"""Papers, fields and strings whose digits are known, for the tests of reading and of made images."""

import cv2
import numpy as np

from lenet.data.fields import Field
from lenet.reading.page.lines import InkLine

BARS = [((x, 10), (x, 45)) for x in (30, 70, 110)]
"""Three upright strokes, side by side."""


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


def generator(seed=0):
    """Return the random generator that the makers of images use."""
    return np.random.Generator(np.random.Philox(key=seed))
