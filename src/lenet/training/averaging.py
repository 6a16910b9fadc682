"""The exponential moving average of a training's weights."""

from __future__ import annotations

import math

import numpy as np

from lenet.engine import backend
from lenet.model.arrays import Array
from lenet.recipe import Averaging
from lenet.training.epoch_data import PART_MINIBATCHES


class WeightAverage:
    """The moving average, to which weights are added after each part of an epoch.

    Parameters
    ----------
    averaging : Averaging, optional
        Its span; None: nothing is averaged.
    minibatches : int
        Of an epoch.

    Attributes
    ----------
    weights : float32 (parameters,)
        The average; empty where nothing is averaged.
    """

    def __init__(self, averaging: Averaging | None, minibatches: int) -> None:
        self.weights = np.zeros(0, np.float32)
        self._parts = math.ceil(minibatches / PART_MINIBATCHES)
        self._added = 0
        self._decay = math.exp(-1 / (averaging.epochs * self._parts)) if averaging else None

    def resume(self, weights: Array, epochs: int) -> None:
        """Continue with the average that there was after so many epochs."""
        self.weights, self._added = weights.copy(), epochs * self._parts

    def add(self, trainer: backend.Trainer) -> None:
        """Add the trainer's weights to the average."""
        if self._decay is None:
            return
        now = trainer.weights()
        if self._added == 0:
            self.weights = np.zeros_like(now)
        self._added += 1
        # The plain mean until there are as many as the span: the first weights would count too much.
        decay = min(self._decay, 1 - 1 / self._added)
        self.weights = np.float32(decay) * self.weights + np.float32(1 - decay) * now
