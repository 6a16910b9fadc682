"""What is written along a line: its digits, signs and letters in their order, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lenet.reading.line.candidate_images import MARK, NAMES, UNNAMED_CLASSES, name_of
from lenet.reading.line.ranking import RankedLine
from lenet.synthesis.signs import SIGNS

MAX_GAP = 1.2
"""A gap between digits and signs that is wider than this, in heights of a digit, is a blank."""
MAX_SPECK, MIN_BESIDE = 0.08, 1.0
"""A mark without a name that is lower and narrower than this is a speck; farther from the digits than this, it has
nothing to do with them; in heights of a digit."""
MIN_SIGN_CONFIDENCE = 0.5
"""A sign of less probability is not certain."""


class Token(NamedTuple):
    """A digit or a mark on the best path: its candidate's number, its label, and the probability of that."""

    candidate: int
    label: str
    confidence: float

    @property
    def is_sign(self) -> bool:
        """Whether it is a sign that belongs to a number."""
        return self.label in SIGNS


def mark_tokens(line: RankedLine) -> Iterator[Token]:
    """Yield the marks of the likeliest number in their order along the line; those without a name have no label."""
    best = line.numbers[0]
    labels = best.mark_labels or (MARK,) * len(best.marks)
    for index, label in zip(best.marks, labels, strict=True):
        probabilities = line.probabilities[index]
        if label == MARK:
            yield Token(index, *name_of(probabilities))
        else:
            yield Token(index, NAMES[label - UNNAMED_CLASSES], float(probabilities[label]))


def full_text(line: RankedLine) -> tuple[str, bool]:
    """Return the digits and signs of the likeliest number as text, and whether nothing among them is uncertain.

    There is a blank where letters or a wide gap are between them.
    """
    marks = list(mark_tokens(line))
    tokens = [*(Token(index, str(label), 1.0) for label, index in line.numbers[0].digits), *marks]
    tokens.sort(key=lambda token: line.candidates[token.candidate].first)
    text, end = "", None
    for index, label, _ in tokens:
        if not label:
            continue
        candidate = line.candidates[index]
        if end is not None and candidate.left - end > MAX_GAP * line.line.height:
            text += " "
        text, end = text + (label if label in SIGNS or label.isdecimal() else " "), candidate.right
    return " ".join(text.split()), not any(_is_uncertain(mark, line) for mark in marks)


def _is_uncertain(mark: Token, line: RankedLine) -> bool:
    """Return whether a mark may change the number: an uncertain sign, something without a name, a letter inside."""
    if mark.is_sign:
        return mark.confidence < MIN_SIGN_CONFIDENCE
    height, candidate = line.line.height, line.candidates[mark.candidate]
    digits = [line.candidates[index] for _, index in line.numbers[0].digits]
    first, last = min(digit.left for digit in digits), max(digit.right for digit in digits)
    if mark.label:
        return first < candidate.left and candidate.right < last
    is_speck = max(candidate.right - candidate.left, candidate.bottom - candidate.top) < MAX_SPECK * height
    reach = MIN_BESIDE * height
    return not is_speck and candidate.right > first - reach and candidate.left < last + reach
