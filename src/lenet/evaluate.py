"""How good a network is on labelled images: error, confusion, the digits it got most wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.network import Network, probabilities


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
    """

    n: int
    wrong: int
    loss: float
    confusion: NDArray[np.int64]
    worst: tuple[Mistake, ...]

    @property
    def error(self) -> float:
        """The share of images classified wrongly, 0 to 1."""
        return self.wrong / self.n

    @property
    def accuracy(self) -> float:
        """The share of images classified rightly, 0 to 1."""
        return 1 - self.error


def evaluate(
    network: Network, images: ArrayLike, labels: ArrayLike, worst: int = 10, threads: int | None = None
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
    targets = np.asarray(labels)
    classes = network.spec.classes
    if targets.ndim != 1 or targets.dtype.kind not in "iu" or len(targets) != len(np.asarray(images)):
        raise ValueError(f"labels are {targets.dtype} {targets.shape}; expected one whole number per image")
    if not len(targets) or targets.min() < 0 or targets.max() >= classes:
        raise ValueError(f"expected at least one label, all from 0 to {classes - 1}")
    scores = network.scores(images, threads)
    answers, shares = scores.argmax(axis=1), probabilities(scores)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (targets, answers), 1)
    wrong = np.flatnonzero(answers != targets)
    order = wrong[np.argsort(-shares[wrong, answers[wrong]], kind="stable")][:worst]
    mistakes = tuple(Mistake(int(i), int(targets[i]), int(answers[i]), float(shares[i, answers[i]])) for i in order)
    right = shares[np.arange(len(targets)), targets]
    loss = float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean())
    return Evaluation(len(targets), len(wrong), loss, confusion, mistakes)
