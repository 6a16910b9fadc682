"""Words and single letters beside the numbers of a line.

Some letters look like digits: o, l, I, S. Where most characters of a group are letters, and digits are elsewhere in the
line, such a character is rather a letter too. A single O or l among digits may be a digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.reading.line.candidate_images import mark_probability
from lenet.reading.line.path import Hypothesis
from lenet.reading.line.segmentation import Candidate
from lenet.reading.line.tokens import tokens_of

WEIGHT = 0.003
"""The weight of a number for each of its digits that are in a word, where the number without them has the weight 1."""
MAX_GAP, MIN_HEIGHT = 0.35, 0.4
"""The widest gap within a word, and the least height of a letter, in heights of a digit."""
MIN_LETTER_PROBABILITY = 0.9
"""What is less probably a mark counts neither as a letter nor as a digit."""
DIGIT_SHAPES = "OolI"
"""Letters that have a digit's shape."""
REACH = 1.5
"""A letter stands among digits if it is not farther from them than this, in heights of a digit."""


class Character(NamedTuple):
    """A digit or a letter of a line: its ends in pixels, and its name, which a letter may not have."""

    left: int
    right: int
    name: str

    @property
    def is_digit(self) -> bool:
        """Whether it is a digit."""
        return self.name.isdecimal()


Groups = list[list[Character]]


def groups_of(
    number: Hypothesis, candidates: Sequence[Candidate], probabilities: NDArray[np.floating[Any]], height: float
) -> Groups:
    """Return the digits of a number and the letters beside them, from left to right, in groups with gaps between them.

    `probabilities` are the candidates', (candidates, classes); `height` is that of a digit in pixels.
    """
    characters = []
    for token in tokens_of(number, candidates, probabilities):
        candidate = candidates[token.candidate]
        if token.is_digit or (
            not token.is_sign
            and candidate.bottom - candidate.top >= MIN_HEIGHT * height
            and mark_probability(probabilities[[token.candidate]])[0] >= MIN_LETTER_PROBABILITY
        ):
            characters.append(Character(candidate.left, candidate.right, token.label))
    groups: Groups = []
    end = -np.inf
    for character in sorted(characters):
        if character.left - end > MAX_GAP * height:
            groups.append([])
        groups[-1].append(character)
        end = max(end, character.right)
    return groups


def digits_in_words(groups: Groups) -> int:
    """Return how many digits stand in words; none if all of them do.

    A group is a word if it has no more digits than letters, or at most twice as many as its letters, if these are
    several.
    """
    counts = [sum(character.is_digit for character in group) for group in groups]
    words = [digits for digits, group in zip(counts, groups, strict=True) if _is_word(len(group) - digits, digits)]
    return sum(words) if sum(words) < sum(counts) else 0


def has_open_letter(groups: Groups, height: float) -> bool:
    """Return whether letters that have digits' shapes stand among digits, alone or fewer than these: 12O34."""
    digits = [character for group in groups for character in group if character.is_digit]
    if not digits:
        return False
    first, last = digits[0].left - REACH * height, digits[-1].right + REACH * height
    for group in groups:
        letters = [character for character in group if not character.is_digit]
        is_open = len(letters) == 1 or len(letters) < len(group) - len(letters)
        of_digits = all(letter.name and letter.name in DIGIT_SHAPES for letter in letters)
        if letters and is_open and of_digits and first < letters[-1].right and letters[0].left < last:
            return True
    return False


def _is_word(letters: int, digits: int) -> bool:
    return letters >= digits or (letters > 1 and 2 * letters >= digits)
