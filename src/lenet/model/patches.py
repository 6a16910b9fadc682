"""What excites a map most: for each map of a layer, the parts of images for which its units' outputs are largest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.model.arrays import Array
from lenet.model.inputs import as_images
from lenet.model.network import Network
from lenet.spec import Contrast, Conv, DeformPool, Dropout, Pool, Spec, Subsample

CHUNK = 500
"""Images whose layers are in memory at a time."""


@dataclass(frozen=True)
class ReceptiveField:
    """The part of the input that a unit sees: unit (row, column) of a layer starts at `start` + `step` times that.

    Attributes
    ----------
    size, step, start : (int, int)
        Rows and columns, in pixels of the network's input. A start below 0 is in the padding.
    """

    size: tuple[int, int]
    step: tuple[int, int]
    start: tuple[int, int]


def receptive_field(spec: Spec, name: str) -> ReceptiveField:
    """Return the receptive field of a layer's units; ValueError, listing the names, if no layer has that name.

    Examples
    --------
    >>> import lenet
    >>> from lenet.model.patches import receptive_field
    >>> receptive_field(lenet.presets["lenet5"].spec, "C3")
    ReceptiveField(size=(14, 14), step=(2, 2), start=(0, 0))
    """
    if name not in spec.shapes:
        raise ValueError(f"no layer is called {name!r}; expected one of {', '.join(spec.shapes)}")
    size, step, start = [1, 1], [1, 1], [0, 0]
    for layer, shape in spec.steps():
        before = (0, 0)
        match layer:
            case Conv():
                window, before = layer.size, layer.borders(shape)[:2]
            case Pool() | Subsample() | DeformPool():
                window = (layer.window, layer.window)
            case Contrast():
                window, before = (layer.window, layer.window), (layer.window // 2, layer.window // 2)
            case Dropout():
                window = (1, 1)
            case _:  # a dense layer sees everything
                window = shape[1:]
        for axis in (0, 1):
            size[axis] += (window[axis] - 1) * step[axis]
            start[axis] -= before[axis] * step[axis]
            step[axis] *= layer.step
        if layer.name == name:
            break
    return ReceptiveField((size[0], size[1]), (step[0], step[1]), (start[0], start[1]))


@dataclass(frozen=True)
class Patches:
    """For each map, the patches that excite it most, the strongest first.

    Attributes
    ----------
    patches : uint8 (maps, count, input maps, height, width)
        0 = paper, 255 = ink; what lies beyond the input is paper.
    outputs : float32 (maps, count)
        Of the unit that sees the patch.
    images : int (maps, count)
        From which image each comes.
    """

    patches: NDArray[np.uint8]
    outputs: Array
    images: NDArray[np.intp]


def strongest_patches(network: Network, images: ArrayLike, name: str, count: int = 9) -> Patches:
    """Return the patches of images that excite each map of a layer most, each of another image.

    Parameters
    ----------
    network : Network
    images : uint8 (n, height, width), or (n, maps, height, width)
        As `Network.predict` takes them; n at least `count`.
    name : str
        The layer's. The units of a dense layer see whole images.
    count : int
        How many patches for each map, at least 1.

    Raises
    ------
    ValueError, TypeError
        If no layer has that name, there are too few images, or the network does not take them.

    Examples
    --------
    >>> import lenet
    >>> digits, _ = lenet.data.digits("train")
    >>> from lenet.model.patches import strongest_patches
    >>> strongest_patches(lenet.load("lenet5"), digits, "C1").patches.shape
    (6, 9, 1, 5, 5)
    """
    field = receptive_field(network.spec, name)
    array = as_images(images, network.spec)
    if not 1 <= count <= len(array):
        raise ValueError(f"{count} patches of {len(array)} images; expected from 1 to the number of images")
    chunks = list(_best_units(network, array, name))
    outputs, units = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
    order = np.argsort(-outputs, axis=0, kind="stable")[:count].T
    maps, columns = np.arange(outputs.shape[1])[:, None], network.spec.shapes[name][2]
    patches = [
        [_patch(network.spec, array[i], field, divmod(int(units[i, m]), columns)) for i in order[m]] for m in maps[:, 0]
    ]
    return Patches(np.array(patches), outputs[order, maps], order)


def _best_units(network: Network, images: NDArray[np.uint8], name: str) -> Iterator[tuple[Array, NDArray[np.intp]]]:
    """Yield, for some images at a time, each map's largest output and the number of its unit: both (n, maps)."""
    for first in range(0, len(images), CHUNK):
        values = network.trace(images[first : first + CHUNK])[name]
        values = values.reshape(*values.shape[:2], -1)
        best = values.argmax(axis=2)
        yield np.take_along_axis(values, best[:, :, None], axis=2)[:, :, 0], best


def _patch(spec: Spec, image: NDArray[np.uint8], field: ReceptiveField, unit: tuple[int, int]) -> NDArray[np.uint8]:
    """Return what a unit (row, column) sees of an image: uint8 (maps, height, width)."""
    _, height, width = spec.input
    corner = [
        field.start[axis] + field.step[axis] * unit[axis] - (spec.input[axis + 1] - image.shape[axis + 1]) // 2
        for axis in (0, 1)
    ]
    paper = max(*field.size, height, width)  # enough around the image for any patch
    padded = np.pad(image, ((0, 0), (paper, paper), (paper, paper)))
    top, left = corner[0] + paper, corner[1] + paper
    return padded[:, top : top + field.size[0], left : left + field.size[1]]
