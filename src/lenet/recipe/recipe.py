"""A training as data: loss, optimizer, schedule, grey levels, initial weights, augmentation, distillation.

Everything here is a frozen dataclass of numbers; nothing here touches an image or a weight. ``replace`` of
the standard library's dataclasses makes a variation: ``replace(recipe, epochs=3)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, get_args

from lenet.recipe.distortion import Distortion
from lenet.recipe.losses import CrossEntropy, Loss
from lenet.recipe.optimizers import Optimizer, Sgd
from lenet.recipe.schedule import Patience, Schedule
from lenet.recipe.tagged import Tagged
from lenet.spec.checks import is_whole, require, require_positive


@dataclass(frozen=True)
class Scale(Tagged):
    """Grey levels: what the network is given for paper (byte 0) and for ink (byte 255), linear between."""

    paper: float
    ink: float

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            abs(self.paper) <= 1e30 and abs(self.ink) <= 1e30 and self.paper != self.ink,
            f"paper is {self.paper} and ink {self.ink}; expected two different numbers",
        )


PAPER_1998 = Scale(-0.1, 1.175)
"""White and black of LeCun et al. 1998, section III.A: over MNIST's pixels in 32x32, mean 0.03 and variance 0.12."""

MAX_EPOCHS, MAX_STEPS = 1_000_000, 2**31 - 1
"""A recipe of more is refused."""
INITS = ("lecun1998", "lecun1998-root", "glorot", "he", "theano", "caffe")
"""Distributions of initial weights, all uniform.

``lecun1998``: ±2.4/fan-in, as the 1998 paper says; ``lecun1998-root``: ±2.4/√fan-in, which fits the rates that the
paper reports; ``glorot``: ±√(6/(fan-in + fan-out)); ``he``: ±√(6/fan-in); ``theano``: as ``glorot``, with a
convolution's fan-out divided by the pooling that follows, and an output layer of zeros; ``caffe``: ±√(3/fan-in). """


@dataclass(frozen=True)
class Truncated(Tagged):
    """Initial weights from a normal distribution of standard deviation `sigma`, cut at two standard deviations.

    Biases are `bias`, or are drawn as the weights are if that is None.
    """

    sigma: float
    bias: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("sigma", self.sigma)


Init = str | Truncated


@dataclass(frozen=True)
class Averaging(Tagged):
    """An exponential moving average of the weights (Polyak and Juditsky 1992) is the result of the training.

    Weights of `epochs` epochs ago count 1/e of the latest ones. In the beginning all count the same.
    """

    epochs: float

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("the span of an average", self.epochs)


@dataclass(frozen=True)
class Distillation(Tagged):
    """Knowledge distillation (Hinton, Vinyals and Dean 2015): targets are a teacher's probabilities.

    The teacher sees each image as the student does, with the same distortion.

    Parameters
    ----------
    teacher : str
        The name of a pretrained network (`lenet.load`). A teacher given to the training comes before it.
    weight : float
        The weight of the teacher's probabilities in a target, above 0 and at most 1; the rest is the label's.
    rounds : int
        The teacher's answers are computed for the distortions of so many epochs. Later epochs use them again, each in
        an order of its own.
    """

    former_names: ClassVar[Mapping[str, str]] = {"share": "weight"}
    teacher: str
    weight: float = 1.0
    rounds: int = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.rounds >= 1, f"{self.rounds} rounds; expected a whole number > 0")
        require(0 < self.weight <= 1, f"the teacher's weight is {self.weight}; expected above 0, at most 1")


