"""What a training minimises: losses as data. Their arithmetic is in the engine and in `lenet.engine.reference`."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.recipe.tagged import Tagged
from lenet.spec.checks import require_fraction, require_positive


@dataclass(frozen=True)
class CrossEntropy(Tagged):
    """-log of the right class's softmax probability.

    Parameters
    ----------
    smoothing : float
        Label smoothing: this fraction of the target, at least 0 and below 1, is spread over all classes.
    """

    smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction("label smoothing", self.smoothing)


@dataclass(frozen=True)
class Map(Tagged):
    """Eq. (9) of LeCun et al. 1998, the maximum a posteriori criterion, for `Rbf` outputs.

    E = y_right + log(exp(-rubbish) + sum over classes of exp(-y)), where y are squared distances: the right class's
    distance, plus the competition of all classes and of a rubbish class.

    Parameters
    ----------
    rubbish : float
        The paper's constant j, above 0. The paper does not give its value.
    """

    rubbish: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("rubbish", self.rubbish)


@dataclass(frozen=True)
class MeanSquared(Tagged):
    """Eq. (8) of LeCun et al. 1998, for `Rbf` outputs: the right class's squared distance."""


Loss = CrossEntropy | Map | MeanSquared
