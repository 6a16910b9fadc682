"""The alignment of numbers with what the sliding window sees along their lines.

A path scores a number by its segments. The sliding window needs no segments: a number agrees with it if a likely
alignment sees its digits in their order, each in one window or in several windows in a row, with no digit between them
(the alignment of connectionist temporal classification; A. Graves et al. 2006). Two equal digits in a row need a window
without a digit between them. Windows overlap, so one stroke counts in several of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.reading.line.sliding_window import NONE, LineScan

WEIGHT = 0.75
"""The weight of the log probability of an alignment, where that of a path has the weight 1."""
MIN_PROBABILITY = 1e-4
"""The least probability that a window gives any class."""
BATCH_LINES = 16
"""Lines of about the same length whose numbers are aligned together."""

Floats = NDArray[np.floating[Any]]


def alignment_scores(scans: Sequence[LineScan], numbers: Sequence[Sequence[str]]) -> list[Floats]:
    """Return how well numbers agree with the scans of their lines.

    Parameters
    ----------
    scans : sequence of LineScan
    numbers : sequence of sequences of str
        The digits of the numbers that each line may be.

    Returns
    -------
    list of float64 (numbers,)
        The log of the probability of each number's best alignment, less that of the best alignment of any number: 0
        or less; -inf for a number of more digits than there are windows.
    """
    scores: list[Floats] = [np.zeros(0)] * len(scans)
    order = sorted(range(len(scans)), key=lambda line: len(scans[line].probabilities))
    for first in range(0, len(order), BATCH_LINES):
        batch = order[first : first + BATCH_LINES]
        aligned = _aligned([scans[line] for line in batch], [numbers[line] for line in batch])
        for line, of_line in zip(batch, aligned, strict=True):
            scores[line] = of_line
    return scores


def _aligned(scans: Sequence[LineScan], numbers: Sequence[Sequence[str]]) -> list[Floats]:
    texts = [text for of_line in numbers for text in of_line]
    ends = np.cumsum([len(of_line) for of_line in numbers])[:-1]
    if not texts:
        return [np.zeros(0) for _ in scans]
    lines = np.repeat(np.arange(len(scans)), [len(of_line) for of_line in numbers])
    counts = np.array([len(scan.probabilities) for scan in scans])
    logs = np.zeros((int(counts.max()), len(scans), NONE + 1))
    for line, scan in enumerate(scans):
        logs[: counts[line], line] = np.log(np.maximum(scan.probabilities, MIN_PROBABILITY))
    # The states: none, the first digit, none, the second digit, and so on, up to a last none.
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), NONE)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [int(digit) for digit in text]
    last = 2 * np.array([len(text) for text in texts])
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = (states[:, 2:] != NONE) & (states[:, 2:] != states[:, :-2])
    # Two columns before the first state give it predecessors; no alignment reaches them.
    sums = np.full((len(texts), states.shape[1] + 2), -np.inf)
    sums[:, 2] = 0.0  # before the first window
    rows = np.arange(len(texts))
    for time, log in enumerate(logs):
        best = np.maximum(sums[:, 2:], np.where(skips, sums[:, :-2], -np.inf))
        if time:
            best = np.maximum(best, sums[:, 1:-1])
        else:  # an alignment begins with none or with the first digit
            best[:, 1:2] = 0.0
        stay = (time >= counts[lines])[:, None]
        sums[:, 2:] = np.where(stay, sums[:, 2:], best + log[lines[:, None], states])
    best_alignment = np.maximum(sums[rows, last + 2], sums[rows, last + 1])
    any_number = logs.max(axis=2).sum(axis=0)
    return np.split(best_alignment - any_number[lines], ends)
