"""Words beside the numbers of a line: letters side by side, with a gap around them.

Some letters look like digits: o, l, I, S. Where most characters of a group are letters, and digits are elsewhere in the
line, such a character is rather a letter too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.reading.line.candidate_images import MARK, NAMES, UNNAMED_CLASSES, mark_probability, name_of
from lenet.reading.line.path import Hypothesis
from lenet.reading.line.segmentation import Candidate
from lenet.synthesis.signs import SIGNS

WEIGHT = 0.003
"""The weight of a number for each of its digits that are in a word, where the number without them has the weight 1."""
MAX_GAP, MIN_HEIGHT = 0.35, 0.4
"""The widest gap within a word, and the least height of a letter, in heights of a digit."""
MIN_LETTER_PROBABILITY = 0.9
"""What is less probably a mark counts neither as a letter nor as a digit."""


def digits_in_words(
    number: Hypothesis, candidates: Sequence[Candidate], probabilities: NDArray[np.floating[Any]], height: float
) -> int:
    """Return how many digits of a number stand in words; none if all of them do.

    A group is a word if it has no more digits than letters, or at most twice as many as its letters, if these are
    several. `probabilities` are the candidates', (candidates, classes); `height` is that of a digit in pixels.
    """
    characters = [(candidates[index], False) for _, index in number.digits]
    is_mark = mark_probability(probabilities) >= MIN_LETTER_PROBABILITY
    for index, label in zip(number.marks, number.mark_labels or (MARK,) * len(number.marks), strict=True):
        candidate = candidates[index]
        name = name_of(probabilities[index])[0] if label == MARK else NAMES[label - UNNAMED_CLASSES]
        if is_mark[index] and name not in SIGNS and candidate.bottom - candidate.top >= MIN_HEIGHT * height:
            characters.append((candidate, True))
    characters.sort(key=lambda character: character[0].left)
    groups: list[list[bool]] = []
    end = -np.inf
    for candidate, is_letter in characters:
        if candidate.left - end > MAX_GAP * height:
            groups.append([])
        groups[-1].append(is_letter)
        end = max(end, candidate.right)
    in_words = sum(len(group) - sum(group) for group in groups if _is_word(sum(group), len(group) - sum(group)))
    return in_words if in_words < len(number.digits) else 0


def _is_word(letters: int, digits: int) -> bool:
    return letters >= digits or (letters > 1 and 2 * letters >= digits)
