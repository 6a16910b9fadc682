"""The likeliest numbers of a line: a Viterbi search for the best paths through its segmentation lattice.

A path takes every segment exactly once, as part of a digit or of a mark; a wrong segmentation is on no path. Its
probability is the product of its candidates' probabilities. Of the paths that read the same number the likeliest
counts, or one about as likely that has more marks (Viterbi scoring, LeCun et al. 1998, section VI; a sum over them
would favour numbers that can be segmented in many ways). The likeliest few numbers are kept at every segment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.reading.line.candidate_images import MARK, UNNAMED_CLASSES, WRONG, mark_probability
from lenet.reading.line.segmentation import Candidate
from lenet.reading.line.shape import Shape

MAX_HYPOTHESES = 8
"""Numbers that are kept at every segment."""
MIN_DIGIT_DISTANCE = 0.2
"""The least distance of two digits' middles, in heights of a digit; nearer ones are one digit, seen twice."""
MAX_CONSTRAINED = 200
"""The likeliest numbers among which those are looked for that satisfy a constraint."""
MIN_CLASS_PROBABILITY = 1e-4
"""Less likely classes of a candidate are left out, unless no path is left without them."""
MIN_PROBABILITY = 1e-9
TINY = float(np.finfo(np.float64).tiny)
"""The probability of digits and unnamed marks that is left to them where all classes count."""
MIN_OTHER_SIGNS = 1e-6
"""The least fraction of a number's probability with any signs for which other signs than those asked for count."""
MARK_BONUS = 1.0
"""How much a mark more adds to a path's log probability when paths of the same number are compared."""


@dataclass(frozen=True)
class Hypothesis:
    """A number that a line may be, with its best path.

    Attributes
    ----------
    digits : tuple of (int, int)
        Each digit with the index of its candidate.
    marks : tuple of int
        The indices of the candidates that are marks.
    mark_labels : tuple of int
        The class of each mark: `MARK` for one whose name does not matter to the path; by default for all of them.
    score : float
        The log of the path's probability.
    confidence : float
        The probability that the line is this number, 0 to 1, once it was compared with the others.
    constrained : bool
        Whether it satisfies the length and the constraint that were asked for. Others are kept for comparison only.
    """

    digits: tuple[tuple[int, int], ...]
    marks: tuple[int, ...]
    score: float
    confidence: float = 1.0
    constrained: bool = True
    mark_labels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Take any marks where their classes are not given."""
        if not self.mark_labels:
            object.__setattr__(self, "mark_labels", (MARK,) * len(self.marks))

    @property
    def text(self) -> str:
        """The digits from left to right."""
        return "".join(str(digit) for digit, _ in self.digits)


@dataclass(frozen=True)
class Lattice:
    """A line's segmentation lattice.

    Attributes
    ----------
    candidates : sequence of Candidate
        Each segment is one by itself.
    probabilities : float (candidates, classes)
        Of the ten digits, unnamed marks, wrong segmentations, and named marks.
    segments : int
        How many segments the line has.
    digit_height : float
        The height of a digit in pixels.
    """

    candidates: Sequence[Candidate]
    probabilities: NDArray[np.floating[Any]]
    segments: int
    digit_height: float = 0.0


def best_hypotheses(
    lattice: Lattice, shape: Shape | None = None, constraint: Callable[[str], bool] | None = None
) -> list[Hypothesis]:
    """Return the likeliest numbers, the best first: at most `MAX_HYPOTHESES`, fewer if there are no more.

    With a shape or a constraint, the likeliest of all numbers that do not satisfy it follow.

    Parameters
    ----------
    lattice : Lattice
    shape : Shape, optional
        Only numbers of this shape.
    constraint : function, optional
        Only numbers for which it returns true, of the `MAX_CONSTRAINED` likeliest.
    """
    for min_probability in (MIN_CLASS_PROBABILITY, 0.0):
        numbers = _Search(lattice, min_probability, shape).best(MAX_CONSTRAINED if constraint else MAX_HYPOTHESES)
        fitting = [number for number in numbers if constraint is None or constraint(number.text)]
        if not fitting:
            continue
        others = numbers if shape is None else _Search(lattice, min_probability, None).best(MAX_HYPOTHESES)
        scores = {number.text: number.score for number in fitting}
        unfitting = [_rival(other, scores.get(other.text)) for other in others[:MAX_HYPOTHESES]]
        return fitting[:MAX_HYPOTHESES] + [other for other in unfitting if other is not None]
    return []


def _rival(other: Hypothesis, fitting_score: float | None) -> Hypothesis | None:
    """Return a number that does not satisfy what was asked for; of one that does, what it is with other signs."""
    score = other.score
    if fitting_score is not None:
        rest = 1 - math.exp(min(0.0, fitting_score - score))
        if rest < MIN_OTHER_SIGNS:
            return None
        score += math.log(rest)
    return replace(other, score=score, constrained=False)


class _State(NamedTuple):
    """A path that ends at a segment: its score, the state before it, its last candidate and that one's label.

    `middle` is the column of its last digit's middle.
    """

    score: float
    before: _State | None = None
    candidate: int = -1
    label: int = -1
    marks: int = 0
    middle: float = -math.inf

    @property
    def preference(self) -> float:
        """The score by which paths of one number are compared: a mark is preferred to a part of a digit."""
        return self.score + MARK_BONUS * self.marks


_Paths = dict[int, _State]
"""The best path of each number, by the number's identifier."""


