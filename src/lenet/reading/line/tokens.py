"""The digits and marks of a number in their order along the line, each with its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.reading.line.candidate_images import mark_name
from lenet.reading.line.path import Hypothesis
from lenet.reading.line.segmentation import Candidate
from lenet.synthesis.signs import SIGNS


class Token(NamedTuple):
    """A digit or a mark on a path: its candidate's number, its label, and the probability of a mark's label."""

    candidate: int
    label: str
    confidence: float = 1.0

    @property
    def is_digit(self) -> bool:
        """Whether it is a digit."""
        return self.label.isdecimal()

    @property
    def is_sign(self) -> bool:
        """Whether it is a sign that belongs to a number."""
        return self.label in SIGNS


def tokens_of(
    number: Hypothesis, candidates: Sequence[Candidate], probabilities: NDArray[np.floating[Any]]
) -> list[Token]:
    """Return the digits and marks of a number from left to right; marks without a name have an empty label.

    `probabilities` are the candidates', (candidates, classes).
    """
    digits = [Token(index, str(label)) for label, index in number.digits]
    marks = zip(number.marks, number.mark_labels, strict=True)
    tokens = [*digits, *(Token(index, *mark_name(probabilities[index], label)) for index, label in marks)]
    return sorted(tokens, key=lambda token: candidates[token.candidate].first)
