"""From what the network says of each candidate to the likeliest number: the best path through a line's parts.

A path takes every part exactly once, as part of a digit or of a mark; what was cut wrongly is on no path. Its
probability is the product of its candidates'. Of paths that read the same number the likeliest counts, or one that is
about as likely and has more marks (Viterbi scoring, LeCun et al. 1998, section VI; the sum over them favours numbers
that can be cut in many ways). The likeliest few numbers are kept at every part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.reading.cuts import Candidate
from lenet.reading.pieces import MARK

KEPT = 8
"""Answers that are kept at every part."""
APART = 0.2
"""Two digits' middles are at least so far apart, in heights of a digit: nearer ones are one digit, seen twice."""
FITTING = 200
"""Answers among which numbers that fit are looked for."""
LEAST = 1e-4
"""Less likely classes of a candidate are left out, where any path is left without them."""
FLOOR = 1e-9
MARKED = 1.0
"""The log of how much likelier a path may be than one of the same number with a mark more."""


@dataclass(frozen=True)
class Answer:
    """A number on a path.

    Attributes
    ----------
    digits : tuple of (int, int)
        Each with its candidate.
    marks : tuple of int
        The candidates that are marks.
    score : float
        The log of the path's probability, the product of its candidates'.
    confidence : float
        How sure the number is, 0 to 1, once it was compared with the others.
    fits : bool
        Whether it is what was wished for: if it is not, it is only compared with.
    """

    digits: tuple[tuple[int, int], ...]
    marks: tuple[int, ...]
    score: float
    confidence: float = 1.0
    fits: bool = True

    @property
    def text(self) -> str:
        """The digits from left to right."""
        return "".join(str(digit) for digit, _ in self.digits)


def answers(
    candidates: Sequence[Candidate],
    shares: NDArray[np.floating[Any]],
    parts: int,
    length: int | None = None,
    fits: Callable[[str], bool] | None = None,
    height: float = 0.0,
) -> list[Answer]:
    """Return the likeliest numbers, the best first; at most `KEPT`, fewer if there are no more.

    Where a wish chose them, the likeliest of all numbers that are not as wished follow.

    Parameters
    ----------
    candidates : sequence of Candidate
        Of a line; each part is one by itself.
    shares : (candidates, 12)
        The network's probabilities: ten digits, mark, cut wrongly.
    parts : int
        How many the line has.
    length : int, optional
        Only numbers of so many digits.
    fits : function, optional
        Only numbers that it accepts, of the `FITTING` likeliest.
    height : float
        Of a digit, in pixels.
    """
    apart = APART * height
    for least in (LEAST, 0.0):
        found = _search(candidates, shares, parts, least, length, FITTING if fits else KEPT, apart)
        fine = [answer for answer in found if fits is None or fits(answer.text)]
        if not fine:
            continue
        every = found if length is None else _search(candidates, shares, parts, least, None, KEPT, apart)
        known = {answer.text for answer in fine}
        return fine[:KEPT] + [replace(other, fits=False) for other in every[:KEPT] if other.text not in known]
    return []


class _State(NamedTuple):
    """A path that ends at a part: its score, the state that it comes from, its last candidate and that one's label.

    `middle` is the column of its last digit's middle.
    """

    score: float
    before: _State | None = None
    candidate: int = -1
    label: int = -1
    marks: int = 0
    middle: float = -math.inf

    @property
    def worth(self) -> float:
        """What counts among paths of one number: a mark is rather told apart than taken for a part of a digit."""
        return self.score + MARKED * self.marks


_Group = dict[int, _State]
"""The best path of each number, by the number's name."""


def _search(
    candidates: Sequence[Candidate],
    shares: NDArray[np.floating[Any]],
    parts: int,
    least: float,
    length: int | None,
    kept: int,
    apart: float,
) -> list[Answer]:
    """Go from part to part with the likeliest numbers so far, of each count of digits where a length is wished for."""
    starting: list[list[int]] = [[] for _ in range(parts)]
    for number, candidate in enumerate(candidates):
        starting[candidate.first].append(number)
    gains = np.log(np.maximum(shares[:, : MARK + 1], FLOOR)).tolist()
    labels: list[list[int]] = [[] for _ in candidates]
    for number, label in np.argwhere(shares[:, : MARK + 1] >= least).tolist():
        labels[number].append(label)
    # The same number has the same name, whatever path it took: its name without the last digit, and that digit.
    names: dict[tuple[int, int], int] = {}
    ending: list[dict[int, _Group]] = [{} for _ in range(parts + 1)]
    ending[0][0] = {0: _State(0.0)}
    for first in range(parts):
        for count, group in ending[first].items():
            best = nlargest(kept, group.items(), key=lambda named: named[1].score)
            for number in starting[first]:
                middle = (candidates[number].left + candidates[number].right) / 2
                # A digit stands apart from the last one, a mark need not.
                before = [named for named in best if middle - named[1].middle >= apart]
                for label in labels[number]:
                    more = count + (label != MARK and length is not None)
                    if length is None or more <= length:
                        there = ending[candidates[number].last + 1].setdefault(more, {})
                        mine = best if label == MARK else before
                        _extend(there, mine, number, label, middle, gains[number][label], names)
    last = ending[parts].get(length or 0, {}).values()
    return [_answer(state) for state in nlargest(kept, last, key=lambda state: state.score)]


def _extend(
    there: _Group,
    best: Sequence[tuple[int, _State]],
    candidate: int,
    label: int,
    middle: float,
    gain: float,
    names: dict[tuple[int, int], int],
) -> None:
    """Add the paths that go on with a candidate of that label to those that end where it does."""
    for name, state in best:
        if label == MARK:
            to, marks, last = name, state.marks + 1, state.middle
        else:
            to, marks, last = names.setdefault((name, label), len(names) + 1), state.marks, middle
        new = _State(state.score + gain, state, candidate, label, marks, last)
        if to not in there or there[to].worth < new.worth:
            there[to] = new


def _answer(state: _State) -> Answer:
    digits, marks, score = [], [], state.score
    while state.before is not None:
        if state.label == MARK:
            marks.append(state.candidate)
        else:
            digits.append((state.label, state.candidate))
        state = state.before
    return Answer(tuple(digits[::-1]), tuple(marks[::-1]), score)
