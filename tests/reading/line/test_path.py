"""The best path, on probabilities that can be worked out by hand; and check digits."""

import math

import numpy as np
import pytest

from lenet.reading.checksums import CHECKSUMS
from lenet.reading.cuts import Candidate
from lenet.reading.path import answers
from lenet.reading.pieces import CLASSES, MARK, WRONG

RUNS = [(0, 0), (0, 1), (1, 1), (2, 2)]
CANDIDATES = [Candidate(first, last, 0, 0, 1, 1) for first, last in RUNS]


def shares(**of):
    """Probabilities of the candidates: run01={8: 0.9} for the one of parts 0 and 1; what is left is a wrong cut."""
    out = np.zeros((len(RUNS), CLASSES))
    for row, (first, last) in zip(out, RUNS, strict=True):
        for label, share in of.get(f"run{first}{last}", {}).items():
            row[label] = share
        row[WRONG] = 1 - row.sum()
    return out


def test_the_likeliest_way_to_cut_wins():
    found = answers(CANDIDATES, shares(run00={1: 0.5}, run01={8: 0.6}, run11={3: 0.5}, run22={5: 0.9, 6: 0.1}), 3)
    assert [answer.text for answer in found] == ["85", "135", "86", "136"]
    assert [math.exp(answer.score) for answer in found] == pytest.approx([0.54, 0.225, 0.06, 0.025])
    assert found[0].digits == ((8, 1), (5, 3))


def test_marks_are_passed_over_but_kept():
    (best, *_) = answers(CANDIDATES, shares(run00={4: 0.9}, run11={MARK: 0.8}, run22={2: 1.0}), 3)
    assert (best.text, best.marks, math.exp(best.score)) == ("42", (2,), pytest.approx(0.72))


@pytest.mark.parametrize(
    ("mark", "score", "marks"),
    [
        (0.5, 0.25, (0,)),  # a mark and a 7 are about as likely as a 7 that has the mark in it
        (0.1, 0.3, ()),
    ],
)
def test_the_same_number_counts_once(mark, score, marks):
    found = answers(CANDIDATES, shares(run00={MARK: mark}, run01={7: 0.3}, run11={7: 0.5}, run22={1: 1.0}), 3)
    assert [(answer.text, answer.marks) for answer in found] == [("71", marks)]
    assert math.exp(found[0].score) == pytest.approx(score)


def test_only_numbers_of_a_length():
    table = shares(run00={1: 0.5}, run01={8: 0.6}, run11={3: 0.5}, run22={5: 0.9})
    found = answers(CANDIDATES, table, 3, length=3)
    assert [(answer.text, answer.fits) for answer in found] == [("135", True), ("85", False)]
    # None of four digits can be had from three parts.
    assert answers(CANDIDATES, table, 3, length=4) == []


def test_only_numbers_that_fit():
    table = shares(run00={1: 0.5}, run01={8: 0.6}, run11={3: 0.5}, run22={5: 0.9, 6: 0.1})
    found = answers(CANDIDATES, table, 3, fits=lambda text: text.endswith("6"))
    assert [answer.text for answer in found if answer.fits] == ["86", "136"]
    # What fits comes first, to be held against what does not.
    assert [answer.text for answer in found[2:]] == ["85", "135"]


def test_one_digit_is_not_read_twice():
    candidates = [Candidate(0, 0, 0, 0, 10, 40), Candidate(1, 1, 4, 0, 14, 40), Candidate(0, 1, 0, 0, 14, 40)]
    table = np.zeros((3, CLASSES))
    table[0, 2] = table[1, 2] = 0.9
    table[2, 2] = 0.5
    # Their middles are four pixels apart: a fifth of twenty pixels, but not of forty.
    assert answers(candidates, table, 2, height=20.0)[0].text == "22"
    assert answers(candidates, table, 2, height=40.0)[0].text == "2"


def test_where_everything_is_unlikely_something_is_still_said():
    assert answers(CANDIDATES, shares(), 3) != []


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("luhn", "79927398713"),
        ("luhn", "4539578763621486"),
        ("isbn", "0306406152"),
        ("isbn", "9780306406157"),
        ("iban", "89370400440532013000"),  # DE, as the registry's example has it
        ("iban", "611904300234573201"),  # AT
    ],
)
def test_check_digits(kind, right):
    fits = CHECKSUMS[kind]
    assert fits(right)
    for at in range(len(right)):  # any one wrong digit is found
        other = str((int(right[at]) + 1) % 10)
        assert not fits(right[:at] + other + right[at + 1 :])
    assert not fits("")
    assert not fits("7")
