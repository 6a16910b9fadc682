"""Words beside numbers, on candidates that are set by hand: each character 10 pixels wide and 20 high."""

import numpy as np
import pytest

from lenet.reading.line.candidate_images import CLASSES, MARK, NAMES, UNNAMED_CLASSES
from lenet.reading.line.path import Hypothesis
from lenet.reading.line.segmentation import Candidate
from lenet.reading.line.words import digits_in_words, groups_of, has_open_letter

LETTER, UNCERTAIN, SPECK = "x", "?", "'"
HEIGHT = 20.0


def groups_in(text):
    """Return the groups of a text: a blank is a gap, x a letter without a name, ? perhaps one, ' a speck."""
    candidates, probabilities, digits, marks = [], [], [], []
    for at, character in enumerate(text):
        if character == " ":
            continue
        number, left = len(candidates), 12 * at
        candidates.append(Candidate(number, number, left, 0, left + 10, 2 if character == SPECK else 20))
        of_class = np.full(CLASSES, 1e-4)
        if character.isdecimal():
            of_class[int(character)] = 0.9
            digits.append((int(character), number))
        else:
            label = MARK if character in LETTER + UNCERTAIN + SPECK else UNNAMED_CLASSES + NAMES.index(character)
            of_class[label] = 0.5 if character == UNCERTAIN else 0.95
            marks.append(number)
        probabilities.append(of_class)
    number = Hypothesis(tuple(digits), tuple(marks), 0.0, mark_labels=(MARK,) * len(marks))
    return groups_of(number, candidates, np.array(probabilities), HEIGHT)


def test_groups():
    assert ["".join(character.name or LETTER for character in group) for group in groups_in("xo0' 5−94 ?")] == [
        "xo0",
        "5",
        "94",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x0 594", 1),  # No 594
        ("xxx0xxx 32", 1),  # Invoice 32
        ("x01xx1 8877", 3),  # as many letters as digits
        ("xx0111 8877", 4),  # several letters, and twice as many digits
        ("xx01112 8877", 0),
        ("x01 594", 0),  # one letter before digits is a code
        ("oS0 12", 1),  # letters with names
        ("12 x0 34", 1),
    ],
)
def test_digits_in_words(text, count):
    assert digits_in_words(groups_in(text)) == count


@pytest.mark.parametrize("text", ["xx0", "x0594", "−0 594", "0% 594", "?0 594", "'0 594", "594", "x 0 594"])
def test_digits_of_numbers(text):
    """A number alone; a code; signs, what is hardly a letter, and specks beside a digit; a gap."""
    assert digits_in_words(groups_in(text)) == 0


@pytest.mark.parametrize(
    ("text", "lone"),
    [
        ("12O34", True),
        ("12 O 34", True),
        ("O1234", True),
        ("12 l", True),
        ("12O3l4", True),
        ("12B34", False),  # a B is no 8
        ("1234    O", False),  # far away
        ("Io 1234", False),  # a word
        ("O", False),
        ("12?34", False),
    ],
)
def test_letters_of_the_shapes_of_digits(text, lone):
    assert has_open_letter(groups_in(text), HEIGHT) == lone
