"""Marks among digits, drawn stroke by stroke: points, commas, dashes, currency marks, letters, scribbles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lenet.image.drawing import draw_stroke, quadratic_curve

Floats = NDArray[np.float32]


def drawn_mark(strokes: Sequence[Sequence[tuple[float, float]]], size: float, pen: float) -> Floats:
    """Return the ink of strokes, 0 to 1; the picture ends a quarter of a digit's height below the baseline.

    Strokes are points (x, y) in heights of a digit, y = 0 at its top and 1 at the baseline; `size` is that height in
    pixels.
    """
    picture = np.zeros((int(1.35 * size) + 2, int(1.6 * size) + 4), np.uint8)
    for stroke in strokes:
        draw_stroke(picture, [(2 + x * size, (0.1 + y) * size) for x, y in stroke], pen)
    return np.asarray(picture / np.float32(255), np.float32)


def mark_strokes(kind: str, random: np.random.Generator) -> list[list[tuple[float, float]]]:
    """Return the strokes of a mark, one of ``. , / - ^ = $ # * [ ]``; any other kind is a scribble of no script."""
    u = random.uniform
    if kind == ".":
        return [[(0.1, 0.97), (0.1 + u(0, 0.06), 0.97 + u(-0.04, 0.04))]]
    if kind == ",":
        return [[(0.2, 0.9), (0.2 - u(0, 0.15), 1.0 + u(0.05, 0.2))]]
    if kind == "/":
        return [[(u(0.4, 0.7), 0), (0, 1.05)]]
    if kind in "-^=":
        y, length = u(0.4, 0.7), u(0.35, 0.8) if u(0, 1) < 0.7 else u(0.8, 1.4)
        slope = u(-0.7, -0.2) if kind == "^" else u(-0.2, 0.2)  # ^ is a quick rising stroke after a number, no sign
        first = [(0.0, y), (length, y + length * slope)]
        return [first, [(x, b + u(0.16, 0.24)) for x, b in first]] if kind == "=" else [first]
    if kind == "$":
        along = np.linspace(-0.5, 0.5, 14)
        curve = [(0.3 - 0.25 * math.sin(2.2 * math.pi * t), 0.5 + 0.85 * t) for t in along]
        return [curve, [(0.3, -0.05), (0.3, 1.05)]]
    if kind == "#":
        return [[(k + 0.12, 0.1), (k, 1.0)] for k in (0.2, 0.5)] + [[(0, k), (0.75, k)] for k in (0.38, 0.7)]
    if kind in "[]":
        depth, top, foot = u(0.1, 0.25), u(-0.15, 0.0), u(1.0, 1.2)
        spine = 0.0 if kind == "[" else depth
        return [[(depth - spine, top), (spine, top), (spine, foot), (depth - spine, foot)]]
    if kind == "*":
        turns = [k * math.pi / 3 + 0.3 for k in range(3)]
        arms = [(0.25 * math.cos(a), 0.25 * math.sin(a)) for a in turns]
        return [[(0.3 - x, 0.5 - y), (0.3 + x, 0.5 + y)] for x, y in arms]
    at, strokes = random.uniform(0, 1, 2), []
    for _ in range(int(random.integers(2, 6))):
        middle, end = random.uniform(0, 1, (2, 2))
        strokes.append([(0.8 * x, y) for x, y in quadratic_curve(at, middle, end)])
        at = end if random.random() < 0.6 else random.uniform(0, 1, 2)
    return strokes
