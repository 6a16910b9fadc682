"""Calibration by hold-out images: the temperature that turns scores into probabilities, and the mistakes at it.

One temperature divides the scores (Guo, Pleiss, Sun and Weinberger 2017). The mistakes, each with its confidence, give
the rejection threshold (`lenet.model.rejection`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.model.inputs import as_labels
from lenet.model.rejection import rejection_threshold

Array = NDArray[np.float32]

BINS = 15
"""The number of bins of equal width for the expected calibration error."""


def softmax(scores: Array, temperature: float = 1.0) -> Array:
    """Return the softmax of scores (n, classes, ...) over the classes, computed in double precision: float32."""
    odds = scores.astype(np.float64) - scores.max(axis=1, keepdims=True, initial=-np.inf)
    odds = np.exp(odds / temperature)
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Calibration:
    """What hold-out images say of a network's confidence, its probability of the answer.

    Attributes
    ----------
    temperature : float
        Divides the scores before their softmax.
    images : int
        The number of hold-out images.
    mistakes : tuple of (float, int)
        For each wrong answer, the most confident first: its confidence, and the number of answers with more confidence.
    """

    temperature: float = 1.0
    images: int = 0
    mistakes: tuple[tuple[float, int], ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"a temperature of {self.temperature}; expected a number above 0")
        falling = sorted(self.mistakes, key=lambda mistake: -mistake[0]) == list(self.mistakes)
        in_range = all(0 <= confidence <= 1 and 0 <= above < self.images for confidence, above in self.mistakes)
        if not (falling and in_range):
            raise ValueError(
                f"{len(self.mistakes)} mistakes of {self.images} images; expected falling confidences from 0 to 1, "
                "each with the number of more confident answers"
            )

    def threshold(self, error: float) -> float:
        """Return the rejection threshold for an error among accepted answers: see `rejection_threshold`."""
        return rejection_threshold(self.mistakes, self.images, error)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and lists."""
        return asdict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Calibration:
        """Return what `to_dict` described; ValueError if it is no such description."""
        try:
            mistakes = tuple((float(confidence), int(above)) for confidence, above in data["mistakes"])
            return Calibration(float(data["temperature"]), int(data["images"]), mistakes)
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"not the description of a calibration: {error}") from error


def calibrate(scores: Array, labels: ArrayLike) -> Calibration:
    """Return the temperature of the least cross-entropy, and the mistakes at it.

    Parameters
    ----------
    scores : float32 (n, classes)
        Of images that were not trained on, n at least 1.
    labels : whole numbers (n,)

    Raises
    ------
    ValueError
        If there are no images, or labels are not classes.
    """
    right = as_labels(labels, len(scores), scores.shape[1])
    if not len(right):
        raise ValueError("no hold-out images to calibrate with; expected at least one")
    temperature = _best_temperature(scores.astype(np.float64), right)
    probabilities = softmax(scores, temperature)
    return calibration_of(probabilities.max(axis=1), scores.argmax(axis=1) == right, temperature)


def calibration_of(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], temperature: float = 1.0
) -> Calibration:
    """Return the calibration of answers to hold-out images, from their confidences and whether they were right.

    There is at least one; `temperature` is the one at which they were given.
    """
    ordered = np.sort(confidence)
    wrong = np.sort(confidence[~right])[::-1]
    above = len(ordered) - np.searchsorted(ordered, wrong, side="right")
    mistakes = tuple((float(c), int(n)) for c, n in zip(wrong, above, strict=True))
    return Calibration(temperature, len(right), mistakes)


def _best_temperature(scores: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Return the temperature of the least cross-entropy, by bisection: its slope by 1/temperature is monotone.

    A label's target is (n + 1) / (n + 2), as in Platt 2000, so that the temperature stays above 0 however few images
    there are, and however many of them are right.
    """
    n, classes = scores.shape
    of_label, smoothing = scores[np.arange(n), labels], 1 / (n + 2)
    target = (1 - smoothing) * of_label + smoothing * (scores.sum(axis=1) - of_label) / max(classes - 1, 1)

    def slope(inverse: float) -> float:
        odds = np.exp(inverse * (scores - scores.max(axis=1, keepdims=True)))
        return float(((odds * scores).sum(axis=1) / odds.sum(axis=1) - target).mean())

    low, high = 1 / 20, 20.0
    for _ in range(30):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)


def calibration_error(confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error: the mean difference of confidence and accuracy, 0 to 1.

    Confidence and accuracy are those in each of `BINS` bins of confidence, of equal width, weighted by their answers
    (Naeini, Cooper and Hauskrecht 2015).
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    sum_of_confidence = np.bincount(bins, confidence.astype(np.float64), BINS)
    right_answers = np.bincount(bins, right.astype(np.float64), BINS)
    return float(np.abs(sum_of_confidence - right_answers).sum() / len(confidence))
