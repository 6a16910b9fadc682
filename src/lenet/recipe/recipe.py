"""Training as data: what is minimised, by which steps, how long, on which grey levels.

Everything here is a frozen dataclass of numbers; nothing here touches an image or a weight. ``replace`` of
the standard library's dataclasses makes a variation: ``replace(recipe, epochs=3)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any

from lenet.distort import Distortion
from lenet.layers import require
from lenet.schedule import Constant, Inverse, OneCycle, Patience, Schedule, Steps, positive, share

__all__ = [
    "INITS",
    "PAPER_1998",
    "Adam",
    "Averaging",
    "Constant",
    "CrossEntropy",
    "Distillation",
    "Init",
    "Inverse",
    "LevenbergMarquardt",
    "Loss",
    "Map",
    "MeanSquared",
    "OneCycle",
    "Optimizer",
    "Patience",
    "Recipe",
    "Scale",
    "Schedule",
    "Sgd",
    "Steps",
    "Truncated",
]


@dataclass(frozen=True)
class CrossEntropy:
    """-log of the right class's softmax probability; `smoothing` of the target is spread over all classes."""

    smoothing: float = 0.0

    def __post_init__(self) -> None:
        share("label smoothing", self.smoothing)


@dataclass(frozen=True)
class Map:
    """Eq. (9) of LeCun et al. 1998, for `Rbf` outputs: the right distance, plus log of the competition.

    E = y_right + log(exp(-rubbish) + sum over classes of exp(-y)). `rubbish` is the paper's constant j, whose
    value it does not give.
    """

    rubbish: float = 1.0

    def __post_init__(self) -> None:
        positive("rubbish", self.rubbish)


@dataclass(frozen=True)
class MeanSquared:
    """Eq. (8) of LeCun et al. 1998, for `Rbf` outputs: the right class's squared distance."""