class _Search:
    """The search through a lattice, segment by segment, with the likeliest numbers so far."""

    def __init__(self, lattice: Lattice, min_probability: float, shape: Shape | None) -> None:
        self._candidates, self._segments, self._shape = lattice.candidates, lattice.segments, shape
        self._min_distance = MIN_DIGIT_DISTANCE * lattice.digit_height
        self._middles = [(candidate.left + candidate.right) / 2 for candidate in lattice.candidates]
        probabilities = lattice.probabilities.copy()
        probabilities[:, WRONG] = 0.0
        if shape is None or shape.any_marks or probabilities.shape[1] == UNNAMED_CLASSES:
            probabilities[:, MARK] = mark_probability(lattice.probabilities)
            probabilities[:, UNNAMED_CLASSES:] = 0.0
        self._log_probabilities = np.log(np.maximum(probabilities, MIN_PROBABILITY)).tolist()
        self._labels: list[list[int]] = [[] for _ in lattice.candidates]
        probabilities[:, : MARK + 1] = np.maximum(probabilities[:, : MARK + 1], TINY)
        for index, label in np.argwhere(probabilities >= max(min_probability, TINY)).tolist():
            self._labels[index].append(label)
        self._starting: list[list[int]] = [[] for _ in range(lattice.segments)]
        for index, candidate in enumerate(lattice.candidates):
            self._starting[candidate.first].append(index)

    def best(self, count: int) -> list[Hypothesis]:
        """Return the best `count` numbers of the shape."""
        # A number's identifier is the same on every path: that of the number without its last digit, and this digit.
        identifiers: dict[tuple[int, int], int] = {}
        # The paths that end before each segment, by their position in the shape, if there is one.
        ending: list[dict[int, _Paths]] = [{} for _ in range(self._segments + 1)]
        ending[0][0] = {0: _State(0.0)}
        for first in range(self._segments):
            for position, paths in ending[first].items():
                best = nlargest(count, paths.items(), key=lambda item: item[1].score)
                for index in self._starting[first]:
                    middle = self._middles[index]  # digits are apart, marks need not be
                    apart = [item for item in best if middle - item[1].middle >= self._min_distance]
                    for label in self._labels[index]:
                        after = 0 if self._shape is None else self._shape.after(position, label)
                        if after is not None:
                            target = ending[self._candidates[index].last + 1].setdefault(after, {})
                            self._extend(target, best if label >= MARK else apart, index, label, identifiers)
        final = 0 if self._shape is None else len(self._shape.tokens)
        last = ending[self._segments].get(final, {}).values()
        return [_hypothesis(state) for state in nlargest(count, last, key=lambda state: state.score)]

    def _extend(
        self,
        target: _Paths,
        paths: Sequence[tuple[int, _State]],
        index: int,
        label: int,
        identifiers: dict[tuple[int, int], int],
    ) -> None:
        """Add to `target` some paths, continued with a candidate of a label."""
        gain, middle = self._log_probabilities[index][label], self._middles[index]
        for identifier, state in paths:
            if label >= MARK:
                to, marks, last = identifier, state.marks + 1, state.middle
            else:
                to = identifiers.setdefault((identifier, label), len(identifiers) + 1)
                marks, last = state.marks, middle
            new = _State(state.score + gain, state, index, label, marks, last)
            if to not in target or target[to].preference < new.preference:
                target[to] = new


def _hypothesis(state: _State) -> Hypothesis:
    digits, marks, labels, score = [], [], [], state.score
    while state.before is not None:
        if state.label >= MARK:
            marks.append(state.candidate)
            labels.append(state.label)
        else:
            digits.append((state.label, state.candidate))
        state = state.before
    return Hypothesis(tuple(digits[::-1]), tuple(marks[::-1]), score, mark_labels=tuple(labels[::-1]))
