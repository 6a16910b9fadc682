"""What was read from a picture: lines of digits, how sure each is, and whether it is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Box = tuple[int, int, int, int]


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
    """A line of digits, from left to right."""

    digits: tuple[Digit, ...]

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
        """The product of the digits' confidences, 0 to 1; 0 if there are none."""
        result = 1.0 if self.lines else 0.0
        for line in self.lines:
            for digit in line.digits:
                result *= digit.confidence
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and strings."""
        return {
            "text": str(self),
            "confidence": self.confidence,
            "accepted": self.accepted,
            "reason": self.reason,
            "lines": [
                [
                    {
                        "label": digit.label,
                        "confidence": digit.confidence,
                        "box": list(digit.box),
                        "alternatives": [[label, share] for label, share in digit.alternatives],
                    }
                    for digit in line.digits
                ]
                for line in self.lines
            ],
        }
