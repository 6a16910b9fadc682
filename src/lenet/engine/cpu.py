"""The native engine: turns a `Spec` and a `Recipe` into the terms of the extension module, and nothing more.

Images are uint8 arrays (n, maps, height, width), 0 = paper and 255 = ink; the engine applies the grey levels.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet import _engine
from lenet.engine import backend
from lenet.recipe import Adam, CrossEntropy, Distortion, LevenbergMarquardt, Loss, Map, Optimizer, Recipe, Scale, Sgd
from lenet.recipe.distortion import ALL_DISTORTIONS, MAX_RANGES
from lenet.spec import Contrast, Conv, DeformPool, Dense, Dropout, Layer, Pool, Rbf, Shape, Spec, Subsample

MAX_THREADS = 1024
TILE_IMAGES = 16
"""Images that the engine processes side by side; so many of a minibatch are the smallest work for one thread."""

permutation = _engine.permutation
measure_peak = _engine.measure_peak


@cache
def _available() -> int:
    return int(_engine.available_threads())


def threads_to_use(threads: int | None = None) -> int:
    """Return the number of threads to use: `threads`, else LENET_NUM_THREADS, else all available processors.

    Available are the processors that this process may run on, at most as many as its control group's quota allows.

    Raises
    ------
    ValueError
        If the number is not between 1 and 1024, or the variable holds no number.
    """
    what, value = "threads", threads
    if value is None:
        text = os.environ.get("LENET_NUM_THREADS", "")
        if not text:
            return _available()
        what, value = "LENET_NUM_THREADS", int(text) if text.isascii() and text.isdigit() else None
        if value is None:
            raise ValueError(f"{what} is {text!r}; expected a whole number from 1 to {MAX_THREADS}")
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= MAX_THREADS:
        raise ValueError(f"{what} is {value!r}; expected a whole number from 1 to {MAX_THREADS}")
    return int(value)


def isa(name: str = "") -> tuple[str, str, int, bool]:
    """Return the instruction set in use: its name, what its code was compiled for, lanes, fused or not.

    An empty name means LENET_ISA, else the fastest. ValueError if this processor does not run it.
    """
    return _engine.isa(name)


def supported_isas() -> list[str]:
    """Return the instruction sets that this processor runs, the fastest first."""
    return list(_engine.supported_isas())


def _layer(layer: Layer, shape: Shape) -> dict[str, Any]:
    """Return a layer that takes inputs of a shape in the engine's terms."""
    described = _kind(layer, shape)
    # The engine leaves the softmax of the output layer to the loss.
    return described | {"activation": "linear" if layer.activation == "softmax" else layer.activation}


def _kind(layer: Layer, shape: Shape) -> dict[str, Any]:
    match layer:
        case Conv():
            height, width = layer.size
            mask = layer.mask(shape[0])
            return {
                "kind": "conv",
                "maps": layer.maps,
                "kernel_height": height,
                "kernel_width": width,
                "same": layer.padding == "same",
                "stride": layer.stride,
                "table": [] if mask.all() else mask.ravel().tolist(),
            }
        case Subsample():
            return {"kind": "subsample", "window": layer.window, "stride": layer.step}
        case Pool():
            window = {"pool": layer.method, "window": layer.window, "stride": layer.step}
            return {"kind": "pool", **window, "keep": layer.border == "keep"}
        case DeformPool():
            return {"kind": "deform", "window": layer.window, "stride": layer.step}
        case Contrast():
            return {"kind": "contrast", "window": layer.window, "window_weights": list(layer.weights)}
        case Dropout():
            return {"kind": "dropout", "rate": layer.rate}
        case Dense():
            return {"kind": "dense", "maps": layer.units}
        case Rbf():
            return {"kind": "rbf", "maps": len(layer.codes), "codes": [v for code in layer.codes for v in code]}
    raise TypeError(f"the engine has no {type(layer).__name__}")


def layers(spec: Spec) -> list[dict[str, Any]]:
    """Return the layers in the engine's terms."""
    return [_layer(layer, shape) for layer, shape in spec.steps()]


