"""What was read from a picture: lines of digits, how sure each is, and whether it is accepted."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the picture."""


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


@dataclass(frozen=True)
class Line:
    """A line of digits, from left to right.

    Attributes
    ----------
    digits : tuple of Digit
    confidence : float
        That the line is this number and no other, 0 to 1.
    alternatives : tuple of (str, float)
        Other numbers that it may be, with their confidence, the likeliest first.
    marks : tuple of boxes
        Where there is something that is no digit: points, commas, dashes, currency marks.
    """

    digits: tuple[Digit, ...]
    confidence: float = 1.0
    alternatives: tuple[tuple[str, float], ...] = ()
    marks: tuple[Box, ...] = ()

    def __str__(self) -> str:
        """Return the digits."""
        return "".join(str(digit.label) for digit in self.digits)


@dataclass(frozen=True)
class Reading:
    """What was read from a picture; ``str(reading)`` is the digits, a line of them per line.

    Attributes
    ----------
    lines : tuple of Line
        From top to bottom; empty if the picture is.
    accepted : bool
        Whether to rely on it.
    reason : str
        Why it is not accepted: ``empty``, ``ambiguous``, ``not_a_digit``; or nothing.
    """

    lines: tuple[Line, ...]
    accepted: bool
    reason: str = ""

    def __str__(self) -> str:
        """Return the digits."""
        return "\n".join(map(str, self.lines))

    @property
    def confidence(self) -> float:
        """The product of the lines' confidences, 0 to 1; 0 if there are none."""
        result = 1.0 if self.lines else 0.0
        for line in self.lines:
            result *= line.confidence
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and strings."""
        return {
            "text": str(self),
            "confidence": self.confidence,
            "accepted": self.accepted,
            "reason": self.reason,
            "lines": [
                {
                    "text": str(line),
                    "confidence": line.confidence,
                    "alternatives": [[text, share] for text, share in line.alternatives],
                    "marks": [list(box) for box in line.marks],
                    "digits": [
                        {
                            "label": digit.label,
                            "confidence": digit.confidence,
                            "box": list(digit.box),
                            "alternatives": [[label, share] for label, share in digit.alternatives],
                        }
                        for digit in line.digits
                    ],
                }
                for line in self.lines
            ],
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
