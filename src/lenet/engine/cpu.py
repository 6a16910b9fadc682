"""The Python face of the native engine: turns a `Spec` and a `Recipe` into its terms, and nothing more.

Images are uint8 arrays (n, maps, height, width), 0 = paper and 255 = ink; the engine applies the grey levels.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet import _engine
from lenet.distort import EVERYTHING, MOST, Distortion
from lenet.recipe import Adam, CrossEntropy, LevenbergMarquardt, Loss, Map, Optimizer, Scale, Sgd
from lenet.spec import Contrast, Conv, DeformPool, Dense, Layer, Pool, Rbf, Shape, Spec, Subsample

MOST_THREADS = 1024
TILE = 16
"""Images that the engine takes side by side; so many of a minibatch are one thread's work."""

Model = _engine.Model
Trainer = _engine.Trainer
permutation = _engine.permutation
measure_peak = _engine.measure_peak


@cache
def _available() -> int:
    return int(_engine.available_threads())


def threads_to_use(threads: int | None = None) -> int:
    """Return how many threads serve: `threads`, else LENET_NUM_THREADS, else the processors at hand.

    Those are the ones this process may run on, and no more than its control group's quota pays for.

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
            raise ValueError(f"{what} is {text!r}; expected a whole number from 1 to {MOST_THREADS}")
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= MOST_THREADS:
        raise ValueError(f"{what} is {value!r}; expected a whole number from 1 to {MOST_THREADS}")
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
    activation = "linear" if layer.squash == "softmax" else layer.squash
    match layer:
        case Conv():
            height, width = layer.size
            table = np.zeros((layer.maps, shape[0]), np.uint8)
            for m, row in enumerate(layer.inputs_of(shape)):
                table[m, list(row)] = 1
            return {
                "kind": "conv",
                "maps": layer.maps,
                "kernel_height": height,
                "kernel_width": width,
                "same": layer.padding == "same",
                "table": [] if table.all() else table.ravel().tolist(),
                "activation": activation,
            }
        case Subsample():
            return {"kind": "subsample", "window": layer.window, "stride": layer.step, "activation": activation}
        case Pool():
            window = {"pool": layer.method, "window": layer.window, "stride": layer.step}
            return {"kind": "pool", **window, "keep": layer.border == "keep", "activation": activation}
        case DeformPool():
            return {"kind": "deform", "window": layer.window, "stride": layer.step, "activation": activation}
        case Contrast():
            window = {"window": layer.window, "window_weights": list(layer.weights)}
            return {"kind": "contrast", **window, "activation": activation}
        case Dense():
            return {"kind": "dense", "maps": layer.units, "activation": activation}
        case Rbf():
            return {"kind": "rbf", "maps": len(layer.codes), "codes": [v for code in layer.codes for v in code]}
    raise TypeError(f"the engine has no {type(layer).__name__}")


def layers(spec: Spec) -> list[dict[str, Any]]:
    """Return the layers in the engine's terms."""
    return [_layer(layer, shape) for layer, shape in spec.steps()]


def swept_layers(spec: Spec) -> list[dict[str, Any]]:
    """Return the layers as a network that sweeps over larger inputs: dense layers as convolutions.

    A dense layer's weights are those of a convolution whose kernel covers what the layer saw, in the same order.
    Radial basis functions, which have none, are left out.
    """
    described = []
    for layer, shape in spec.steps():
        if isinstance(layer, Rbf):
            continue
        entry = _layer(layer, shape)
        if isinstance(layer, Dense):
            entry |= {"kind": "conv", "kernel_height": shape[1], "kernel_width": shape[2]}
        described.append(entry)
    return described


def swept_shapes(spec: Spec, height: int, width: int) -> dict[str, Shape]:
    """Return the layers' shapes over an input of that size, radial basis functions left out."""
    shapes, now = {}, (spec.input[0], height, width)
    for layer, shape in spec.steps():
        if isinstance(layer, Rbf):
            continue
        swept = Conv(layer.name, layer.units, shape[1:]) if isinstance(layer, Dense) else layer
        now = shapes[layer.name] = swept.output(now)
    return shapes


def sweep(
    spec: Spec, flat: NDArray[np.float32], scale: Scale, images: NDArray[np.uint8], isa: str = ""
) -> dict[str, NDArray[np.float32]]:
    """Return every layer's output, (n, maps, rows, columns), before any softmax, for images of any larger size."""
    shapes = swept_shapes(spec, *images.shape[2:])
    network = swept(spec, flat, scale, images.shape[2], images.shape[3], isa)
    outputs = network.trace(images, False, [list(shape) for shape in shapes.values()])
    return dict(zip(shapes, outputs, strict=True))


