"""Learning rate schedules and early stopping, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from lenet.recipe.tagged import Tagged
from lenet.spec.checks import is_whole, require, require_fraction, require_positive
from lenet.spec.layers import tuples


class ScheduleBase(Tagged):
    """What all schedules have: the learning rate at any time of a run."""

    follows_length: ClassVar[bool] = False
    """Whether the rates depend on how long the whole run is."""

    def at(self, done: float, epochs: float) -> float:
        """Return the learning rate after `done` of all `epochs` epochs of a run, which may end within one."""
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(ScheduleBase):
    """The same learning rate throughout."""

    rate: float

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("rate", self.rate)

    def at(self, done: float, epochs: float) -> float:
        """See `ScheduleBase.at`."""
        return self.rate


@dataclass(frozen=True)
class Steps(ScheduleBase):
    """Learning rates that hold for some epochs each: ((epochs, rate), ...); the last one holds to the end."""

    steps: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs = isinstance(self.steps, tuple) and all(isinstance(s, tuple) and len(s) == 2 for s in self.steps)
        require(pairs, f"steps of Steps is {self.steps!r}; expected pairs of epochs and a rate")
        require(bool(self.steps), "a schedule of steps needs at least one")
        for epochs, rate in self.steps:
            require(is_whole(epochs) and epochs >= 1, f"a step of {epochs} epochs; expected a whole number > 0")
            require_positive("rate", rate)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """See `Tagged.from_dict`."""
        return super().from_dict({**data, "steps": tuples(data.get("steps"))})

    def at(self, done: float, epochs: float) -> float:
        """See `ScheduleBase.at`."""
        end = 0
        for length, rate in self.steps:
            end += length
            if done < end:
                return rate
        return self.steps[-1][1]


@dataclass(frozen=True)
class OneCycle(ScheduleBase):
    """A linear warm-up to the rate `peak`, then a fall to 0 at the end of the run.

    Parameters
    ----------
    peak : float
        The largest learning rate.
    warmup : float
        The fraction of the whole run that the warm-up takes.
    start : float
        The first learning rate, as a fraction of the peak.
    fall : {"linear", "cosine"}
        How the rate falls: in a straight line, or as half a cosine (Loshchilov and Hutter 2017, without restarts).
    """

    follows_length: ClassVar[bool] = True
    peak: float
    warmup: float = 0.1
    start: float = 0.05
    fall: str = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("peak rate", self.peak)
        require_fraction("warm-up", self.warmup)
        require_fraction("start", self.start)
        require(self.fall in ("linear", "cosine"), f"fall is {self.fall!r}; expected linear or cosine")

    def at(self, done: float, epochs: float) -> float:
        """See `ScheduleBase.at`."""
        along = done / epochs
        if along < self.warmup:
            return self.peak * (self.start + (1 - self.start) * along / self.warmup)
        if self.fall == "cosine":
            return self.peak * (1 + math.cos(math.pi * (along - self.warmup) / (1 - self.warmup))) / 2
        return self.peak * (1 - along) / (1 - self.warmup)


@dataclass(frozen=True)
class Inverse(ScheduleBase):
    """`rate` (1 + `gamma` epochs)^-`power`, as Caffe's policy ``inv`` has it (its gamma counts minibatches)."""

    rate: float
    gamma: float
    power: float

    def __post_init__(self) -> None:
        super().__post_init__()
        for what in ("rate", "gamma", "power"):
            require_positive(what, getattr(self, what))

    def at(self, done: float, epochs: float) -> float:
        """See `ScheduleBase.at`."""
        return self.rate * (1 + self.gamma * done) ** -self.power


Schedule = Constant | Steps | OneCycle | Inverse


@dataclass(frozen=True)
class Patience(Tagged):
    """Early stopping as the Theano deep learning tutorial has it.

    Training ends when `minibatches` have been done, but every validation error below `improvement` times the best
    so far extends that to `factor` times the minibatches done by then. Validation comes after every epoch. The
    network of the best validation error is the result.
    """

    minibatches: int = 10_000
    factor: float = 2.0
    improvement: float = 0.995

    def __post_init__(self) -> None:
        super().__post_init__()
        limit = 2**31 - 1
        require(
            1 <= self.minibatches <= limit, f"a patience of {self.minibatches} minibatches; expected 1 to {limit:,}"
        )
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
