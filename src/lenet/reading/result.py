"""What was read from a picture: lines of digits, the confidence of each, and whether the reading is accepted."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.html import table
from lenet.image.measure import Box, box_of
from lenet.reading.value import value_of
from lenet.synthesis.signs import SIGNS

VERSION = 1
"""Of what `Reading.to_dict` returns: see docs/reading.schema.json."""


@dataclass(frozen=True)
class Digit:
    """One digit.

    Attributes
    ----------
    label : int
        0 to 9.
    confidence : float
        The network's probability of the label, 0 to 1.
    box : (int, int, int, int)
        Left, top, width and height in pixels of the picture.
    alternatives : tuple of (int, float)
        The other labels with their probabilities, the likeliest first.
    """

    label: int
    confidence: float
    box: Box
    alternatives: tuple[tuple[int, float], ...] = ()

    @staticmethod
    def of(probabilities: NDArray[np.floating[Any]], box: Box, label: int | None = None) -> Digit:
        """Return a digit from the probabilities of the ten labels; by default it is the likeliest label."""
        order = np.argsort(-probabilities, kind="stable")
        chosen = int(order[0]) if label is None else label
        others = tuple((int(other), float(probabilities[other])) for other in order if other != chosen)
        return Digit(chosen, float(probabilities[chosen]), box, others)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and strings."""
        return {
            "label": self.label,
            "confidence": self.confidence,
            "box": list(self.box),
            "alternatives": [list(alternative) for alternative in self.alternatives],
        }


@dataclass(frozen=True)
class Mark:
    """What is no digit: a sign, a letter, a speck.

    Attributes
    ----------
    label : str
        The sign, such as ``+`` or ``%``, or a letter that resembles a digit, such as ``O``; empty for anything else.
    confidence : float
        The probability of the label, 0 to 1.
    box : (int, int, int, int)
        Left, top, width and height in pixels of the picture.
    """

    label: str
    confidence: float
    box: Box

    @property
    def is_sign(self) -> bool:
        """Whether it is a sign that belongs to a number, and no letter or speck."""
        return self.label in SIGNS

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and strings."""
        return {"label": self.label, "confidence": self.confidence, "box": list(self.box)}


@dataclass(frozen=True)
class Line:
    """A line of digits, from left to right.

    Attributes
    ----------
    digits : tuple of Digit
    confidence : float
        The probability that the line is this number, 0 to 1.
    alternatives : tuple of (str, float)
        Other numbers, each with its confidence, the likeliest first.
    marks : tuple of Mark
        What is no digit, from left to right: points, commas, dashes, currency marks, letters.
    accepted : bool or None
        Whether the confidence reaches the rejection threshold; None where none was asked for.
    full_text : str
        The digits and signs along the line, with a blank where letters or a wide gap are between them; by default the
        digits.
    complete : bool
        Whether the full text has all that stands among the digits: no mark there is without a name, no sign uncertain.
    reason : str
        Why it is not accepted: ``ambiguous``, ``not_a_digit``, ``crossed_out``, ``orientation`` (another turn is as
        likely), ``border`` (the picture cuts off a digit); empty if it is, or where no threshold was asked for.
    """

    digits: tuple[Digit, ...]
    confidence: float = 1.0
    alternatives: tuple[tuple[str, float], ...] = ()
    marks: tuple[Mark, ...] = ()
    accepted: bool | None = None
    reason: str = ""
    full_text: str = ""
    complete: bool = True

    def __post_init__(self) -> None:
        """Take the digits for the full text where none is given."""
        if not self.full_text:
            object.__setattr__(self, "full_text", self.text)

    @property
    def text(self) -> str:
        """The digits from left to right."""
        return "".join(str(digit.label) for digit in self.digits)

    @property
    def value(self) -> Decimal | None:
        """The number that the line is, with its sign, decimals and percent.

        None where it is none, or could be two, or where what stands among the digits is not known.
        """
        return value_of(self.full_text) if self.complete else None

    @property
    def value_text(self) -> str | None:
        """The value as text, without an exponent: ``-12.50``; None where there is none."""
        return None if self.value is None else format(self.value, "f")

    @property
    def box(self) -> Box:
        """Left, top, width and height of all digits, in pixels of the picture; zeros if there are none."""
        return box_of([digit.box for digit in self.digits])

    def __str__(self) -> str:
        """Return the digits."""
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and strings."""
        return {
            "text": self.text,
            "full_text": self.full_text,
            "value": self.value_text,
            "confidence": self.confidence,
            "accepted": self.accepted,
            "reason": self.reason,
            "alternatives": [list(alternative) for alternative in self.alternatives],
            "marks": [mark.to_dict() for mark in self.marks],
            "digits": [digit.to_dict() for digit in self.digits],
        }


