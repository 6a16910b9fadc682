"""Strokes drawn with a pen: straight ones, and curves."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Point = Sequence[float] | NDArray[np.float64]
"""A point (x, y)."""


def draw_stroke(picture: NDArray[np.uint8], points: Sequence[Point] | NDArray[np.float64], pen_px: float) -> None:
    """Draw a stroke of full ink through points (x, y), in pixels, with a pen of that width."""
    path = np.round(np.array(points) * 8).astype(np.int32)
    cv2.polylines(picture, [path], False, 255, max(1, round(pen_px)), cv2.LINE_AA, 3)


def quadratic_curve(start: Point, control: Point, end: Point) -> list[tuple[float, float]]:
    """Return nine points (x, y) of a quadratic Bezier curve."""
    t = np.linspace(0, 1, 9)[:, None]
    a, b, c = map(np.asarray, (start, control, end))
    path = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
    return [(float(x), float(y)) for x, y in path]


def catmull_rom_curve(points: NDArray[np.float64], steps: int = 8) -> NDArray[np.float64]:
    """Return a smooth curve through points (n, 2), a Catmull-Rom spline of `steps` points a segment."""
    before, start, end, after = (np.pad(points, ((1, 1), (0, 0)), "edge")[k : k + len(points) - 1] for k in range(4))
    t = np.linspace(0, 1, steps)[:, None, None]
    start_tangent, end_tangent = (end - before) / 2, (after - start) / 2
    path = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * start_tangent
    path = path + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * end_tangent
    return np.asarray(path.transpose(1, 0, 2).reshape(-1, 2))
