"""The arrays of a network's weights: their names, shapes and order, as a mapping or as one flat vector.

`Weights` is a mapping from the paper's names to float32 arrays: ``"C1.weight"``, ``"C1.bias"``, ...
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lenet.spec import Conv, Spec

Array = NDArray[np.float32]
Weights = Mapping[str, Array]


class WeightsError(ValueError):
    """A file or a mapping does not hold the weights of its network; the message says what was expected."""


class Named(dict[str, Array]):
    """Arrays by their names; a name that is none of theirs is an error that lists them."""

    def __missing__(self, name: str) -> Array:
        raise KeyError(f"no array is called {name!r}; expected one of {', '.join(self)}")


def check(spec: Spec, weights: Weights) -> None:
    """Raise `WeightsError` unless `weights` are finite float32 arrays of just the names and shapes of `spec`."""
    missing, extra = sorted(set(spec.arrays) - set(weights)), sorted(set(weights) - set(spec.arrays))
    if missing or extra:
        raise WeightsError(
            f"arrays missing: {', '.join(missing) or 'none'}; arrays of no layer: {', '.join(extra) or 'none'}"
        )
    for name, shape in spec.arrays.items():
        array = weights[name]
        if array.shape != shape or array.dtype != np.float32:
            raise WeightsError(f"{name} is {array.dtype} {array.shape}; expected float32 {shape}")
        if not np.isfinite(array).all():
            raise WeightsError(f"{name} has {int((~np.isfinite(array)).sum())} values that are not finite")
    for layer, shape in spec.steps():
        if isinstance(layer, Conv) and layer.table is not None:
            if weights[f"{layer.name}.weight"][~layer.mask(shape[0])].any():
                raise WeightsError(f"{layer.name}.weight is not zero where the table has no connection")


def flatten(spec: Spec, weights: Weights) -> Array:
    """Return all arrays one after the other, in the order of `Spec.arrays`."""
    parts = [weights[name].ravel() for name in spec.arrays]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def unflatten(spec: Spec, flat: Array) -> dict[str, Array]:
    """Return the arrays as views of `flat`, which cannot be written to afterwards."""
    weights, at = {}, 0
    flat.flags.writeable = False
    for name, shape in spec.arrays.items():
        weights[name] = flat[at : at + math.prod(shape)].reshape(shape)
        at += math.prod(shape)
    return weights
