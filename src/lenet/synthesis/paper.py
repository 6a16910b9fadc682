"""Paper for composed strings, with ruled lines, and the uneven pressure of a pen."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def pressure(shape: tuple[int, ...], size: float, random: np.random.Generator) -> Floats:
    """Return the fraction of ink that a pen leaves, 0 to 1: its pressure is uneven, and in places it leaves none."""
    cell = size * random.uniform(0.1, 0.5)
    coarse = random.random((int(shape[0] / cell) + 2, int(shape[1] / cell) + 2), np.float32)
    uneven = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    most, firm = random.uniform(0.2, 0.9), random.uniform(0.3, 0.6)
    return np.asarray(np.clip(1 - most * (uneven - firm) / (1 - firm), 0, 1), np.float32)


def rule(ink: Floats, base: float, top: float, size: float, random: np.random.Generator) -> None:
    """Draw a ruled line under or through the string, sometimes one above it and a vertical one."""
    height, width = ink.shape
    level, pen = float(random.uniform(0.3, 1)), int(random.integers(1, 3))
    y = base + random.uniform(-0.05, 0.35) * size
    cv2.line(ink, (0, int(y)), (width, int(y + random.normal(0, 1.5))), level, pen, cv2.LINE_AA)
    if random.random() < 0.4:
        y = top - random.uniform(0, 0.4) * size
        cv2.line(ink, (0, int(y)), (width, int(y)), level, pen, cv2.LINE_AA)
    if random.random() < 0.3:
        x = int(random.uniform(0, 0.3) * size)
        cv2.line(ink, (x, 0), (x, height), level, pen, cv2.LINE_AA)


def paper(shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    """Return grey levels of paper, 0 to 255, in a light that changes evenly: plain, with printed waves, or grainy."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    slopes = random.uniform(-25, 25, 2)
    grey = random.uniform(150, 250) + slopes[0] * (x / shape[1] - 0.5) + slopes[1] * (y / shape[0] - 0.5)
    kind = random.random()
    if kind < 0.55:
        for _ in range(int(random.integers(1, 3))):
            angle = random.uniform(0, math.pi) if random.random() < 0.5 else math.pi / 2
            wave = random.uniform(0, 6) * np.sin(2 * math.pi * x / random.uniform(20, 90) + random.uniform(0, 6))
            phase = (x * math.cos(angle) + y * math.sin(angle) + wave) / random.uniform(3, 9)
            sharp = int(random.choice([1, 2, 4]))
            grey -= random.uniform(4, 28) * np.maximum(np.sin(2 * math.pi * phase), 0) ** sharp
    elif kind < 0.7:
        grey -= random.uniform(5, 30) * (random.random(shape) < 0.3)
    return grey.astype(np.float32)