def swept_places(spec: Spec, height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of places at which a network that sweeps over an input of that size answers."""
    return list(swept_shapes(spec, height, width).values())[-1][1:]


def swept(
    spec: Spec, flat: NDArray[np.float32], scale: Scale, height: int, width: int, isa: str = "", offsets: int = 1
) -> Model:
    """Return a network that answers at every place of larger images: its scores are (classes, rows, columns) in a row.

    With several `offsets` the windows of the last pooling begin in each of so many first columns, and the scores of
    each follow one another: what lies before is the same for all. Radial basis functions are left out.
    """
    described = swept_layers(spec)
    if offsets > 1:
        next(layer for layer in reversed(described) if "stride" in layer)["offsets"] = offsets
    return Model((spec.input[0], height, width), described, flat, (scale.paper, scale.ink), isa)


def model(spec: Spec, flat: NDArray[np.float32], scale: Scale, isa: str = "") -> Model:
    """Return a network that answers; `flat` are its weights in the order of `Spec.arrays`."""
    return Model(spec.input, layers(spec), flat, (scale.paper, scale.ink), isa)


def _loss(loss: Loss, spec: Spec) -> Mapping[str, Any]:
    distances = isinstance(spec.layers[-1], Rbf)
    if isinstance(loss, CrossEntropy):
        return {"kind": "cross_entropy", "smoothing": loss.smoothing}
    if not distances:
        raise ValueError(f"the loss {type(loss).__name__} needs an output layer of radial basis functions")
    if isinstance(loss, Map):
        return {"kind": "map", "rubbish": loss.rubbish}
    return {"kind": "mean_squared"}


_OPTIMIZERS = {Sgd: "sgd", Adam: "adam", LevenbergMarquardt: "levenberg"}


def _update(optimizer: Optimizer) -> Mapping[str, Any]:
    return {"kind": _OPTIMIZERS[type(optimizer)], **asdict(optimizer)}


def distorted(
    images: NDArray[np.uint8],
    distortion: Distortion,
    seed: int = 0,
    epoch: int = 1,
    isa: str = "",
    numbers: NDArray[np.uint32] | None = None,
    threads: int = 1,
) -> NDArray[np.uint8]:
    """Return images (n, maps, height, width) as a training of that seed sees them in an epoch, from 1 on.

    `numbers` are their places among the training images; by default 0, 1, ...
    """
    if numbers is None:
        numbers = np.arange(len(images), dtype=np.uint32)
    return _engine.distort(images, distortion.engine(), seed, epoch, numbers, threads, isa)


def sheet(image: NDArray[np.uint8], seed: int = 0, looks: int = 12) -> dict[str, NDArray[np.uint8]]:
    """Return an image (height, width) as each kind of distortion changes it, and all of them: (looks, height, width).

    The ranges are those of `lenet.distort.EVERYTHING`; a ruled line is drawn on every one.
    """
    same = np.repeat(image[None, None], looks, axis=0)
    spacing = EVERYTHING.spacing
    kinds = {kind: Distortion(**{"spacing": spacing, kind: getattr(EVERYTHING, kind)}) for kind in MOST}
    kinds["lines"] = Distortion(lines=1.0)
    return {name: distorted(same, kind, seed)[:, 0] for name, kind in {**kinds, "everything": EVERYTHING}.items()}


def trainer(
    spec: Spec,
    flat: NDArray[np.float32],
    scale: Scale,
    loss: Loss,
    optimizer: Optimizer,
    batch_size: int,
    isa: str = "",
    seed: int = 0,
    distortion: Distortion | None = None,
) -> Trainer:
    """Return a network that learns, with the optimiser's state at its start.

    `seed` is of what layers and distortions draw; images are distorted in epochs from 1 on.
    """
    if isinstance(optimizer, LevenbergMarquardt):
        for layer in spec.layers:
            if isinstance(layer, Contrast):
                raise ValueError(f"{layer.name}: second derivatives do not go through contrast normalisation")
    update, grey = _update(optimizer), (scale.paper, scale.ink)
    bent = distortion.engine() if distortion else {}
    return Trainer(spec.input, layers(spec), flat, grey, _loss(loss, spec), update, batch_size, seed, bent, isa)
