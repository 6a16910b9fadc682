"""The shape that a number must have: how many digits, and which signs between them."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.reading.line.candidate_images import MARK, NAMES, UNNAMED_CLASSES

DIGIT = "#"
"""A digit in a pattern."""
SAME_SIGN = {"-": "−", "x": "×", "*": "×"}
"""Characters of a keyboard for signs that have others."""
MAX_DIGITS = 64
"""The largest number of digits that may be asked for."""


@dataclass(frozen=True)
class Shape:
    """The digits and signs of a number, from left to right.

    Attributes
    ----------
    tokens : tuple of str
        `DIGIT` for a digit; other characters are signs by their names.
    any_marks : bool
        Whether there may be marks of any name between the digits; otherwise only those without a name, such as specks.
    """

    tokens: tuple[str, ...]
    any_marks: bool = False

    @property
    def has_signs(self) -> bool:
        """Whether there are signs between the digits."""
        return set(self.tokens) != {DIGIT}

    @staticmethod
    def of_length(length: int) -> Shape:
        """Return the shape of a number of so many digits, with any marks; ValueError unless it is 1 to `MAX_DIGITS`."""
        if not (type(length) is int and 1 <= length <= MAX_DIGITS):
            raise ValueError(f"length is {length!r}; expected a whole number from 1 to {MAX_DIGITS}")
        return Shape((DIGIT,) * length, any_marks=True)

    @staticmethod
    def of_pattern(pattern: str) -> Shape:
        """Return the shape that a pattern such as ``##/##/####`` describes; blanks do not count.

        Raises
        ------
        ValueError
            If it has no digit, too many characters, or one that is no sign.
        """
        tokens = tuple(SAME_SIGN.get(character, character) for character in pattern if not character.isspace())
        unknown = sorted({token for token in tokens if token != DIGIT and token not in NAMES})
        if unknown or not tokens.count(DIGIT) or len(tokens) > MAX_DIGITS:
            problem = f"{', '.join(unknown)}" if unknown else f"{tokens.count(DIGIT)} digits, {len(tokens)} characters"
            raise ValueError(
                f"pattern is {pattern!r}, with {problem}; expected {DIGIT} for each digit, signs such as "
                f"/ . , : + - ( ) % $ between them, and at most {MAX_DIGITS} characters"
            )
        return Shape(tokens)

    def after(self, position: int, label: int) -> int | None:
        """Return the position after a candidate of a class at a position; None if it does not fit there."""
        if label == MARK:
            return position
        expected = self.tokens[position] if position < len(self.tokens) else ""
        if label < MARK:
            return position + 1 if expected == DIGIT else None
        return position + 1 if expected == NAMES[label - UNNAMED_CLASSES] else None
