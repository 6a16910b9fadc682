"""Lines of writing in a picture's ink: which strokes form a line, and how tall its digits are.

Ruled lines and frames are removed first: runs that are longer than any stroke of a digit, except where strokes cross
them. The rest is split into connected components. Components as tall as digits that overlap in height and are close to
each other form a line; smaller ones belong to the line whose band they lie in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.image.measure import AREA, HEIGHT, LEFT, STROKE_LEVEL, TOP, WIDTH, components
from lenet.reading.page.ink import Bytes, Ink

MAX_COMPONENTS = 2000
"""Of more components as tall as digits, only the largest are used."""

MIN_DIGIT_PX = 6
"""Components of less height are no digits."""

LONG_RULE_PENS, LONG_UPRIGHT_PENS = 30, 40
"""Level and upright runs longer than this, in widths of a stroke, are rules whatever the height of digits."""
MIN_CROSSED_RULES, MIN_CROSSING, MAX_SQUARE_RATIO = 3, 0.9, 1.5
"""On squared paper so are upright ones over this fraction of the way from the first to the last level one. It has at
least so many of each, and their distances differ by at most this factor."""

COLUMN_GAP, MIN_COLUMN_ROWS = 4.5, 2
"""Columns are at least so many heights of a digit apart, over at least so many rows."""
MIN_CROSSED, MAX_BEYOND, MAX_OFF_MIDDLE = 0.5, 1.0, 0.3
"""A stroke that crosses out a line is at least this fraction of its length, ends at most so many heights beyond it, and
is at most this far from its middle, in heights."""
MIN_ROW_OVERLAP = 0.5
"""Groups of a row overlap in height by this fraction of a digit's height."""

Numbers = NDArray[np.intp]
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class InkLine:
    """A line of writing in a picture's ink.

    Attributes
    ----------
    left, top : int
        The corner of the line's rectangle in the picture's ink.
    ink : uint8 (height, width)
        The ink in that rectangle, 0 = paper and 255 = ink, whatever it belongs to.
    components : int32 (height, width)
        The line's strokes, each component with a number counted from 1; 0 elsewhere.
    height : float
        The height of a digit in pixels.
    middle : float
        The row in which digits have their middle.
    pen : float
        The width of strokes in pixels.
    crossed_out : bool
        Whether a stroke goes through the whole line.
    """

    left: int
    top: int
    ink: Bytes
    components: NDArray[np.int32]
    height: float
    middle: float
    pen: float
    crossed_out: bool = False


def find_lines(ink: Ink, *, single: bool = False) -> list[InkLine]:
    """Return the lines of writing from top to bottom; with `single`, all strokes form one line."""
    strokes = (ink.image >= STROKE_LEVEL).astype(np.uint8)
    if not strokes.any():
        return []
    all_strokes = strokes
    level = _rules(strokes, LONG_RULE_PENS * ink.pen, axis=1)
    upright = _rules(strokes, _min_upright_rule(strokes, level, ink.pen), axis=0)
    strokes = _without(strokes, ink.pen, level, upright)
    _, measures = components(strokes)
    tall = digit_height(measures[_plausible(measures, ink)], 0.75)
    _, rules = components(_rules(all_strokes, 2.2 * tall, axis=1).astype(np.uint8))
    strokes = without_rules(strokes, ink.pen, 2.2 * tall, 1.6 * tall)
    labels, measures = components(strokes)
    chosen = np.flatnonzero(_plausible(measures, ink))
    chosen = chosen[np.argsort(-measures[chosen, AREA], kind="stable")[:MAX_COMPONENTS]]
    if not len(chosen):
        return []
    groups = [chosen] if single else in_reading_order(_groups(measures, chosen), measures)
    # In a line, what is much smaller than its digits is a mark or a speck.
    groups = [group[measures[group, HEIGHT] >= 0.4 * digit_height(measures[group])] for group in groups]
    heights = [digit_height(measures[group]) for group in groups]
    near = measures[:, AREA] >= 0.012 * min(heights) ** 2
    lines = [_line_of(ink, labels, measures, np.flatnonzero(near), group) for group in groups]
    return [replace(line, crossed_out=_is_crossed_out(line, rules)) for line in lines]


def _min_upright_rule(strokes: Mask, level_rules: NDArray[np.bool_], pen: float) -> float:
    """Return the least length of upright rules in pixels; less on squared paper, where they cross level ones.

    Its level rules are one above the other, and its upright ones about as far apart.
    """
    always = LONG_UPRIGHT_PENS * pen
    level = _places_of_rules(level_rules, LONG_RULE_PENS * pen, axis=1)
    if len(level) < MIN_CROSSED_RULES:
        return always
    least = MIN_CROSSING * float(level[-1] - level[0])
    upright = _places_of_rules(_rules(strokes, least, axis=0), least, axis=0)
    if len(upright) < MIN_CROSSED_RULES:
        return always
    spacings = sorted(float(np.median(np.diff(places))) for places in (level, upright))
    return min(always, least) if spacings[1] <= MAX_SQUARE_RATIO * spacings[0] else always