@dataclass(frozen=True)
class FormCell:
    """A cell of a form or a table.

    Attributes
    ----------
    row, column : int
        Counted from 0.
    status : str
        ``read``, ``empty``, or ``unread`` where there is ink but no digit.
    box : (int, int, int, int)
        Left, top, width and height in pixels of the picture.
    line : Line or None
        What was read.
    """

    row: int
    column: int
    status: str
    box: Box
    line: Line | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and strings."""
        return {
            "row": self.row,
            "column": self.column,
            "status": self.status,
            "box": list(self.box),
            "line": None if self.line is None else self.line.to_dict(),
        }


@dataclass(frozen=True, repr=False)
class Reading:
    """What was read from a picture; ``str(reading)`` is the digits, a line of them per line.

    Attributes
    ----------
    lines : tuple of Line
        From top to bottom; empty if the picture is.
    accepted : bool or None
        Whether all lines are accepted, and there are any; None where no rejection threshold was asked for.
    reason : str
        Why it is not accepted, as a line's, or ``unread`` (ink in a cell of a form that is no digit); or ``empty`` or
        ``not_a_digit`` where there are no digits; empty otherwise.
    cells : tuple of FormCell
        Of a grid, row by row; the lines are then those of its rows.
    turn : int
        By how many degrees the picture was turned counter-clockwise to be read: 0, 90, 180 or 270.
    """

    lines: tuple[Line, ...]
    accepted: bool | None
    reason: str = ""
    cells: tuple[FormCell, ...] = ()
    turn: int = 0

    @staticmethod
    def of(lines: Iterable[Line]) -> Reading:
        """Return the reading of some lines, which is accepted if all of them are."""
        lines = tuple(lines)
        verdicts = [line.accepted for line in lines]
        reasons = [line.reason for line in lines if line.reason]
        return Reading(lines, None if None in verdicts else all(verdicts), reasons[0] if reasons else "")

    @property
    def text(self) -> str:
        """The digits, a line of text for each line."""
        return "\n".join(line.text for line in self.lines)

    @property
    def full_text(self) -> str:
        """The digits and signs, a line of text for each line."""
        return "\n".join(line.full_text for line in self.lines)

    def __str__(self) -> str:
        """Return the digits."""
        return self.text

    def __repr__(self) -> str:
        """One line: the digits, the confidence, and whether it is accepted."""
        return f"<Reading {self.text!r}, confidence {self.confidence:.4f}{', ' * bool(self.verdict)}{self.verdict}>"

    def _repr_html_(self) -> str:
        rows = [
            [number, line.text, line.confidence, ", ".join(f"{text} {p:.3g}" for text, p in line.alternatives)]
            for number, line in enumerate(self.lines, 1)
        ]
        columns = ["line", "digits", "confidence", "alternatives"]
        return table(columns, rows, caption=self.verdict)

    @property
    def verdict(self) -> str:
        """In words: ``accepted``, why not, or nothing where no rejection threshold was asked for."""
        return self.reason or ("accepted" if self.accepted else "")

    @property
    def confidence(self) -> float:
        """The product of the lines' confidences, 0 to 1; 0 if there are none."""
        return math.prod(line.confidence for line in self.lines) if self.lines else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and strings."""
        return {
            "version": VERSION,
            "text": self.text,
            "full_text": self.full_text,
            "confidence": self.confidence,
            "accepted": self.accepted,
            "reason": self.reason,
            "turn": self.turn,
            "lines": [line.to_dict() for line in self.lines],
            "cells": [cell.to_dict() for cell in self.cells],
        }

    def to_csv(self) -> str:
        """Return a table with a header and a row for each digit: line, place, label, confidence and box."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("line", "place", "label", "confidence", "left", "top", "width", "height"))
        for number, line in enumerate(self.lines, 1):
            for place, digit in enumerate(line.digits, 1):
                table.writerow((number, place, digit.label, f"{digit.confidence:.6f}", *digit.box))
        return text.getvalue()