@dataclass(frozen=True)
class Recipe:
    """A whole training as data.

    Parameters
    ----------
    schedule : Schedule
        The learning rate.
    epochs : int
        Passes over the training images, at most.
    batch_size : int
        Images per step, 1 to 65,536. A gradient is the mean over the minibatch; the last minibatch may be smaller.
    loss, optimizer
        What is minimised, and by which steps.
    scale : Scale
        Grey levels.
    init : str or Truncated
        Initial weights: one of `INITS`, or a truncated normal distribution.
    steps : int, optional
        Minibatches after which training ends, in the middle of an epoch if need be.
    stopping : Patience, optional
        Early stopping by the error on validation images; None: never.
    validation : int, optional
        Training images that the source keeps for validation; None: it does not say.
    distortion : Distortion, optional
        Data augmentation; None: none.
    shuffle : bool
        Whether each epoch has an order of its own; if not, all epochs have the order in which the images are given.
    averaging : Averaging, optional
        Exponential moving average of the weights; None: the result has the last step's weights.
    distillation : Distillation, optional
        Knowledge distillation; None: labels are the targets.
    nondigits : float
        Non-digits that are added to the training images, as a fraction of their number, 0 to 10. Their target is the
        same probability for every class: see `lenet.synthesis.nondigits`.
    letterforms : float
        Drawn digits of other letterforms that are added, as a fraction of the training images' number, 0 to 10: see
        `lenet.synthesis.letterforms`.

    Raises
    ------
    ValueError
        If a value is out of its range, or values do not go together.
    """

    schedule: Schedule
    epochs: int = 10
    batch_size: int = 128
    loss: Loss = field(default_factory=CrossEntropy)
    optimizer: Optimizer = field(default_factory=Sgd)
    scale: Scale = PAPER_1998
    init: Init = "glorot"
    steps: int | None = None
    stopping: Patience | None = None
    validation: int | None = None
    distortion: Distortion | None = None
    shuffle: bool = True
    averaging: Averaging | None = None
    distillation: Distillation | None = None
    nondigits: float = 0.0
    letterforms: float = 0.0

    def __post_init__(self) -> None:
        self._check_types()
        require(1 <= self.epochs <= MAX_EPOCHS, f"{self.epochs} epochs; expected 1 to {MAX_EPOCHS:,}")
        require(1 <= self.batch_size <= 65536, f"a batch size of {self.batch_size}; expected 1 to 65536")
        steps = self.steps
        require(steps is None or 1 <= steps <= MAX_STEPS, f"{steps} steps; expected 1 to {MAX_STEPS:,}")
        holdout = self.validation
        require(holdout is None or holdout >= 0, f"{holdout} validation images; expected at least 0")
        for what in ("nondigits", "letterforms"):
            value = getattr(self, what)
            numeric = isinstance(value, int | float) and not isinstance(value, bool)
            require(numeric and 0 <= value <= 10, f"{what} is {value!r}; expected 0 to 10 times the training images")
        soft_targets = self.distillation is not None or self.nondigits > 0
        require(
            not soft_targets or isinstance(self.loss, CrossEntropy),
            f"the loss {type(self.loss).__name__} takes labels only; distillation and non-digits need CrossEntropy",
        )

    def _check_types(self) -> None:
        for what in ("epochs", "batch_size", "steps", "validation"):
            value = getattr(self, what)
            optional = what in ("steps", "validation") and value is None
            require(optional or is_whole(value), f"{what} is {value!r}; expected a whole number")
        for what, classes in _CLASSES.items():
            value = getattr(self, what)
            optional = value is None and what in _OPTIONAL
            names = ", ".join(cls.__name__ for cls in classes)
            fits = isinstance(value, classes) or optional or what == "init"
            require(fits, f"{what} is {value!r}; expected one of {names}")
        require(isinstance(self.shuffle, bool), f"shuffle is {self.shuffle!r}; expected true or false")
        require(
            isinstance(self.init, Truncated) or self.init in INITS,
            f"init is {self.init!r}; expected one of {', '.join(INITS)}, or Truncated",
        )

    @staticmethod
    def described(field: str, kind: str) -> dict[str, Any]:
        """Return the description of a part of a recipe, such as ``optimizer``, by its kind, such as ``Adam``.

        Numbers that have no default are None. ValueError for an unknown kind.
        """
        by_name = {cls.__name__: cls for cls in _CLASSES[field]}
        require(kind in by_name, f"{field} is {kind!r}; expected one of {', '.join(by_name)}")
        return {"kind": kind} | {
            each.name: None if each.default is MISSING else each.default
            for each in fields(by_name[kind])  # type: ignore[arg-type]
        }

    def rows(self) -> list[tuple[str, str]]:
        """Return the names of the fields that are set, and their values as text.

        Examples
        --------
        >>> import lenet
        >>> lenet.presets["lenet-keras"].recipe.rows()[:3]
        [('schedule', 'Constant(rate=0.01)'), ('epochs', '30'), ('batch_size', '128')]
        """
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        without = ("nondigits", "letterforms")
        return [
            (name, str(value))
            for name, value in values.items()
            if value is not None and not (name in without and value == 0)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain numbers, strings and dictionaries."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {key: value.to_dict() if isinstance(value, Tagged) else value for key, value in values.items()}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` described; ValueError if it is no such description."""
        try:
            values = {_FORMER_NAMES.get(key, key): value for key, value in data.items()}
            for key, classes in _CLASSES.items():
                if isinstance(values.get(key), Mapping):
                    by_name = {cls.__name__: cls for cls in classes}
                    kind, known = values[key].get("kind"), ", ".join(by_name)
                    require(kind in by_name, f"{key} is of the kind {kind!r}; expected a kind among {known}")
                    values[key] = by_name[kind].from_dict(values[key])
            return Recipe(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the description of a recipe: {error}") from error


_FORMER_NAMES = {"hands": "letterforms"}
"""What earlier files call some fields, and what these are called now."""
_OPTIONAL = ("stopping", "distortion", "averaging", "distillation")
_CLASSES: dict[str, tuple[type[Tagged], ...]] = {
    "loss": get_args(Loss),
    "optimizer": get_args(Optimizer),
    "schedule": get_args(Schedule),
    "scale": (Scale,),
    "init": (Truncated,),
    "stopping": (Patience,),
    "distortion": (Distortion,),
    "averaging": (Averaging,),
    "distillation": (Distillation,),
}
"""The classes that a field's value may have."""

KINDS = {what: tuple(cls.__name__ for cls in classes) for what, classes in _CLASSES.items()}
"""The kinds of value that a field of a recipe may have, by its name, where these have fields of their own."""
