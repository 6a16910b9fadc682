"""What stands among digits and is none, drawn: points, commas, dashes, currency marks, letters, scribbles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LETTERS = "ACDEFHJKLMNPRUVWXYadefhkmnprtuvwxy"
"""Letters that look like no digit."""


def draw(picture: NDArray[np.uint8], points: Sequence[tuple[float, float]], pen: float) -> None:
    """Draw a stroke through points (x, y), in pixels, with a pen so many pixels wide."""
    import cv2

    path = np.round(np.array(points) * 8).astype(np.int32)
    cv2.polylines(picture, [path], False, 255, max(1, round(pen)), cv2.LINE_AA, 3)


Point = Sequence[float] | NDArray[np.float64]


def bow(start: Point, middle: Point, end: Point) -> list[tuple[float, float]]:
    """Return points (x, y) from one to another on a curve that is drawn towards a third (Bézier's of second degree)."""
    along = np.linspace(0, 1, 9)[:, None]
    a, b, c = map(np.asarray, (start, middle, end))
    path = (1 - along) ** 2 * a + 2 * along * (1 - along) * b + along**2 * c
    return [(float(x), float(y)) for x, y in path]


def drawn(strokes: Sequence[Sequence[tuple[float, float]]], size: float, pen: float) -> Floats:
    """Draw strokes in heights of a digit, from 0 at its top to 1 at its foot; from 0 to 1, a quarter below the foot."""
    picture = np.zeros((int(1.35 * size) + 2, int(1.6 * size) + 4), np.uint8)
    for stroke in strokes:
        draw(picture, [(2 + x * size, (0.1 + y) * size) for x, y in stroke], pen)
    return np.asarray(picture / np.float32(255), np.float32)


def letter(size: float, pen: float, random: np.random.Generator) -> Floats:
    """Print a letter; from 0 to 1, a quarter of the height below its foot."""
    import cv2

    picture = np.zeros((int(1.35 * size) + 2, int(1.6 * size) + 4), np.uint8)
    font, letter = int(random.integers(8)), LETTERS[int(random.integers(len(LETTERS)))]
    cv2.putText(picture, letter, (2, int(1.1 * size)), font, size / 22, 255, max(1, round(pen)), cv2.LINE_AA)
    return picture.astype(np.float32) / np.float32(255)


def strokes_of(kind: str, random: np.random.Generator) -> list[list[tuple[float, float]]]:
    """Return the strokes of a mark; ``~`` is a scribble, a letter of no script."""
    u = random.uniform
    if kind == ".":
        return [[(0.1, 0.97), (0.1 + u(0, 0.06), 0.97 + u(-0.04, 0.04))]]
    if kind == ",":
        return [[(0.2, 0.9), (0.2 - u(0, 0.15), 1.0 + u(0.05, 0.2))]]
    if kind == "/":
        return [[(u(0.4, 0.7), 0), (0, 1.05)]]
    if kind in "-=":
        y, length = u(0.4, 0.7), u(0.35, 0.8) if u(0, 1) < 0.7 else u(0.8, 1.4)
        # Level or, a quick stroke behind a number, rising.
        slope = u(-0.2, 0.2) if kind == "=" or u(0, 1) < 0.7 else u(-0.7, -0.2)
        first = [(0.0, y), (length, y + length * slope)]
        return [first] if kind == "-" else [first, [(x, b + u(0.16, 0.24)) for x, b in first]]
    if kind == "$":
        along = np.linspace(-0.5, 0.5, 14)
        curve = [(0.3 - 0.25 * math.sin(2.2 * math.pi * t), 0.5 + 0.85 * t) for t in along]
        return [curve, [(0.3, -0.05), (0.3, 1.05)]]
    if kind == "#":
        return [[(k + 0.12, 0.1), (k, 1.0)] for k in (0.2, 0.5)] + [[(0, k), (0.75, k)] for k in (0.38, 0.7)]
    if kind == "*":
        turns = [k * math.pi / 3 + 0.3 for k in range(3)]
        arms = [(0.25 * math.cos(a), 0.25 * math.sin(a)) for a in turns]
        return [[(0.3 - x, 0.5 - y), (0.3 + x, 0.5 + y)] for x, y in arms]
    at, strokes = random.uniform(0, 1, 2), []
    for _ in range(int(random.integers(2, 6))):
        middle, end = random.uniform(0, 1, (2, 2))
        strokes.append([(0.8 * x, y) for x, y in bow(at, middle, end)])
        at = end if random.random() < 0.6 else random.uniform(0, 1, 2)
    return strokes
