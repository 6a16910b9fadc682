"""Metrics of numbers that were read: exact numbers, right digits, and coverage at an error."""

import numpy as np

TARGET_ERROR = 0.01
"""The error among accepted numbers."""


def edit_distance(some, other):
    """Return the fewest digits to insert, delete or replace (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(some, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def fractions_right(texts, truth):
    """Return the fraction of numbers that are exact, and of digits that are right."""
    exact = sum(a == b for a, b in zip(texts, truth, strict=True)) / len(truth)
    wrong = sum(edit_distance(a, b) for a, b in zip(texts, truth, strict=True)) / sum(map(len, truth))
    return {"exact": exact, "digits_right": 1 - wrong}


def coverage(confidence, right):
    """Return the largest coverage, a fraction, at which at most `TARGET_ERROR` of the accepted numbers are wrong."""
    order = np.argsort(-np.asarray(confidence), kind="stable")
    wrong = np.cumsum(~np.asarray(right, bool)[order]) / np.arange(1, len(order) + 1)
    possible = np.flatnonzero(wrong <= TARGET_ERROR)
    return float((possible[-1] + 1) / len(order)) if len(possible) else 0.0
