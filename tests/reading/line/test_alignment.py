"""Numbers and what windows see of them, beside every way through a few windows."""

from itertools import product

import numpy as np
import pytest

from lenet.reading.agreement import FLOOR, agreement
from lenet.reading.windows import NONE, Seen


def line(windows, seed):
    """Windows that waver between 0, 1 and none."""
    shares = np.full((windows, 11), 1e-5)
    shares[:, [0, 1, NONE]] = np.random.default_rng(seed).dirichlet([0.6, 0.6, 0.6], windows)
    return Seen((shares / shares.sum(axis=1, keepdims=True)).astype(np.float32), 1.0)


def number_of(way):
    """The digits of a way: equal neighbours are one, none is left out."""
    kept = [label for label, before in zip(way, (None, *way), strict=False) if label != before]
    return "".join(str(label) for label in kept if label != NONE)


@pytest.mark.parametrize("windows", [1, 2, 5, 7])
def test_it_is_the_best_of_all_ways(windows):
    seen = line(windows, windows)
    logs = np.log(np.maximum(seen.shares.astype(np.float64), FLOOR))
    best = {}
    for way in product((0, 1, NONE), repeat=windows):
        score = sum(logs[time, label] for time, label in enumerate(way))
        best[number_of(way)] = max(score, best.get(number_of(way), -np.inf))
    numbers = sorted(best)
    (told,) = agreement([seen], [numbers])
    assert told == pytest.approx([best[number] - logs.max(axis=1).sum() for number in numbers])
    assert told.max() == pytest.approx(0)


def test_a_number_of_more_digits_than_windows_has_no_way():
    (told,) = agreement([line(2, 0)], [["1", "101", "11"]])
    assert np.isfinite(told).tolist() == [True, False, False]  # two equal digits need a window between them


def test_lines_of_all_lengths_are_aligned_as_if_each_were_alone():
    seen = [line(windows, windows) for windows in range(1, 40)]
    numbers = [["", "0", "10", "0110"][: 1 + k % 4] for k in range(len(seen))]
    numbers[3] = []
    together = agreement(seen, numbers)
    for own, one, texts in zip(together, seen, numbers, strict=True):
        (alone,) = agreement([one], [texts])
        assert len(own) == len(texts)
        assert own.tobytes() == alone.tobytes()
    assert agreement([], []) == []