def model(spec: Spec, flat: NDArray[np.float32], scale: Scale, *, isa: str = "") -> backend.Model:
    """Return a network that answers; `flat` are its weights in the order of `Spec.arrays`."""
    return model_of_layers(spec.input, layers(spec), flat, scale, isa=isa)


def model_of_layers(
    shape: Shape, described: list[dict[str, Any]], flat: NDArray[np.float32], scale: Scale, *, isa: str = ""
) -> backend.Model:
    """Return a network that answers for inputs of a shape, from layers in the engine's terms."""
    return _engine.Model(shape, described, flat, (scale.paper, scale.ink), isa)


def _loss(loss: Loss, spec: Spec) -> Mapping[str, Any]:
    if isinstance(loss, CrossEntropy):
        return {"kind": "cross_entropy", "smoothing": loss.smoothing}
    if not isinstance(spec.layers[-1], Rbf):
        raise ValueError(f"the loss {type(loss).__name__} needs an output layer of radial basis functions")
    if isinstance(loss, Map):
        return {"kind": "map", "rubbish": loss.rubbish}
    return {"kind": "mean_squared"}


_OPTIMIZERS = {Sgd: "sgd", Adam: "adam", LevenbergMarquardt: "levenberg"}


def _update(optimizer: Optimizer) -> Mapping[str, Any]:
    return {"kind": _OPTIMIZERS[type(optimizer)], **asdict(optimizer)}


def _ranges(distortion: Distortion | None) -> dict[str, float]:
    """Return the ranges of a distortion in the engine's units: radians for degrees; empty for no distortion."""
    if distortion is None:
        return {}
    ranges = {name: float(value) for name, value in asdict(distortion).items()}
    return {**ranges, "rotation": math.radians(distortion.rotation)}


def trainer(spec: Spec, flat: NDArray[np.float32], recipe: Recipe, *, seed: int = 0, isa: str = "") -> backend.Trainer:
    """Return a network that learns by a recipe's loss, optimizer, minibatches, grey levels and distortion.

    `flat` are the initial weights in the order of `Spec.arrays`; the optimizer is at its start. `seed` is that of what
    layers and distortions draw; images are distorted in epochs counted from 1.
    """
    if isinstance(recipe.optimizer, LevenbergMarquardt):
        for layer in spec.layers:
            if isinstance(layer, Contrast):
                raise ValueError(f"{layer.name}: second derivatives do not go through contrast normalisation")
    grey_levels = (recipe.scale.paper, recipe.scale.ink)
    loss, update = _loss(recipe.loss, spec), _update(recipe.optimizer)
    ranges = _ranges(recipe.distortion)
    return _engine.Trainer(
        spec.input, layers(spec), flat, grey_levels, loss, update, recipe.batch_size, seed, ranges, isa
    )


def distorted(
    images: NDArray[np.uint8],
    distortion: Distortion,
    seed: int = 0,
    *,
    epoch: int = 1,
    samples: NDArray[np.uint32] | None = None,
    threads: int = 1,
    isa: str = "",
) -> NDArray[np.uint8]:
    """Return images (n, maps, height, width) as a training of that seed sees them in an epoch, counted from 1.

    `samples` are their places among the training images; by default 0, 1, ...
    """
    if samples is None:
        samples = np.arange(len(images), dtype=np.uint32)
    return _engine.distort(images, _ranges(distortion), seed, epoch, samples, threads, isa)


def distortion_examples(image: NDArray[np.uint8], seed: int = 0, count: int = 12) -> dict[str, NDArray[np.uint8]]:
    """Return examples, (count, maps, height, width), of an image with each distortion, and with all.

    The image is (height, width) or (maps, height, width). The ranges are those of `ALL_DISTORTIONS`; a ruled line is
    drawn on every example of ``lines``.
    """
    copies = np.repeat(image.reshape(1, -1, *image.shape[-2:]), count, axis=0)
    spacing = ALL_DISTORTIONS.spacing
    each = {kind: Distortion(**{"spacing": spacing, kind: getattr(ALL_DISTORTIONS, kind)}) for kind in MAX_RANGES}
    each["lines"] = Distortion(lines=1.0)
    each["everything"] = ALL_DISTORTIONS
    return {name: distorted(copies, distortion, seed) for name, distortion in each.items()}