def _places_of_rules(rules: NDArray[np.bool_], min_length: float, axis: int) -> NDArray[np.intp]:
    """Return where rules along an axis are across it, in order; none unless all have a common part along it."""
    _, measures = components(rules.astype(np.uint8))
    along, sides, across = (LEFT, WIDTH, TOP) if axis == 1 else (TOP, HEIGHT, LEFT)
    first, last = measures[1:, along], measures[1:, along] + measures[1:, sides]
    if not len(first) or last.min() - first.max() < 0.5 * min_length:
        return np.zeros(0, np.intp)
    return np.unique(measures[1:, across])


def _is_crossed_out(line: InkLine, rules: Numbers) -> bool:
    """Return whether a rule goes through the middle of a line's strokes, and ends where they end."""
    columns = np.flatnonzero(line.components.any(axis=0)) + line.left
    reach = MAX_BEYOND * line.height
    left, top, width, height, _ = rules.T
    through = np.abs(top + height / 2 - line.top - line.middle) < MAX_OFF_MIDDLE * line.height
    within = (left > columns[0] - reach) & (left + width < columns[-1] + reach)
    return bool((through & within & (width > MIN_CROSSED * (columns[-1] - columns[0]))).any())


def count_of_components(ink: Ink) -> int:
    """Return how many components may be digits or touching digits."""
    _, measures = components((ink.image >= STROKE_LEVEL).astype(np.uint8))
    return int(_plausible(measures, ink).sum())


def without_rules(strokes: Mask, pen: float, min_horizontal_px: float, min_vertical_px: float) -> Mask:
    """Return strokes (height, width) without ruled lines of at least these lengths, except where others cross them."""
    return _without(strokes, pen, _rules(strokes, min_horizontal_px, axis=1), _rules(strokes, min_vertical_px, axis=0))


def _without(strokes: Mask, pen: float, level: NDArray[np.bool_], upright: NDArray[np.bool_]) -> Mask:
    """Return strokes without level and upright rules, except where others cross them."""
    rest = strokes.copy()
    for axis, rules in ((1, level), (0, upright)):
        if rules.any():
            crossing = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, _bar(1, round(1.5 * pen) + 2, axis)) > 0
            rest[rules & ~crossing] = 0
    return rest


def _rules(strokes: Mask, min_length: float, axis: int) -> NDArray[np.bool_]:
    """Return the ruled lines along an axis, 1 for level ones, and what lies right beside them."""
    length = int(min_length)
    if strokes.shape[axis] <= length or length < 3:
        return np.zeros(strokes.shape, bool)
    # A rule may have gaps of a few pixels, and be a little askew.
    whole = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, _bar(5, 1, axis)) if axis == 1 else strokes
    runs = cv2.morphologyEx(whole, cv2.MORPH_OPEN, _bar(length, 1, axis))
    return np.asarray(cv2.dilate(runs, _bar(1, 3, axis)) > 0)


def _bar(along: int, beside: int, axis: int) -> Mask:
    return np.ones((beside, along) if axis == 1 else (along, beside), np.uint8)


def _plausible(measures: Numbers, ink: Ink) -> NDArray[np.bool_]:
    """Return which components may be digits or touching digits: not specks, bars or frames."""
    width, height, area = measures[:, WIDTH], measures[:, HEIGHT], measures[:, AREA]
    tall = (height >= max(MIN_DIGIT_PX, 2.5 * ink.pen)) & (area >= 10)
    likely = tall & (width < 8 * height) & (area > 0.03 * width * height)
    return likely if likely.any() else tall


def digit_height(measures: Numbers, fraction: float = 0.5) -> float:
    """Return the height of digits: the median (or another quantile) of components' heights, weighted by width."""
    height = measures[:, HEIGHT].astype(np.float64)
    weight = np.minimum(measures[:, WIDTH], 2 * height) + 3.0
    return quantile(height, weight, fraction) if len(height) else float(MIN_DIGIT_PX)


