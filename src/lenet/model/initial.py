"""Initial weights of a network, drawn from the distribution that a recipe names."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lenet.model.arrays import Array
from lenet.recipe import INITS, Init, Truncated
from lenet.spec import Conv, DeformPool, Layer, Pool, Shape, Spec, Subsample


def initial_weights(spec: Spec, init: Init, seed: int) -> dict[str, Array]:
    """Return initial weights by their names, each array drawn from a random stream of its own.

    Parameters
    ----------
    spec : Spec
    init : str or Truncated
        The distribution: see `lenet.recipe.INITS` and `lenet.recipe.Truncated`. Biases are 0 unless it says otherwise;
        a subsampling's coefficients make it a mean; deformation pooling has no penalty.
    seed : int
        0 to 2**64 - 1. The numbers come from the raw output of Philox (4x64, ten rounds), which NumPy promises to keep.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed!r}; expected a whole number from 0 to 2**64 - 1")
    if not isinstance(init, Truncated) and init not in INITS:
        raise ValueError(f"init is {init!r}; expected one of {', '.join(INITS)}, or Truncated")
    weights: dict[str, Array] = {}
    for layer, shape in spec.steps():
        for short, size in layer.arrays(shape).items():
            key = np.array([int(seed), len(weights)], np.uint64)
            raw = np.random.Philox(key=key).random_raw(math.prod(size))
            uniform = np.asarray((raw >> np.uint64(11)) * 2.0**-52 - 1.0, np.float64).reshape(size)  # on [-1, 1)
            array = _fixed(layer, short, size)
            if array is None:
                array = _drawn(init, spec, layer, shape, short, uniform)
            if isinstance(layer, Conv) and short == "weight":
                array[~layer.mask(shape[0])] = 0
            weights[f"{layer.name}.{short}"] = array.astype(np.float32)
    return weights


def _fixed(layer: Layer, short: str, size: tuple[int, ...]) -> NDArray[np.float64] | None:
    """Return the initial values of an array that is not drawn; None if it is."""
    if isinstance(layer, Subsample) and short == "weight":
        return np.full(size, 1.0 / layer.window**2)
    return np.zeros(size) if isinstance(layer, DeformPool) else None


def _drawn(
    init: Init, spec: Spec, layer: Layer, shape: Shape, short: str, uniform: NDArray[np.float64]
) -> NDArray[np.float64]:
    if isinstance(init, Truncated):
        fixed = short == "bias" and init.bias is not None
        return np.full(uniform.shape, init.bias, np.float64) if fixed else init.sigma * _truncated_normal(uniform)
    return np.zeros(uniform.shape) if short == "bias" else uniform * _bound(init, spec, layer, shape)


def _truncated_normal(uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn numbers uniform on [-1, 1) into ones from the standard normal distribution cut at -2 and 2."""
    grid = np.linspace(-2, 2, 4097)
    below = np.array([math.erf(x / math.sqrt(2)) for x in grid]) / math.erf(math.sqrt(2))
    return np.interp(uniform, below, grid)


def _bound(init: str, spec: Spec, layer: Layer, shape: Shape) -> float:
    fan_in, fan_out = layer.fan_in(shape), layer.fan_out(shape)
    if init == "theano":
        if layer is spec.layers[-1]:
            return 0.0
        next_layer = spec.layers[spec.layers.index(layer) + 1]
        fan_out //= next_layer.window**2 if isinstance(next_layer, Pool) else 1
    bounds = {
        "lecun1998": 2.4 / fan_in,
        "lecun1998-root": 2.4 / math.sqrt(fan_in),
        "he": math.sqrt(6 / fan_in),
        "caffe": math.sqrt(3 / fan_in),
    }
    return bounds.get(init, math.sqrt(6 / (fan_in + fan_out)))
