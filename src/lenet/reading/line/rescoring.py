"""Rescoring of a line's likeliest numbers by the single-digit classifier, where they differ.

That network was trained on more letterforms and more digits than the networks for whole numbers, each digit by itself,
and gives a non-digit the same probability for all classes. It classifies each candidate that some of the numbers take
for a digit and others for another digit, for a mark, or for nothing. Signs and letters look like digits to it, so that
these have a fixed probability; a slash before the first digit or after the last one is rather a 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.model.network import Classifier
from lenet.model.rejection import nondigit_probability
from lenet.reading.line.candidate_images import MARK, mark_name
from lenet.reading.line.path import Hypothesis

WEIGHT = 0.75
"""The weight of the log probability of this classifier, where that of a path has the weight 1."""
MIN_PROBABILITY = 1e-3
"""The least probability that this classifier gives any class."""
SIGN_PROBABILITY, OUTER_PROBABILITY = 0.2, 0.03
"""The probability that what may be a sign or a letter is one; less where such signs hardly stand."""
INNER_SIGNS = "/:×÷"
"""Signs that stand between digits."""

Floats = NDArray[np.floating[Any]]


def rescore(
    classifier: Classifier,
    numbers: Sequence[Sequence[Hypothesis]],
    images: Sequence[NDArray[np.uint8]],
    probabilities: Sequence[Floats],
    *,
    threads: int | None = None,
) -> list[Floats]:
    """Return the scores of each line's numbers by the candidates in which they differ.

    Parameters
    ----------
    classifier : Network or Ensemble
        For single digits.
    numbers : sequence of sequences of Hypothesis
        Each line's numbers.
    images : sequence of uint8 (candidates, maps, 28, 28)
        Each line's candidates; the first map has the candidate's ink alone.
    probabilities : sequence of float (candidates, classes)
        Of each line's candidates, by the other networks.
    threads : int, optional
        See `lenet.engine.cpu.threads_to_use`.

    Returns
    -------
    list of float64 (numbers,)
        The sums of the logs of the probabilities that a candidate is what the number takes it for: 0 or less.
    """
    differences = [_differences(of_line) for of_line in numbers]
    classified = [
        sorted({candidate for labelled in of_line for label, candidate in labelled if label != MARK})
        for of_line in differences
    ]
    shown = [of_line[candidates, 0] for of_line, candidates in zip(images, classified, strict=True) if candidates]
    if not shown:
        return [np.zeros(len(of_line)) for of_line in numbers]
    of_digits = classifier.predict_proba(np.concatenate(shown), threads)
    with_nondigit = np.column_stack([of_digits, nondigit_probability(of_digits)])
    logs = iter(np.log(np.maximum(with_nondigit, MIN_PROBABILITY)).tolist())
    scores: list[Floats] = []
    for of_line, candidates, of_numbers, of_classes in zip(
        numbers, classified, differences, probabilities, strict=True
    ):
        log_of = {candidate: next(logs) for candidate in candidates}
        sums = [
            sum(
                _log_of_mark(number, c, of_classes[c], log_of[c]) if label == MARK else log_of[c][label]
                for label, c in labelled
                if c in log_of
            )
            for number, labelled in zip(of_line, of_numbers, strict=True)
        ]
        scores.append(np.array(sums, np.float64))
    return scores


def _log_of_mark(number: Hypothesis, candidate: int, probabilities: Floats, logs: Sequence[float]) -> float:
    """Return the log probability that a candidate is the mark for which a number takes it."""
    name, _ = mark_name(probabilities, number.mark_labels[number.marks.index(candidate)])
    if not name:
        return logs[MARK]
    digits = [index for _, index in number.digits]
    outside = bool(digits) and not min(digits) < candidate < max(digits)
    return math.log(OUTER_PROBABILITY if outside and name in INNER_SIGNS else SIGN_PROBABILITY)


def _differences(numbers: Sequence[Hypothesis]) -> list[set[tuple[int, int]]]:
    """Return for each number the (label, candidate) that not all numbers have; the label is a digit or `MARK`."""
    labelled = [{*number.digits, *((MARK, candidate) for candidate in number.marks)} for number in numbers]
    return [of_number - labelled[0].intersection(*labelled) for of_number in labelled]
