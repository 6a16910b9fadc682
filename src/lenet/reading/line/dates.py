"""Dates among the numbers that a line may be.

A slash between digits resembles a 1 that leans, and the sliding window, which knows no signs, takes it for one. By
their strokes alone, many dates are longer numbers. But few numbers have 1s in just the places of a date's slashes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.reading.line.path import Hypothesis
from lenet.reading.line.segmentation import Candidate
from lenet.reading.line.tokens import tokens_of

DATE = re.compile(r"\d{1,2}/\d{1,2}/(\d{2}|\d{4})|\d{4}/\d{1,2}/\d{1,2}")
WEIGHT = 1e4
"""The weight of a date, where the number that has 1s for its slashes has the weight 1."""


def date_of(number: Hypothesis, candidates: Sequence[Candidate], probabilities: NDArray[np.floating[Any]]) -> str:
    """Return a number with its signs if it is a date with slashes, such as 12/03/24 or 2024/1/2; otherwise nothing.

    `probabilities` are the candidates', (candidates, classes). Marks without a name, such as specks, do not count.
    """
    if not 4 <= len(number.digits) <= 8 or len(number.marks) < 2:
        return ""
    text = "".join(token.label for token in tokens_of(number, candidates, probabilities))
    return text if DATE.fullmatch(text) else ""


def as_seen(date: str) -> str:
    """Return the digits that the sliding window sees in a date."""
    return date.replace("/", "1")
