"""From scores to probabilities that mean what they say, and to the confidence from which answers keep a promise.

Both are learnt from images that were not trained on: one temperature that divides the scores (Guo, Pleiss, Sun and
Weinberger 2017), and how often answers of each confidence were wrong (Geifman and El-Yaniv 2017).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]

BINS = 15
"""Into so many of equal width are confidences put for the calibration error."""


def probabilities(scores: Array, temperature: float = 1.0) -> Array:
    """Return the softmax of scores (n, classes, ...) over the classes, computed in double precision: float32."""
    odds = scores.astype(np.float64) - scores.max(axis=1, keepdims=True, initial=-np.inf)
    odds = np.exp(odds / temperature)
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def as_share(value: str | float) -> float:
    """Return a share given as a number, or as text such as ``0.1%`` or ``0.001``; ValueError if it is neither."""
    text = str(value).strip()
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise ValueError(f"{value!r} is no share; expected one such as 0.1% or 0.001") from None


@dataclass(frozen=True)
class Calibration:
    """What images held out from training say of a network's confidence, its probability of the answer.

    Attributes
    ----------
    temperature : float
        Divides the scores before their softmax.
    images : int
        How many images were held out.
    mistakes : tuple of (float, int)
        For each wrong answer, the surest first: its confidence, and how many of all answers were surer.
    """

    temperature: float = 1.0
    images: int = 0
    mistakes: tuple[tuple[float, int], ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"a temperature of {self.temperature}; expected a number above 0")
        falling = sorted(self.mistakes, key=lambda mistake: -mistake[0]) == list(self.mistakes)
        sound = all(0 <= confidence <= 1 and 0 <= surer < self.images for confidence, surer in self.mistakes)
        if not (falling and sound):
            raise ValueError(f"{len(self.mistakes)} mistakes that are none of {self.images} images', the surest first")

    def threshold(self, error: float) -> float:
        """Return the least confidence from which on answers are wrong at most this often, on average.

        That is: averaged over what might have been held out, for images of the same kind; a single network may do a
        little better or worse.

        Parameters
        ----------
        error : float
            Share of the accepted answers that may be wrong, above 0 and below 1. Of n answers accepted among the images
            held out with k wrong, (k + 1) / (n + 1) must not exceed it: images not seen yet count as one more mistake.

        Raises
        ------
        ValueError
            If the images held out do not support such a promise; the message says what they do support.
        """
        if not 0 < error < 1:
            raise ValueError(f"an error of {error:g} among accepted answers; expected above 0 and below 1")
        accepted = [surer for _, surer in self.mistakes] + [self.images]
        bounds = [(wrong + 1) / (n + 1) for wrong, n in enumerate(accepted)]
        fine = [wrong for wrong, bound in enumerate(bounds) if bound <= error]
        if not fine:
            raise ValueError(
                f"no threshold keeps errors at {100 * error:g} %: {self.images} images held out support "
                f"{100 * min(bounds):.2g} % at best"
            )
        if fine[-1] == len(self.mistakes):
            return 0.0
        return float(np.nextafter(np.float32(self.mistakes[fine[-1]][0]), np.float32(2)))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and lists."""
        return asdict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Calibration:
        """Return what `to_dict` described; ValueError if it is no such description."""
        try:
            mistakes = tuple((float(confidence), int(surer)) for confidence, surer in data["mistakes"])
            return Calibration(float(data["temperature"]), int(data["images"]), mistakes)
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"not the description of a calibration: {error}") from error


def as_targets(labels: ArrayLike, images: int, classes: int) -> NDArray[Any]:
    """Return labels as an array; ValueError unless they are one class for each image, and some."""
    targets = np.asarray(labels)
    if targets.ndim != 1 or targets.dtype.kind not in "iu" or len(targets) != images:
        raise ValueError(f"labels are {targets.dtype} {targets.shape}; expected one whole number per image")
    if not len(targets) or targets.min() < 0 or targets.max() >= classes:
        raise ValueError(f"expected at least one label, all from 0 to {classes - 1}")
    return targets


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
        If there are none, or labels are no classes.
    """
    right = as_targets(labels, len(scores), scores.shape[1])
    temperature = _coolest(scores.astype(np.float64), right)
    shares = probabilities(scores, temperature)
    return of_answers(shares.max(axis=1), scores.argmax(axis=1) == right, temperature)


def of_answers(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], temperature: float = 1.0
) -> Calibration:
    """Return what answers, each with its confidence, 0 to 1, and whether it was right, say of others like them.

    They are to questions that were not trained on, at least one; `temperature` is what they were given at.
    """
    ordered = np.sort(confidence)
    wrong = np.sort(confidence[~right])[::-1]
    surer = len(ordered) - np.searchsorted(ordered, wrong, side="right")
    mistakes = tuple((float(c), int(n)) for c, n in zip(wrong, surer, strict=True))
    return Calibration(temperature, len(right), mistakes)


def _coolest(scores: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Find the temperature by bisection: the cross-entropy's slope by 1/temperature rises throughout.

    A label is taken for right with (n + 1) / (n + 2) only, as Platt 2000 has it: however few images there are, and
    however many of them right, nobody can be sure of everything.
    """
    n, classes = scores.shape
    own, doubt = scores[np.arange(n), labels], 1 / (n + 2)
    picked = (1 - doubt) * own + doubt * (scores.sum(axis=1) - own) / max(classes - 1, 1)

    def slope(inverse: float) -> float:
        odds = np.exp(inverse * (scores - scores.max(axis=1, keepdims=True)))
        return float(((odds * scores).sum(axis=1) / odds.sum(axis=1) - picked).mean())

    low, high = 1 / 20, 20.0
    for _ in range(30):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)


def calibration_error(confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error: how far confidence and share of right answers differ, 0 to 1.

    The mean over all answers of that difference in the bin that the answer's confidence falls into, of `BINS` of equal
    width (Naeini, Cooper and Hauskrecht 2015).
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    sure = np.bincount(bins, confidence.astype(np.float64), BINS)
    true = np.bincount(bins, right.astype(np.float64), BINS)
    return float(np.abs(sure - true).sum() / len(confidence))


def nondigit(shares: Array) -> Array:
    """Return how likely it is that each picture shows none of the classes, 0 to 1, from probabilities (n, classes).

    A network that learnt to give pictures of no class an even chance of every class leaves the chance of none in what
    the two likeliest classes do not have: 0 if all is theirs, as where it wavers between a 4 and a 9; 1 if it is even.
    """
    classes = shares.shape[1]
    if classes < 3:
        return np.zeros(len(shares), np.float32)
    two = np.partition(shares, classes - 2, axis=1)[:, classes - 2 :].sum(axis=1)
    return np.asarray(np.clip((1 - two) * (classes / (classes - 2)), 0, 1), np.float32)
