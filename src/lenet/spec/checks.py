"""What all data classes of a network or a training check about their numbers."""

from __future__ import annotations

MAX_NUMBER = 3.4e38
"""The engine's numbers are float32, which hold none that is larger."""


def require(condition: bool, message: str) -> None:
    """Raise ValueError with the message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def require_positive(what: str, value: float) -> None:
    """Raise ValueError naming what was given unless it is a finite number above 0."""
    require(is_number(value) and value > 0, f"{what} is {value!r}; expected a number above 0")


def require_fraction(what: str, value: float) -> None:
    """Raise ValueError naming what was given unless it is at least 0 and below 1."""
    require(is_number(value) and 0 <= value < 1, f"{what} is {value!r}; expected at least 0 and below 1")


def is_number(value: object) -> bool:
    """Return whether the value is a number that float32 can hold; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def is_whole(value: object) -> bool:
    """Return whether the value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)