Loss = CrossEntropy | Map | MeanSquared


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent, as PyTorch defines it.

    With g the gradient plus `weight_decay` times the weight: v = momentum v + g; the weight loses rate times v,
    or times g + momentum v (Nesterov).
    """

    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        share("momentum", self.momentum)
        require(self.weight_decay >= 0, f"weight decay is {self.weight_decay}; expected at least 0")
        require(not self.nesterov or self.momentum > 0, "Nesterov's step needs a momentum above 0")


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015); AdamW (Loshchilov and Hutter 2019) where `decoupled`."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = False

    def __post_init__(self) -> None:
        share("beta1", self.beta1)
        share("beta2", self.beta2)
        positive("epsilon", self.epsilon)
        require(self.weight_decay >= 0, f"weight decay is {self.weight_decay}; expected at least 0")


@dataclass(frozen=True)
class LevenbergMarquardt:
    """The stochastic diagonal Levenberg-Marquardt method of LeCun et al. 1998, appendix C.

    Before each epoch the loss's second derivative h by every weight is estimated as a mean over `samples` training
    images; then each weight w has a rate of its own, the schedule's divided by (`mu` + h), and loses that times the
    gradient. Terms off the Hessian's diagonal and the activations' own curvature are left out, so h is never negative.
    """

    mu: float = 0.02
    samples: int = 500

    def __post_init__(self) -> None:
        positive("mu", self.mu)
        require(type(self.samples) is int and self.samples >= 1, f"{self.samples} samples; expected a whole number > 0")


Optimizer = Sgd | Adam | LevenbergMarquardt


@dataclass(frozen=True)
class Scale:
    """Grey levels: what the network is given for paper (byte 0) and for ink (byte 255), linear between."""

    paper: float
    ink: float

    def __post_init__(self) -> None:
        require(
            abs(self.paper) <= 1e30 and abs(self.ink) <= 1e30 and self.paper != self.ink,
            f"paper is {self.paper} and ink {self.ink}; expected two different numbers",
        )


PAPER_1998 = Scale(-0.1, 1.175)
"""White and black of LeCun et al. 1998, section III.A: about mean 0 and variance 1 over the pixels."""

INITS = ("lecun1998", "lecun1998-root", "glorot", "he", "theano", "caffe")
"""First weights, uniform: ±2.4/fan-in (what the 1998 paper says), ±2.4/√fan-in (what its reported rates fit),
±√(6/(fan-in + fan-out)), ±√(6/fan-in); ``theano`` as ``glorot`` with a convolution's fan-out divided by the pooling
behind it and an output layer of zeros; ``caffe`` ±√(3/fan-in)."""


@dataclass(frozen=True)
class Truncated:
    """First weights from a normal distribution of standard deviation `sigma`, cut at two of them.

    Biases are `bias`, or (None) drawn as the weights are.
    """

    sigma: float
    bias: float | None = None

    def __post_init__(self) -> None:
        positive("sigma", self.sigma)


Init = str | Truncated


@dataclass(frozen=True)
class Averaging:
    """The network is the mean of the weights over the last steps, the latest counting most.

    An exponential moving average (Polyak and Juditsky 1992): what came `epochs` epochs ago counts 1/e of the latest,
    and in the beginning all count the same.
    """

    epochs: float

    def __post_init__(self) -> None:
        positive("the span of an average", self.epochs)


@dataclass(frozen=True)
class Distillation:
    """Targets from a teacher, which sees each image as the network does, distorted (Hinton, Vinyals and Dean 2015).

    Parameters
    ----------
    teacher : str
        The name of a network that comes with the package, unless training is given one.
    share : float
        How much of a target is the teacher's probabilities, above 0 and at most 1; the rest is the label's.
    rounds : int
        The teacher is asked about the images as so many epochs show them; then the same come again, in other orders.
    """

    teacher: str
    share: float = 1.0
    rounds: int = 40

    def __post_init__(self) -> None:
        require(isinstance(self.teacher, str), f"a teacher called {self.teacher!r}; expected the name of a network")
        require(type(self.rounds) is int and self.rounds >= 1, f"{self.rounds} rounds; expected a whole number > 0")
        require(0 < self.share <= 1, f"a teacher's share is {self.share}; expected above 0, at most 1")


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
        Images per step. A gradient is the mean over the minibatch; the last minibatch may be smaller.
    loss, optimizer
        What is minimised, and by which steps.
    scale : Scale
        Grey levels.
    init : str or Truncated
        How the first weights are drawn: one of `INITS`, or from a truncated normal distribution.
    steps : int, optional
        Minibatches after which training ends, in the middle of an epoch if need be.
    stopping : Patience, optional
        When to end before `epochs`, by the error on validation images; None: never.
    validation : int, optional
        Training images that the source holds out; None: it does not say.
    distortion : Distortion, optional
        How training images are distorted; None: not at all.
    shuffle : bool
        Whether each epoch has an order of its own; else all have that of the images as they are given.
    averaging : Averaging, optional
        Over which steps weights are averaged; None: the network has the last step's.
    distillation : Distillation, optional
        Whose answers are learnt instead of labels; None: labels.
    nondigits : float
        Pictures that are no digits, shown among the images, as a share of them. Their target is an even chance of
        every class: see `lenet.nondigits`.
    hands : float
        Digits as other hands write them, drawn, shown among the images, as a share of them: see `lenet.hands`.
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
    hands: float = 0.0

    def __post_init__(self) -> None:
        for what in ("epochs", "batch_size", "steps", "validation"):
            value = getattr(self, what)
            whole = isinstance(value, int) and not isinstance(value, bool)
            require(value is None or whole, f"{what} is {value!r}; expected a whole number")
        for what, kinds in _TAGGED.items():
            value = getattr(self, what)
            known = isinstance(value, kinds) or (value is None and what in _OPTIONAL) or what == "init"
            require(known, f"{what} is {value!r}; expected one of {', '.join(kind.__name__ for kind in kinds)}")
        require(isinstance(self.shuffle, bool), f"shuffle is {self.shuffle!r}; expected true or false")
        require(self.epochs >= 1, f"{self.epochs} epochs; expected at least 1")
        for some, what in ((self.nondigits, "non-digits"), (self.hands, "digits of other hands")):
            numeric = isinstance(some, int | float) and not isinstance(some, bool)
            require(numeric and 0 <= some <= 10, f"{what} are {some} of the images; expected 0 to 10")
        soft = self.distillation is not None or self.nondigits > 0
        require(
            not soft or isinstance(self.loss, CrossEntropy),
            f"the loss {type(self.loss).__name__} knows labels only; a teacher or non-digits need CrossEntropy",
        )
        require(1 <= self.batch_size <= 65536, f"a batch size of {self.batch_size}; expected 1 to 65536")
        require(
            isinstance(self.init, Truncated) or self.init in INITS,
            f"init {self.init!r} is none of {', '.join(INITS)}, nor Truncated",
        )
        require(self.steps is None or self.steps >= 1, f"{self.steps} steps; expected at least 1")
        require(
            self.validation is None or self.validation >= 0, f"{self.validation} images held out; expected at least 0"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain numbers, strings and dictionaries."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        for key in _TAGGED:
            if is_dataclass(values[key]):
                values[key] = {"kind": type(values[key]).__name__, **asdict(values[key])}
        return values

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` described; ValueError if it is no such description."""
        try:
            values = dict(data)
            for key, kinds in _TAGGED.items():
                if not isinstance(values.get(key), Mapping):
                    continue
                entry = dict(values[key])
                kind = {k.__name__: k for k in kinds}[entry.pop("kind")]
                if "steps" in entry:
                    entry["steps"] = tuple((int(n), float(rate)) for n, rate in entry["steps"])
                values[key] = kind(**entry)
            return Recipe(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the description of a recipe: {error}") from error


_OPTIONAL = ("stopping", "distortion", "averaging", "distillation")
_TAGGED: dict[str, tuple[type[Any], ...]] = {
    "loss": (CrossEntropy, Map, MeanSquared),
    "optimizer": (Sgd, Adam, LevenbergMarquardt),
    "schedule": (Constant, Steps, OneCycle, Inverse),
    "scale": (Scale,),
    "init": (Truncated,),
    "stopping": (Patience,),
    "distortion": (Distortion,),
    "averaging": (Averaging,),
    "distillation": (Distillation,),
}
