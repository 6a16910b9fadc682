"""How long a training goes on and how large its steps are: learning rates over the run, and when to stop early."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lenet.layers import require


def positive(what: str, value: float) -> None:
    """Raise ValueError naming what was given unless it is a finite number above 0."""
    require(math.isfinite(value) and value > 0, f"{what} is {value}; expected a number above 0")


def share(what: str, value: float) -> None:
    """Raise ValueError naming what was given unless it is at least 0 and below 1."""
    require(0 <= value < 1, f"{what} is {value}; expected at least 0 and below 1")


@dataclass(frozen=True)
class Constant:
    """The same rate throughout."""

    rate: float

    def __post_init__(self) -> None:
        positive("rate", self.rate)

    def at(self, done: float, epochs: float) -> float:
        """Return the rate after `done` of all `epochs` epochs of a run, which may end within one."""
        return self.rate


@dataclass(frozen=True)
class Steps:
    """Rates that hold for some epochs each: ((epochs, rate), ...); the last one holds to the end."""

    steps: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        require(bool(self.steps), "a schedule of steps needs at least one")
        for epochs, rate in self.steps:
            require(epochs >= 1, f"a step of {epochs} epochs; expected at least 1")
            positive("rate", rate)

    def at(self, done: float, epochs: float) -> float:
        """Return the rate after `done` of all `epochs` epochs of a run, which may end within one."""
        end = 0
        for length, rate in self.steps:
            end += length
            if done < end:
                return rate
        return self.steps[-1][1]


@dataclass(frozen=True)
class OneCycle:
    """Up in a straight line to `peak` during the first `warmup` of the run, then down to nothing.

    `warmup` is a share of the whole run; the rate starts at `start` times the peak. The way down is a straight line, or
    half a `cosine` (Loshchilov and Hutter 2017, without restarts), which stays high for longer and low for longer.
    """

    peak: float
    warmup: float = 0.1
    start: float = 0.05
    fall: str = "linear"

    def __post_init__(self) -> None:
        positive("peak rate", self.peak)
        share("the share of the run that is warm-up", self.warmup)
        share("start", self.start)
        require(self.fall in ("linear", "cosine"), f"fall is {self.fall!r}; expected linear or cosine")

    def at(self, done: float, epochs: float) -> float:
        """Return the rate after `done` of all `epochs` epochs of a run, which may end within one."""
        along = done / epochs
        if along < self.warmup:
            return self.peak * (self.start + (1 - self.start) * along / self.warmup)
        if self.fall == "cosine":
            return self.peak * (1 + math.cos(math.pi * (along - self.warmup) / (1 - self.warmup))) / 2
        return self.peak * (1 - along) / (1 - self.warmup)


@dataclass(frozen=True)
class Inverse:
    """`rate` (1 + `gamma` epochs)^-`power`, as Caffe's policy ``inv`` has it (its gamma counts minibatches)."""

    rate: float
    gamma: float
    power: float

    def __post_init__(self) -> None:
        for what in ("rate", "gamma", "power"):
            positive(what, getattr(self, what))

    def at(self, done: float, epochs: float) -> float:
        """Return the rate after `done` of all `epochs` epochs of a run, which may end within one."""
        return self.rate * (1 + self.gamma * done) ** -self.power


Schedule = Constant | Steps | OneCycle | Inverse


@dataclass(frozen=True)
class Patience:
    """Early stopping as the Theano deep learning tutorial has it.

    Training ends when `minibatches` have been done, but every validation error below `improvement` times the best
    so far extends that to `factor` times the minibatches done by then. Validation comes after every epoch. The
    network of the best validation error is the result.
    """

    minibatches: int = 10_000
    factor: float = 2.0
    improvement: float = 0.995

    def __post_init__(self) -> None:
        require(self.minibatches >= 1, f"a patience of {self.minibatches} minibatches; expected at least 1")
        require(self.factor >= 1, f"a patience factor of {self.factor}; expected at least 1")
        require(0 < self.improvement <= 1, f"an improvement of {self.improvement}; expected above 0, at most 1")

    def exhausted(self, errors: Sequence[float], batches: int) -> bool:
        """Return whether to stop, after these validation errors, one an epoch of `batches` minibatches."""
        patience, best = float(self.minibatches), math.inf
        for epoch, error in enumerate(errors, 1):
            if error < best:
                if error < best * self.improvement:
                    patience = max(patience, epoch * batches * self.factor)
                best = error
        return len(errors) * batches >= patience
