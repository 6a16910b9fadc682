"""The alignment of numbers with a scan, compared with all alignments of a few windows."""

from itertools import product

import numpy as np
import pytest

from lenet.reading.line.alignment import MIN_PROBABILITY, alignment_scores
from lenet.reading.line.sliding_window import NONE, LineScan


def scan(windows, seed):
    """Return a scan of windows in which 0, 1 and none have random probabilities."""
    probabilities = np.full((windows, 11), 1e-5)
    probabilities[:, [0, 1, NONE]] = np.random.default_rng(seed).dirichlet([0.6, 0.6, 0.6], windows)
    return LineScan((probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32), 1.0)


def number_of(alignment):
    """Return the digits of an alignment: equal neighbours are one, none is left out."""
    kept = [label for label, before in zip(alignment, (None, *alignment), strict=False) if label != before]
    return "".join(str(label) for label in kept if label != NONE)


@pytest.mark.parametrize("windows", [1, 2, 5, 7])
def test_it_is_the_best_of_all_alignments(windows):
    of_line = scan(windows, windows)
    logs = np.log(np.maximum(of_line.probabilities.astype(np.float64), MIN_PROBABILITY))
    best = {}
    for alignment in product((0, 1, NONE), repeat=windows):
        score = sum(logs[time, label] for time, label in enumerate(alignment))
        best[number_of(alignment)] = max(score, best.get(number_of(alignment), -np.inf))
    numbers = sorted(best)
    (scores,) = alignment_scores([of_line], [numbers])
    assert scores == pytest.approx([best[number] - logs.max(axis=1).sum() for number in numbers])
    assert scores.max() == pytest.approx(0)


def test_a_number_of_more_digits_than_windows_has_no_alignment():
    (scores,) = alignment_scores([scan(2, 0)], [["1", "101", "11"]])
    assert np.isfinite(scores).tolist() == [True, False, False]  # two equal digits need a window between them


def test_lines_of_all_lengths_are_aligned_as_if_each_were_alone():
    scans = [scan(windows, windows) for windows in range(1, 40)]
    numbers = [["", "0", "10", "0110"][: 1 + k % 4] for k in range(len(scans))]
    numbers[3] = []
    together = alignment_scores(scans, numbers)
    for of_line, one, texts in zip(together, scans, numbers, strict=True):
        (alone,) = alignment_scores([one], [texts])
        assert len(of_line) == len(texts)
        assert of_line.tobytes() == alone.tobytes()
    assert alignment_scores([], []) == []
