"""Fields varied for training: a little sheared, rotated, scaled, in another light; and their digits cut out."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.data.fields import Field
from lenet.image.measure import STROKE_LEVEL
from lenet.synthesis.compose import OTHER, Composed

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def composed_field(field: Field) -> Composed:
    """Return a field with an owner for each pixel: the digit in whose box it lies, the nearer one of two boxes."""
    height, width = field.picture.shape
    owners, nearest = np.full((height, width), OTHER, np.int8), np.full((height, width), np.inf)
    rows, columns = np.mgrid[:height, :width]
    for number, (_, left, top, wide, tall) in enumerate(field.boxes, 1):
        inside = (columns >= left - 1) & (columns <= left + wide) & (rows >= top - 1) & (rows <= top + tall)
        across, down = (columns - left - wide / 2) / (wide / 2 + 1), (rows - top - tall / 2) / (tall / 2 + 1)
        distance = across**2 + 0.3 * down**2
        nearer = inside & (distance < nearest)
        owners[nearer], nearest[nearer] = number, distance[nearer]
    corners = tuple((left, top, left + wide, top + tall) for _, left, top, wide, tall in field.boxes)
    return Composed(field.picture, tuple(box[0] for box in field.boxes), owners, corners)


def varied_field(field: Composed, strokes: Mask, random: np.random.Generator) -> Composed:
    """Return a field a little sheared, rotated, squeezed and scaled, with other contrast and some noise.

    `strokes` are the pixels of its ink, bool (height, width).
    """
    height, width = field.picture.shape
    scale, aspect = math.exp(random.normal(0, 0.1)), math.exp(random.normal(0, 0.1))
    slant, turn = random.normal(0, 0.15), random.normal(0, 0.025)
    matrix = np.array([[scale * aspect, -scale * slant], [scale * turn, scale]])
    size = int(width * scale * aspect + abs(slant) * height), int(height * scale) + 4
    shift = np.array(size) / 2 - matrix @ np.array([width / 2, height / 2])
    whole = np.hstack([matrix, shift[:, None]]).astype(np.float32)
    grey = cv2.warpAffine(field.picture, whole, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    levels = (grey.astype(np.float32) - 128) * random.normal(1, 0.12) + 128 + random.normal(0, 8)
    levels += random.normal(0, random.uniform(0, 4), levels.shape)
    # Owners as unsigned bytes, since OpenCV does not transform signed ones.
    owners = cv2.warpAffine((field.owners - OTHER).astype(np.uint8), whole, size, flags=cv2.INTER_NEAREST)
    return Composed(
        np.clip(levels, 0, 255).astype(np.uint8),
        field.digits,
        owners.astype(np.int8) + OTHER,
        _moved_boxes(field, strokes, whole),
    )


def _moved_boxes(field: Composed, strokes: Mask, matrix: NDArray[np.float32]) -> tuple[tuple[int, int, int, int], ...]:
    """Return the boxes of a field's digits after its picture was transformed by an affine matrix (2, 3).

    A box is that of the digit's transformed strokes: the transformed box would be too wide.
    """
    boxes = []
    owned = strokes & (field.owners > 0)
    for number, corners in enumerate(field.boxes or (), 1):
        left, top, right, bottom = corners
        rows, columns = np.nonzero(owned[max(0, top) : bottom, max(0, left) : right])
        near = field.owners[max(0, top) : bottom, max(0, left) : right][rows, columns] == number
        points = np.stack([columns[near] + max(0, left), rows[near] + max(0, top)], axis=1).astype(np.float32)
        if not len(points):
            points = np.array([(left, top), (right, bottom)], np.float32)
        moved = cv2.transform(points[None], matrix)[0]
        low, high = moved.min(axis=0), moved.max(axis=0)
        boxes.append((round(low[0]), round(low[1]), round(high[0]) + 1, round(high[1]) + 1))
    return tuple(boxes)


def field_digits(field: Field, ink: Bytes) -> list[tuple[Bytes, int]]:
    """Return the ink of a field's digits, cut out, each with its label.

    `ink` is that of the field's picture, uint8 (height, width), 0 = paper and 255 = ink.
    """
    owners = composed_field(field).owners
    digits = []
    for number, (digit, left, top, wide, tall) in enumerate(field.boxes, 1):
        digit_ink = np.where((owners == number) & (ink >= STROKE_LEVEL // 2), ink, np.uint8(0))
        if digit_ink.any() and wide > 2 and tall > 7:
            digits.append((digit_ink[max(0, top - 1) : top + tall + 1, max(0, left - 1) : left + wide + 1], digit))
    return digits
