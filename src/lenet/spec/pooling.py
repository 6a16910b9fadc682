"""Layers with a window that moves over each map, as data: subsampling, pooling of all kinds, contrast normalisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from lenet.spec.checks import require
from lenet.spec.layers import Layer, Shape, product, too_small

METHODS = ("max", "mean", "l2", "stochastic")
BORDERS = ("ignore", "keep")


@dataclass(frozen=True)
class _Window(Layer):
    """What pooling and subsampling share: a square window that moves by its stride."""

    window: int = 2
    stride: int | None = None
    activation: str = "linear"

    @property
    def step(self) -> int:
        """The stride in pixels: the window's size unless said otherwise."""
        return self.window if self.stride is None else self.stride

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`."""
        require(min(shape[1:]) >= self.window, too_small(self.name, "a window", (self.window, self.window), shape))
        return (shape[0], self.windows(shape[1]), self.windows(shape[2]))

    def windows(self, size: int) -> int:
        """Return how many windows lie along `size` pixels; what no whole window covers is ignored."""
        return (size - self.window) // self.step + 1

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`."""
        return self.window**2

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        require(self.activation != "softmax", f"{self.name}: softmax is for the output layer")


@dataclass(frozen=True)
class Subsample(_Window):
    """The paper's subsampling: the window's sum, times a trainable coefficient, plus a trainable bias.

    Arrays: ``weight`` (maps,), the coefficients; ``bias`` (maps,).
    """

    kind: ClassVar[str] = "subsampling"

    def arrays(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """See :meth:`Layer.arrays`."""
        return {"weight": (shape[0],), "bias": (shape[0],)}

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`: each unit sees its window and its bias."""
        return product(self.output(shape)) * (self.window**2 + 1)


@dataclass(frozen=True)
class Pool(_Window):
    """Pooling without parameters.

    Parameters
    ----------
    method : {"max", "mean", "l2", "stochastic"}
        The window's maximum, its mean, the root of its sum of squares, or (Zeiler and Fergus 2013) one of its pixels,
        drawn in proportion to its value while training, the mean weighted so afterwards. Stochastic pooling needs
        values that are never negative.
    border : {"ignore", "keep"}
        What becomes of rows and columns at the end that no whole window covers: a smaller window takes them if
        they are kept.
    """

    method: str = "max"
    border: str = "ignore"
    kind: ClassVar[str] = "pooling"

    def windows(self, size: int) -> int:
        """See :meth:`_Window.windows`."""
        whole = super().windows(size)
        covered = (whole - 1) * self.step + self.window
        return whole + (self.border == "keep" and covered < size and whole * self.step < size)

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`: nothing is weighted, but each unit sees its window."""
        _, rows, columns = self.output(shape)
        seen = [
            sum(min(self.window, size - k * self.step) for k in range(count))
            for size, count in ((shape[1], rows), (shape[2], columns))
        ]
        return shape[0] * seen[0] * seen[1]

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        require(
            self.method in METHODS, f"{self.name}: pooling by {self.method!r}; expected one of {', '.join(METHODS)}"
        )
        require(self.border in BORDERS, f"{self.name}: border {self.border!r}; expected one of {', '.join(BORDERS)}")


@dataclass(frozen=True)
class DeformPool(_Window):
    """Deformation-constrained pooling (Ouyang et al. 2015): the largest of the window's pixels less a penalty.

    The penalty of the pixel dy rows and dx columns from the window's middle is c1 dy^2 + c2 dx^2 + c3 dy + c4 dx. With
    all coefficients 0, as at first, this is max pooling.

    Arrays: ``weight`` (maps, 4), the coefficients.
    """

    kind: ClassVar[str] = "deformation pooling"

    def arrays(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """See :meth:`Layer.arrays`."""
        return {"weight": (shape[0], 4)}

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`: each unit sees its window."""
        return product(self.output(shape)) * self.window**2


@dataclass(frozen=True)
class Contrast(Layer):
    """Local contrast normalisation (Jarrett, Kavukcuoglu, Ranzato and LeCun 2009), without parameters.

    Each pixel loses the mean around it, over all maps, weighted by a Gaussian window; then it is divided by the
    standard deviation around it, weighted alike, or by the mean of those over the picture where that is larger. At the
    border the weights inside are scaled up to sum to 1. Deviations below `plain` times the mean are rounding and count
    as none; a picture without contrast becomes 0.

    Parameters
    ----------
    window : int
        Height and width of the window in pixels, odd; its standard deviation is a quarter of that.
    """

    window: int = 9
    activation: str = "linear"
    kind: ClassVar[str] = "contrast normalisation"
    plain: ClassVar[float] = 1e-5

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`."""
        return shape

    @property
    def weights(self) -> tuple[float, ...]:
        """One row of the window, which is the outer product of two such rows; their sum is 1."""
        half = self.window // 2
        row = [math.exp(-0.5 * (4 * k / self.window) ** 2) for k in range(-half, half + 1)]
        return tuple(v / sum(row) for v in row)

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        require(self.window % 2 == 1, f"{self.name}: a window of {self.window}; expected an odd number")
        require(self.activation != "softmax", f"{self.name}: softmax is for the output layer")
