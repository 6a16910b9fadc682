"""How good a network is on labelled images: error, confusion, worst mistakes, risk-coverage curve, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.html import table
from lenet.model.calibration import calibration_error
from lenet.model.inputs import as_labels
from lenet.model.network import Classifier

COVERAGES = (1.0, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9)
"""The fractions of the most confident answers at which `Evaluation.risk_coverage` gives the error."""


class Accepted(NamedTuple):
    """What a rejection threshold accepts: the fraction of all answers, and the fraction of these that is wrong."""

    threshold: float
    coverage: float
    error: float


@dataclass(frozen=True)
class Mistake:
    """One image that was classified wrongly: its index, its label, the answer, the answer's probability."""

    index: int
    label: int
    answer: int
    probability: float


@dataclass(frozen=True, repr=False)
class Evaluation:
    """The result of `evaluate`.

    Attributes
    ----------
    n, wrong : int
        The number of images, and of those classified wrongly.
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
        The expected calibration error, 0 to 1: see `lenet.model.calibration.calibration_error`.
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
        """The fraction of images classified wrongly, 0 to 1."""
        return self.wrong / self.n

    @property
    def accuracy(self) -> float:
        """The fraction of images classified rightly, 0 to 1."""
        return 1 - self.error

    def __repr__(self) -> str:
        """One line: the error and the calibration error."""
        return (
            f"<Evaluation: error {100 * self.error:.2f} % ({self.wrong} of {self.n}), loss {self.loss:.4f}, "
            f"expected calibration error {self.calibration_error:.4f}>"
        )

    def _repr_html_(self) -> str:
        classes = [str(label) for label in range(len(self.confusion))]
        confusion = [[label, *map(int, counts)] for label, counts in zip(classes, self.confusion, strict=True)]
        worst = [[m.index, m.label, m.answer, m.probability] for m in self.worst]
        return (
            f"<p>{escape(repr(self)[1:-1])}</p>"
            + table(["label \\ answer", *classes], confusion, caption="confusion")
            + table(["image", "label", "answer", "probability"], worst, caption="worst mistakes")
        )

    def accepted(self, threshold: float) -> tuple[float, float]:
        """Return coverage and risk: the fraction of answers that a threshold accepts, and the error of these."""
        accepted = self.confidence >= threshold
        return float(accepted.mean()), float((~self.right[accepted]).mean()) if accepted.any() else 0.0

    def risk_coverage(self, coverages: Sequence[float] = COVERAGES) -> tuple[Accepted, ...]:
        """Return the risk-coverage curve at some coverages, each above 0 and at most 1; of few images, fewer rows."""
        thresholds = dict.fromkeys(map(self.threshold, coverages))
        return tuple(Accepted(threshold, *self.accepted(threshold)) for threshold in thresholds)

    def threshold(self, coverage: float) -> float:
        """Return the threshold that accepts a fraction of the answers, above 0 and at most 1."""
        if not 0 < coverage <= 1:
            raise ValueError(f"a coverage of {coverage:g}; expected above 0, at most 1")
        falling = np.sort(self.confidence)[::-1]
        return float(falling[max(1, round(coverage * self.n)) - 1])

    def coverage(self, error: float) -> float:
        """Return the largest coverage at which at most the fraction `error` of the accepted answers is wrong."""
        order = np.argsort(-self.confidence, kind="stable")
        falling = self.confidence[order]
        wrong = np.cumsum(~self.right[order])
        last = np.append(falling[1:] < falling[:-1], True)  # answers of equal confidence are accepted together
        possible = np.flatnonzero(last & (wrong <= error * np.arange(1, self.n + 1)))
        return float((possible[-1] + 1) / self.n) if len(possible) else 0.0


def evaluate(
    network: Classifier, images: ArrayLike, labels: ArrayLike, *, worst: int = 10, threads: int | None = None
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
    if not hasattr(network, "scores"):
        given = repr(network) if isinstance(network, str) else f"a {type(network).__name__}"
        cure = f": lenet.load({network!r})" if isinstance(network, str) else ""
        raise TypeError(f"network is {given}; expected a network or an ensemble{cure}")
    classes = network.classes
    scores = network.scores(images, threads)
    targets = as_labels(labels, len(scores), classes)
    if not len(targets):
        raise ValueError("no images to evaluate on; expected at least one")
    answers, probabilities = scores.argmax(axis=1), network.probabilities(scores)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (targets, answers), 1)
    wrong = np.flatnonzero(answers != targets)
    order = wrong[np.argsort(-probabilities[wrong, answers[wrong]], kind="stable")][:worst]
    confidence, right = probabilities[np.arange(len(targets)), answers], answers == targets
    mistakes = tuple(Mistake(int(i), int(targets[i]), int(answers[i]), float(confidence[i])) for i in order)
    of_labels = probabilities[np.arange(len(targets)), targets]
    loss = float(-np.log(np.maximum(of_labels, np.finfo(np.float32).tiny)).mean())
    error = calibration_error(confidence, right)
    return Evaluation(len(targets), len(wrong), loss, confusion, mistakes, confidence, right, error)
