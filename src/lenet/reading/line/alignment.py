"""How well numbers agree with all that windows see along their lines.

The likeliest numbers of a line are those of its best paths; each was scored piece by piece. Windows need no pieces: a
number agrees with them if there is a likely way through the windows that sees its digits in their order, each in one
window or several in a row. Where no digit is seen, none is; two equal digits have none between them (the alignment of
connectionist temporal classification; A. Graves et al. 2006). Windows overlap: one stroke speaks in several of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.reading.windows import NONE, Seen

WEIGHT = 0.75
"""What the log of a window's probability counts, where that of a piece counts one."""
FLOOR = 1e-4
"""No window is surer than this that something is not there."""
AT_ONCE = 16
"""Lines, about as long as one another, whose numbers are aligned together."""

Floats = NDArray[np.floating[Any]]


def agreement(seen: Sequence[Seen], numbers: Sequence[Sequence[str]]) -> list[Floats]:
    """Return how well numbers agree with lines.

    Parameters
    ----------
    seen : sequence of Seen
        What windows see along each line.
    numbers : sequence of sequences of str
        Digits: the numbers that each line may be.

    Returns
    -------
    list of float64 (numbers,)
        The logs of how much less likely the best way through a line's windows is for a number than for any: 0 or less.
    """
    found: list[Floats] = [np.zeros(0)] * len(seen)
    order = sorted(range(len(seen)), key=lambda line: len(seen[line].shares))
    for first in range(0, len(order), AT_ONCE):
        chosen = order[first : first + AT_ONCE]
        for line, own in zip(chosen, _aligned([seen[n] for n in chosen], [numbers[n] for n in chosen]), strict=True):
            found[line] = own
    return found


def _aligned(seen: Sequence[Seen], numbers: Sequence[Sequence[str]]) -> list[Floats]:
    texts = [text for own in numbers for text in own]
    ends = np.cumsum([len(own) for own in numbers])[:-1]
    if not texts:
        return [np.zeros(0) for _ in seen]
    lines = np.repeat(np.arange(len(seen)), [len(own) for own in numbers])
    counts = np.array([len(line.shares) for line in seen])
    logs = np.zeros((int(counts.max()), len(seen), NONE + 1))
    for number, line in enumerate(seen):
        logs[: counts[number], number] = np.log(np.maximum(line.shares, FLOOR))
    # None, the first digit, none, the second, and so on; behind the last none there is nothing.
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), NONE)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [int(digit) for digit in text]
    last = 2 * np.array([len(text) for text in texts])
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = (states[:, 2:] != NONE) & (states[:, 2:] != states[:, :-2])
    # Two columns more stand before the first state, so that each has its predecessors; no way leads there.
    sums = np.full((len(texts), states.shape[1] + 2), -np.inf)
    sums[:, 2] = 0.0  # before the first window
    rows = np.arange(len(texts))
    for time, log in enumerate(logs):
        best = np.maximum(sums[:, 2:], np.where(skips, sums[:, :-2], -np.inf))
        if time:
            best = np.maximum(best, sums[:, 1:-1])
        else:  # a way begins with none or with the first digit
            best[:, 1:2] = 0.0
        stay = (time >= counts[lines])[:, None]
        sums[:, 2:] = np.where(stay, sums[:, 2:], best + log[lines[:, None], states])
    ways = np.maximum(sums[rows, last + 2], sums[rows, last + 1])
    free = logs.max(axis=2).sum(axis=0)
    return np.split(ways - free[lines], ends)
