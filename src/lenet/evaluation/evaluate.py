"""How good a network is on labelled images: error, confusion, mistakes, and what its confidence is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.calibration import as_targets, calibration_error
from lenet.network import Classifier


@dataclass(frozen=True)
class Mistake:
    """One image that was classified wrongly: its index, its label, the answer, the answer's probability."""

    index: int
    label: int
    answer: int
    probability: float


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` measured.

    Attributes
    ----------
    n, wrong : int
        Images, and how many of them were classified wrongly.
    loss : float
        Mean of -log of the right class's probability.
    confusion : int64 (classes, classes)
        Rows: labels. Columns: answers.
    worst : tuple of Mistake
        Mistakes, the most confident first.
    confidence : float32 (n,)
        The probability of each answer.
    right : bool (n,)
        Which answers are right.
    calibration_error : float
        How far confidence and share of right answers differ, 0 to 1: `lenet.calibration.calibration_error`.
    """

    n: int
    wrong: int
    loss: float
    confusion: NDArray[np.int64]
    worst: tuple[Mistake, ...]
    confidence: NDArray[np.float32]
    right: NDArray[np.bool_]
    calibration_error: float

    @property
    def error(self) -> float:
        """The share of images classified wrongly, 0 to 1."""
        return self.wrong / self.n

    @property
    def accuracy(self) -> float:
        """The share of images classified rightly, 0 to 1."""
        return 1 - self.error

    def accepted(self, threshold: float) -> tuple[float, float]:
        """Return the share of answers at least so sure, and the share of wrong ones among them; 0 if there are none."""
        sure = self.confidence >= threshold
        return float(sure.mean()), float((~self.right[sure]).mean()) if sure.any() else 0.0

    def threshold(self, coverage: float) -> float:
        """Return the least confidence of the surest answers that make up a share, above 0 and at most 1."""
        if not 0 < coverage <= 1:
            raise ValueError(f"a coverage of {coverage:g}; expected above 0, at most 1")
        falling = np.sort(self.confidence)[::-1]
        return float(falling[max(1, round(coverage * self.n)) - 1])

    def coverage(self, error: float) -> float:
        """Return the largest share of the surest answers of which at most the share `error` is wrong."""
        order = np.argsort(-self.confidence, kind="stable")
        falling = self.confidence[order]
        wrong = np.cumsum(~self.right[order])
        whole = np.append(falling[1:] < falling[:-1], True)  # answers equally sure are accepted together
        fine = np.flatnonzero(whole & (wrong <= error * np.arange(1, self.n + 1)))
        return float((fine[-1] + 1) / self.n) if len(fine) else 0.0


def evaluate(
    network: Classifier, images: ArrayLike, labels: ArrayLike, worst: int = 10, threads: int | None = None
) -> Evaluation:
    """Compare a network's answers with labels.

    Parameters
    ----------
    images : uint8 (n, height, width)
        0 = paper, 255 = ink; n at least 1.
    labels : whole numbers (n,)
    worst : int
        How many mistakes to list.

    Raises
    ------
    ValueError, TypeError
        If images or labels do not fit the network or each other.
    """
    targets, classes = as_targets(labels, len(np.asarray(images)), network.classes), network.classes
    scores = network.scores(images, threads)
    answers, shares = scores.argmax(axis=1), network.shares(scores)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (targets, answers), 1)
    wrong = np.flatnonzero(answers != targets)
    order = wrong[np.argsort(-shares[wrong, answers[wrong]], kind="stable")][:worst]
    mistakes = tuple(Mistake(int(i), int(targets[i]), int(answers[i]), float(shares[i, answers[i]])) for i in order)
    due = shares[np.arange(len(targets)), targets]
    loss = float(-np.log(np.maximum(due, np.finfo(np.float32).tiny)).mean())
    confidence, right = shares[np.arange(len(targets)), answers], answers == targets
    off = calibration_error(confidence, right)
    return Evaluation(len(targets), len(wrong), loss, confusion, mistakes, confidence, right, off)
