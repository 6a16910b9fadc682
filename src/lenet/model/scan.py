"""A network as a sliding window over larger images: the space displacement network of LeCun et al. 1998, section VII.

A convolutional network over a wide input is itself at every position, and neighbouring positions share their sums. A
dense layer becomes a convolution whose kernel covers what the layer saw, with the same weights in the same order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.engine import backend, cpu
from lenet.model.arrays import Array
from lenet.model.calibration import softmax
from lenet.recipe import Scale
from lenet.spec import Contrast, Conv, DeformPool, Dense, Layer, Pool, Rbf, Shape, Spec, Subsample


def require_positions(spec: Spec) -> None:
    """Raise ValueError for a network whose answer depends on more than its window."""
    for layer in spec.layers:
        if isinstance(layer, Contrast):
            raise ValueError(
                f"{layer.name}: contrast normalisation sees a whole picture; it cannot be a sliding window"
            )


def sees_borders(layer: Layer) -> bool:
    """Return whether a layer's output in a window depends on what lies around the window."""
    if isinstance(layer, Conv):
        return layer.padding == "same"
    return isinstance(layer, Contrast | Rbf) or (isinstance(layer, Pool) and layer.border == "keep")


def positions(spec: Spec, height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of positions at which the network answers over an input of that size."""
    return list(output_shapes(spec, height, width).values())[-1][1:]


def output_shapes(spec: Spec, height: int, width: int) -> dict[str, Shape]:
    """Return the layers' output shapes over an input of that size; radial basis functions are left out."""
    shapes, shape = {}, (spec.input[0], height, width)
    for layer, window in spec.steps():
        if isinstance(layer, Rbf):
            continue
        convolution = Conv(layer.name, layer.units, window[1:]) if isinstance(layer, Dense) else layer
        shape = shapes[layer.name] = convolution.output(shape)
    return shapes


def last_pooling(spec: Spec) -> Layer | None:
    """Return the last layer that pools or subsamples; None if there is none."""
    return next((layer for layer in reversed(spec.layers) if isinstance(layer, Pool | Subsample | DeformPool)), None)


def scan_model(
    spec: Spec, flat: Array, scale: Scale, size: tuple[int, int], *, offsets: int = 1, isa: str = ""
) -> backend.Model:
    """Return a model that answers at every position of images of a size (height, width).

    Its scores are (classes, rows, columns) in a row. With several `offsets`, the windows of the last pooling begin in
    each of so many first columns, and the scores of each offset follow one another; the layers below are computed once
    for all. Radial basis functions are left out.
    """
    described: list[dict[str, Any]] = []
    for engine_layer, (layer, window) in zip(cpu.layers(spec), spec.steps(), strict=True):
        if isinstance(layer, Dense):
            engine_layer |= {"kind": "conv", "kernel_height": window[1], "kernel_width": window[2]}
        if offsets > 1 and layer is last_pooling(spec):
            engine_layer |= {"offsets": offsets}
        if not isinstance(layer, Rbf):
            described.append(engine_layer)
    return cpu.model_of_layers((spec.input[0], *size), described, flat, scale, isa=isa)


def layer_outputs(
    spec: Spec, flat: Array, scale: Scale, images: NDArray[np.uint8], *, softmax_output: bool = True
) -> dict[str, Array]:
    """Return every layer's output, (n, maps, rows, columns), for images (n, maps, height, width) larger than the input.

    A softmax layer's output is its probabilities, or its sums without `softmax_output`.
    """
    height, width = images.shape[2:]
    shapes = output_shapes(spec, height, width)
    model = scan_model(spec, flat, scale, (height, width))
    values = model.trace(images, False, [list(shape) for shape in shapes.values()])
    outputs = dict(zip(shapes, values, strict=True))
    last = spec.layers[-1]
    if isinstance(last, Rbf):
        outputs[last.name] = _squared_distances(outputs[spec.layers[-2].name], np.array(last.codes, np.float32))
    elif softmax_output and last.activation == "softmax":
        outputs[last.name] = softmax(outputs[last.name])
    return outputs


def _squared_distances(values: Array, codes: Array) -> Array:
    # Class by class: all differences at once would take ten times the memory.
    distances = [((values - code[:, None, None]) ** 2).sum(axis=1) for code in codes]
    return np.stack(distances, axis=1, dtype=np.float32)
