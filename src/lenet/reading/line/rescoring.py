"""A second opinion of what the likeliest numbers of a line differ in: that of the network for single digits.

It was shown more hands and digits than the networks for whole numbers, each alone, and gives what is no digit an even
chance of all. It is asked for each candidate that some numbers take for a digit and others for another, for a mark, or
for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.calibration import nondigit
from lenet.network import Classifier
from lenet.reading.path import Answer
from lenet.reading.pieces import MARK

WEIGHT = 0.75
"""What the log of its probability counts, where that of a piece counts one."""
FLOOR = 1e-3
"""It is never surer than this that something is not there."""

Floats = NDArray[np.floating[Any]]


def opinions(
    network: Classifier,
    answers: Sequence[Sequence[Answer]],
    pictures: Sequence[NDArray[np.uint8]],
    threads: int | None = None,
) -> list[Floats]:
    """Return how likely each line's numbers are by what not all of them have.

    Parameters
    ----------
    network : Network or Ensemble
        For single digits.
    answers : sequence of sequences of Answer
        Each line's numbers.
    pictures : sequence of uint8 (candidates, maps, 28, 28)
        Each line's candidates, the ink of each alone in its first map.
    threads : int, optional
        See `lenet.engine.threads_to_use`.

    Returns
    -------
    list of float64 (numbers,)
        The sums of the logs of the probabilities that a candidate is what the number takes it for: 0 or less.
    """
    doubted = [_doubted(own) for own in answers]
    asked = [sorted({candidate for taken in own for label, candidate in taken if label != MARK}) for own in doubted]
    shown = [own[candidates, 0] for own, candidates in zip(pictures, asked, strict=True) if candidates]
    if not shown:
        return [np.zeros(len(own)) for own in answers]
    shares = network.predict_proba(np.concatenate(shown), threads)
    told = iter(np.log(np.maximum(np.column_stack([shares, nondigit(shares)]), FLOOR)).tolist())
    found: list[Floats] = []
    for own, candidates in zip(doubted, asked, strict=True):
        said = {candidate: next(told) for candidate in candidates}
        found.append(np.array([sum(said[c][label] for label, c in taken if c in said) for taken in own], np.float64))
    return found


def _doubted(answers: Sequence[Answer]) -> list[set[tuple[int, int]]]:
    """Return what each number takes candidates for, digits or `MARK`, but for what all numbers do."""
    every = [{*answer.digits, *((MARK, candidate) for candidate in answer.marks)} for answer in answers]
    return [own - every[0].intersection(*every) for own in every]
