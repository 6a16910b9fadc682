"""A line on its way from segments to ranked numbers, one value after each step.

Numbers are ranked by their path, by their alignment with the sliding window, and by the single-digit classifier where
they differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.reading.line import alignment, dates, rescoring, words
from lenet.reading.line.path import Hypothesis, Lattice
from lenet.reading.line.segmentation import Candidate, Segments
from lenet.reading.line.sliding_window import LineScan
from lenet.reading.page.lines import InkLine

MIN_DOUBT = 1e-4
"""The fraction of what a path leaves to others that counts against a number even if no other number is there."""
ONES_DOUBT = 1.0
"""The same for a number that is all 1s: slashes, brackets, rules and edges of paper resemble a 1."""
OPEN_LETTER_WEIGHT = 1.0
"""The weight of the numbers in which a letter of a digit's shape is the digit, where the number's own weight is 1."""
UNCONSTRAINED_WEIGHT = 0.01
"""The weight of a number that does not satisfy the constraint, where one that does has the weight 1."""
MIN_ALIGNMENT_SCORE = -1e4
"""The score of a number that has more digits than there are windows, and so no alignment."""

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class SegmentedLine:
    """A line of a page with its segmentation candidates and their images, uint8 (candidates, maps, 28, 28)."""

    page: int
    line: InkLine
    scan: LineScan
    segments: Segments
    candidates: Sequence[Candidate]
    images: NDArray[np.uint8]


@dataclass(frozen=True)
class ScoredLine(SegmentedLine):
    """The same with the candidates' probabilities, (candidates, 12), and the likeliest numbers by their paths."""

    probabilities: Floats
    numbers: Sequence[Hypothesis]

    @property
    def dates(self) -> list[str]:
        """Each number with its slashes if it is a date, otherwise nothing."""
        return [dates.date_of(number, self.candidates, self.probabilities) for number in self.numbers]

    @property
    def seen_texts(self) -> list[str]:
        """The digits of all numbers, then those that the sliding window sees in dates."""
        return [number.text for number in self.numbers] + [dates.as_seen(date) for date in self.dates if date]

    @staticmethod
    def of(segmented: SegmentedLine, lattice: Lattice, numbers: Sequence[Hypothesis]) -> ScoredLine:
        """Return a segmented line with its lattice's probabilities and its numbers."""
        return ScoredLine(**vars(segmented), probabilities=lattice.probabilities, numbers=numbers)


@dataclass(frozen=True)
class RankedLine(ScoredLine):
    """The same with the numbers in their final order, the likeliest first, each with its confidence."""

    @property
    def digit_images(self) -> NDArray[np.uint8]:
        """The digits of the likeliest number, (n, 28, 28)."""
        chosen = [candidate for _, candidate in self.numbers[0].digits] if self.numbers else []
        return self.images[chosen, 0]


def ranked(scored: ScoredLine, alignment_scores: Floats, rescores: Floats) -> RankedLine:
    """Return a line with its numbers ranked by three scores: of paths, of alignments, of the single-digit classifier.

    `alignment_scores` are those of `ScoredLine.seen_texts`. A date has a better chance than other numbers, one with
    digits in words a worse one.

    The odds that the likeliest is right are its path's probability against the normalised weight of the others, and a
    little more. The others' confidences are in proportion to their weights, and all of them add up to 1 at most.
    Numbers that do not satisfy a constraint are others too, where they are much likelier; then they are dropped.
    """
    if not scored.numbers:
        return RankedLine(**vars(scored))
    is_date = np.array(list(map(bool, scored.dates)))
    aligned = np.array(alignment_scores[: len(scored.numbers)])
    aligned[is_date] = np.maximum(aligned[is_date], alignment_scores[len(aligned) :])
    constrained = np.array([number.constrained for number in scored.numbers])
    paths = np.array([number.score for number in scored.numbers])
    scores = paths + alignment.WEIGHT * np.maximum(aligned, MIN_ALIGNMENT_SCORE) + rescoring.WEIGHT * rescores
    scores += np.where(constrained, is_date * math.log(dates.WEIGHT), math.log(UNCONSTRAINED_WEIGHT))
    groups = [
        words.groups_of(number, scored.candidates, scored.probabilities, scored.line.height)
        for number in scored.numbers
    ]
    scores += np.array(list(map(words.digits_in_words, groups))) * math.log(words.WEIGHT)
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    best, *rest = [index for index in np.argsort(-scores, kind="stable") if constrained[index]]
    probability, others = math.exp(min(paths[best], 0.0)), max(0.0, 1 - weights[best])
    if words.has_open_letter(groups[best], scored.line.height):
        others += OPEN_LETTER_WEIGHT
    doubt = ONES_DOUBT if set(scored.numbers[best].text) == {"1"} else MIN_DOUBT
    against = probability + others + doubt * (1 - probability)
    confidence = probability / max(against, np.finfo(float).tiny)
    # Each of the others is as much less confident as its weight is smaller, and together they get what is left at most.
    factor = min(confidence / weights[best], (1 - confidence) / others if others else 0.0)
    confidences = {best: confidence} | {index: factor * weights[index] for index in rest}
    numbers = [replace(scored.numbers[index], confidence=float(value)) for index, value in confidences.items()]
    return RankedLine(**{**vars(scored), "numbers": numbers})
