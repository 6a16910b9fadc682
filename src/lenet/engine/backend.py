"""What a backend offers to the rest of lenet: a model that answers and a trainer that learns, as protocols.

`lenet.engine.cpu` is the only backend so far. Images are uint8 arrays (n, maps, height, width), 0 = paper and 255 =
ink; a backend applies the grey levels. Weights are one float32 vector in the order of `Spec.arrays`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Order = NDArray[np.uint32]


class Model(Protocol):
    """A network that answers."""

    @property
    def isa(self) -> str:
        """The instruction set that it runs on."""
        ...

    def scores(self, images: Bytes, threads: int) -> Floats:
        """Return the scores of all classes, (n, classes)."""
        ...

    def predict(self, images: Bytes, threads: int) -> NDArray[np.int64]:
        """Return the class of the largest score of each image, (n,)."""
        ...

    def trace(self, images: Bytes, soft: bool, shapes: Sequence[Sequence[int]]) -> tuple[Floats, ...]:
        """Return every layer's output in these shapes; with `soft`, the last one after a softmax."""
        ...


class Trainer(Protocol):
    """A network that learns, with the state of its optimizer."""

    def run(
        self, images: Bytes, labels: Bytes | Floats, order: Order, rates: Floats, threads: int, epoch: int = 0
    ) -> tuple[Floats, Bytes]:
        """Train on ``images[order]``, a minibatch at a time, each at its learning rate.

        Return each minibatch's mean loss, and for each image of ``order`` the class that was answered, uint8; both
        from the scores before the minibatch's step.
        """
        ...

    def curvature(self, images: Bytes) -> Floats:
        """Return the mean over images of the loss's second derivative by every weight."""
        ...

    def state(self) -> tuple[Floats, Floats, Floats, int]:
        """Return weights, the optimizer's first and second moments, and the number of steps."""
        ...

    def restore(self, weights: Floats, first: Floats, second: Floats, steps: int) -> None:
        """Continue from what `state` returned."""
        ...

    def weights(self) -> Floats:
        """Return the weights."""
        ...
