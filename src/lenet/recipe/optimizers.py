"""How a training steps: optimizers as data. Their arithmetic is in the engine's ``optimizer.inl``."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.recipe.tagged import Tagged
from lenet.spec.checks import require, require_fraction, require_positive


def _require_weight_decay(value: float) -> None:
    require(value >= 0, f"weight decay is {value}; expected at least 0")


@dataclass(frozen=True)
class Sgd(Tagged):
    """Stochastic gradient descent, as PyTorch defines it.

    With g the gradient plus `weight_decay` times the weight: v = momentum v + g; the weight loses the learning rate
    times v, or times g + momentum v (Nesterov).
    """

    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction("momentum", self.momentum)
        _require_weight_decay(self.weight_decay)
        require(not self.nesterov or self.momentum > 0, "Nesterov's step needs a momentum above 0")


@dataclass(frozen=True)
class Adam(Tagged):
    """Adam (Kingma and Ba 2015); AdamW (Loshchilov and Hutter 2019) where `decoupled`."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction("beta1", self.beta1)
        require_fraction("beta2", self.beta2)
        require_positive("epsilon", self.epsilon)
        _require_weight_decay(self.weight_decay)


@dataclass(frozen=True)
class LevenbergMarquardt(Tagged):
    """The stochastic diagonal Levenberg-Marquardt method of LeCun et al. 1998, appendix C.

    Before each epoch the loss's second derivative h by every weight is estimated as a mean over `samples` training
    images. Then each weight w has a learning rate of its own, the schedule's divided by (`mu` + h), and loses that
    times the gradient. Terms off the Hessian's diagonal and the second derivatives of activation functions are left
    out, so h is never negative.
    """

    mu: float = 0.02
    samples: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("mu", self.mu)
        require(self.samples >= 1, f"{self.samples} samples; expected a whole number > 0")


Optimizer = Sgd | Adam | LevenbergMarquardt
