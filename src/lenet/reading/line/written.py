"""What is written along a line: its digits, signs and letters in their order, as text."""

from __future__ import annotations

from collections.abc import Iterator

from lenet.reading.line.ranking import RankedLine
from lenet.reading.line.tokens import Token, tokens_of

MAX_GAP = 1.2
"""A gap between digits and signs that is wider than this, in heights of a digit, is a blank."""
MAX_SPECK, MIN_BESIDE = 0.08, 1.0
"""A mark without a name that is lower and narrower than this is a speck; farther from the digits than this, it has
nothing to do with them; in heights of a digit."""
MIN_SHARED = 0.5
"""The dashes of an equals sign stand above each other along at least this fraction of the wider one."""
MIN_SIGN_CONFIDENCE = 0.5
"""A sign of less probability is not certain."""


def mark_tokens(line: RankedLine) -> Iterator[Token]:
    """Yield the marks of the likeliest number in their order along the line; those without a name have no label.

    Two dashes, one above the other, are an equals sign.
    """
    before: Token | None = None
    for token in (token for token in _tokens(line) if not token.is_digit):
        both = _equals_sign(line, before, token)
        if before is not None and both is None:
            yield before
        before = both or token
    if before is not None:
        yield before


def _equals_sign(line: RankedLine, first: Token | None, second: Token) -> Token | None:
    """Return the equals sign that two marks are, with the candidate of both, or None."""
    if first is None or not first.label == second.label == "−":
        return None
    upper, lower = line.candidates[first.candidate], line.candidates[second.candidate]
    shared = min(upper.right, lower.right) - max(upper.left, lower.left)
    if shared < MIN_SHARED * max(upper.right - upper.left, lower.right - lower.left):
        return None
    ends = upper.first, lower.last
    both = next((n for n, one in enumerate(line.candidates) if (one.first, one.last) == ends), None)
    return None if both is None else Token(both, "=", min(first.confidence, second.confidence))


def _tokens(line: RankedLine) -> list[Token]:
    return tokens_of(line.numbers[0], line.candidates, line.probabilities)


def full_text(line: RankedLine) -> tuple[str, bool]:
    """Return the digits and signs of the likeliest number as text, and whether nothing among them is uncertain.

    There is a blank where letters or a wide gap are between them.
    """
    marks = list(mark_tokens(line))
    tokens = [*(token for token in _tokens(line) if token.is_digit), *marks]
    tokens.sort(key=lambda token: line.candidates[token.candidate].first)
    text, end = "", None
    for token in tokens:
        if not token.label:
            continue
        candidate = line.candidates[token.candidate]
        if end is not None and candidate.left - end > MAX_GAP * line.line.height:
            text += " "
        text, end = text + (token.label if token.is_sign or token.is_digit else " "), candidate.right
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
