"""The reject option: the threshold below which answers are rejected, and the probability of a non-digit.

The threshold is that of selective classification with a wanted error among accepted answers (Geifman and El-Yaniv
2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lenet.model.arrays import Array


def as_fraction(value: str | float) -> float:
    """Return a fraction given as a number, or as text such as ``0.1%`` or ``0.001``; ValueError for other text."""
    text = str(value).strip()
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise ValueError(f"{value!r} is not a fraction; expected one such as 0.1% or 0.001") from None


def as_percent(probability: float) -> str:
    """Return a probability as text in percent; one of nearly 1 is not rounded to it."""
    if 0.9995 <= probability < 1:
        return "> 99.9 %"
    return f"{100 * probability:.1f} %"


def checked_error(error: float) -> float:
    """Return an error wanted among accepted answers; ValueError unless it is above 0 and below 1."""
    if not 0 < error < 1:
        raise ValueError(
            f"an error of {error:g} among accepted answers; expected above 0 and below 1, such as 0.05 or 5%"
        )
    return error


def rejection_threshold(mistakes: Sequence[tuple[float, int]], images: int, error: float) -> float:
    """Return the least confidence of accepted answers for an error among them.

    The error holds on average over hold-out sets, for images of the same kind; that of a single network may be a little
    larger or smaller.

    Parameters
    ----------
    mistakes : sequence of (float, int)
        For each wrong answer to hold-out images, the most confident first: its confidence, and the number of answers
        with more confidence.
    images : int
        The number of hold-out images.
    error : float
        The fraction of accepted answers that may be wrong, above 0 and below 1. If n hold-out images are accepted and k
        of them are wrong, (k + 1) / (n + 1) must not exceed it: a new image counts as one more mistake.

    Raises
    ------
    ValueError
        If the hold-out images do not support such an error; the message says which they support.
    """
    checked_error(error)
    accepted = [above for _, above in mistakes] + [images]
    bounds = [(wrong + 1) / (n + 1) for wrong, n in enumerate(accepted)]
    possible = [wrong for wrong, bound in enumerate(bounds) if bound <= error]
    if not possible:
        raise ValueError(
            f"no rejection threshold for an error of {100 * error:g} %: {images} hold-out images support "
            f"{100 * min(bounds):.2g} % at best"
        )
    if possible[-1] == len(mistakes):
        return 0.0
    return float(np.nextafter(np.float32(mistakes[possible[-1]][0]), np.float32(2)))


def nondigit_probability(probabilities: Array) -> Array:
    """Return the probability, 0 to 1, that each picture shows none of the classes, from probabilities (n, classes).

    A network that was trained to give non-digits the same probability for every class leaves their probability to the
    classes after the two likeliest. The result is 0 if the two likeliest have everything, as where a network doubts
    between a 4 and a 9; it is 1 if all classes are equally likely.
    """
    classes = probabilities.shape[1]
    if classes < 3:
        return np.zeros(len(probabilities), np.float32)
    two = np.partition(probabilities, classes - 2, axis=1)[:, classes - 2 :].sum(axis=1)
    return np.asarray(np.clip((1 - two) * (classes / (classes - 2)), 0, 1), np.float32)


def rejection_reason(probabilities: Array, threshold: float) -> str:
    """Return why an answer is not accepted, from the probabilities of the classes (classes,).

    Returns
    -------
    str
        ``not_a_digit`` or ``ambiguous``; empty if the largest probability reaches the threshold.
    """
    if float(probabilities.max()) >= threshold:
        return ""
    return "not_a_digit" if float(nondigit_probability(probabilities[None])[0]) > 0.5 else "ambiguous"