def quantile(values: NDArray[np.floating[Any]], weights: NDArray[np.floating[Any]], fraction: float = 0.5) -> float:
    """Return the weighted quantile: the value at which this fraction of the weight is reached."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, fraction * cumulative[-1])])


def _groups(measures: Numbers, chosen: Numbers) -> list[Numbers]:
    """Return components in groups: overlapping by two fifths of a height, at most three heights apart."""
    left, top = measures[chosen, LEFT], measures[chosen, TOP]
    right, bottom = left + measures[chosen, WIDTH], top + measures[chosen, HEIGHT]
    height = measures[chosen, HEIGHT]
    parent = np.arange(len(chosen))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = int(parent[one])
        return one

    for one in range(len(chosen)):
        shared = np.minimum(bottom[one], bottom) - np.maximum(top[one], top)
        apart = np.maximum(left[one], left) - np.minimum(right[one], right)
        tallest = np.maximum(height[one], height)
        for other in np.flatnonzero((shared >= 0.4 * np.minimum(height[one], height)) & (apart <= 3 * tallest)):
            parent[root(int(other))] = root(one)
    roots = np.array([root(one) for one in range(len(chosen))])
    return [chosen[roots == number] for number in np.unique(roots)]


def in_reading_order(groups: Sequence[Numbers], measures: Numbers) -> list[Numbers]:
    """Return lines of components in the order in which they are read, those of a row joined.

    Columns that are far apart over several rows are read one after the other; in a column, rows from top to bottom, and
    in a row, groups from left to right. Groups of a row are one line unless they are far apart.
    """
    boxes = np.array([_extent(measures[group]) for group in groups], float).reshape(-1, 5)
    left, right, tall = boxes[:, 0], boxes[:, 1], float(np.median(boxes[:, 4])) if len(boxes) else 0.0
    rows = _rows(boxes)
    column = np.zeros(len(groups), int)
    order = np.argsort(left, kind="stable")
    reach = -math.inf
    for before, number in enumerate(order):
        if before and left[number] - reach >= COLUMN_GAP * tall:
            both = set(rows[order[:before]]) & set(rows[order[before:]])
            column[order[before:]] += len(both) >= MIN_COLUMN_ROWS
        reach = max(reach, right[number])
    lines: list[Numbers] = []
    for of_column in range(int(column.max(initial=-1)) + 1):
        members = np.flatnonzero(column == of_column)
        tops = {row: boxes[members[rows[members] == row], 2].min() for row in set(rows[members])}
        for row in sorted(tops, key=tops.__getitem__):
            in_row = sorted(members[rows[members] == row], key=lambda number: float(left[number]))
            most = COLUMN_GAP * tall if len(tops) > 1 else math.inf
            for before, number in zip([None, *in_row], in_row, strict=False):
                if before is not None and left[number] - right[before] <= most:
                    lines[-1] = np.concatenate([lines[-1], groups[number]])
                else:
                    lines.append(groups[number])
    return lines


def _extent(measures: Numbers) -> tuple[float, float, float, float, float]:
    """Return the left, right, top and bottom of components, and the height of digits among them."""
    left, top, width, height, _ = measures.T
    return left.min(), (left + width).max(), top.min(), (top + height).max(), digit_height(measures)


def _rows(boxes: NDArray[np.floating[Any]]) -> Numbers:
    """Return the row of each extent: those overlap in height by half of a digit's height."""
    rows = np.arange(len(boxes))
    for one in range(len(boxes)):
        for other in range(one):
            shared = min(boxes[one, 3], boxes[other, 3]) - max(boxes[one, 2], boxes[other, 2])
            if shared >= MIN_ROW_OVERLAP * min(boxes[one, 4], boxes[other, 4]):
                rows[rows == rows[one]] = rows[other]
    return rows


def _line_of(ink: Ink, labels: NDArray[np.int32], measures: Numbers, others: Numbers, members: Numbers) -> InkLine:
    """Return the line of the `members`, with those smaller components of the `others` that lie in its rectangle."""
    left, top, width, height, _ = measures[members].T
    tall = digit_height(measures[members])
    middle = quantile(top + height / 2, width + 3.0)
    upper, lower = min(top.min(), middle - 0.7 * tall), max((top + height).max(), middle + 0.7 * tall)
    rows = slice(max(0, int(upper)), min(ink.image.shape[0], int(lower) + 1))
    beside = 1.5 * tall
    columns = slice(max(0, int(left.min() - beside)), min(ink.image.shape[1], int((left + width).max() + beside)))
    x, y = (measures[others, at] + measures[others, size] / 2 for at, size in ((LEFT, WIDTH), (TOP, HEIGHT)))
    inside = (x >= columns.start) & (x < columns.stop) & (y >= rows.start) & (y < rows.stop)
    small = (measures[others, AREA] >= 0.012 * tall * tall) & (measures[others, HEIGHT] <= 0.6 * tall)
    kept = np.zeros(len(measures), np.int32)
    for numbers in (members, others[small & inside]):
        kept[numbers] = numbers
    return InkLine(
        columns.start,
        rows.start,
        ink.image[rows, columns],
        kept[labels[rows, columns]],
        tall,
        middle - rows.start,
        ink.pen,
    )


def scaled_line(line: InkLine, digit_px: float, side: int) -> tuple[Bytes, float]:
    """Return a line scaled to digits of a height, uint8 (side, scaled width + `side` + 1), and the scale.

    The middle of its digits is the middle row. Column x of the line is column `side` / 2 + scale x of the result.
    """
    scale = digit_px / line.height
    ink = line.ink
    if scale < 0.9:  # against aliasing
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.4 / scale), np.uint8)
    size = (round(ink.shape[1] * scale) + side + 1, side)
    shift = [side / 2 + (scale - 1) / 2, side / 2 - line.middle * scale + (scale - 1) / 2]
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    return np.asarray(cv2.warpAffine(ink, matrix, size, flags=cv2.INTER_LINEAR), np.uint8), scale
