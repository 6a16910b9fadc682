"""A network's weights as pictures: the kernels of its convolutions, and their connection tables."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from lenet.model.network import Network
from lenet.plots.figure import (
    DARK,
    FRAME,
    MUTED,
    Floats,
    PathLike,
    Picture,
    Sheet,
    balanced_columns,
    diverging_colours,
    finished,
    limit_of,
)
from lenet.spec import Conv, Shape, Spec

WIDTH, LEFT, RIGHT, HEAD = 10.0, 1.9, 1.15, 0.95
"""Inches: the width of the kernels, what is to the left and to the right of them, and above."""
MAX_COLUMNS, MAX_CELL, MAX_ONLY_CELL = 64, 0.6, 1.0
"""Maps in a row; inches of a kernel at most, where a map has several and where it has one."""
CELL = 0.36
"""Inches of a cell of a connection table."""


def kernels(network: Network, path: PathLike | None = None, *, subject: str = "") -> Picture:
    """Draw the weights of every convolution: a column for each of its maps, a row for each map that it may see.

    Parameters
    ----------
    network : Network
    path : path, optional
        Where the picture goes.
    subject : str
        What the network is, for the line below the title.

    Returns
    -------
    matplotlib Figure
        Its axes are labelled with the name of the convolution and the number of the first map, such as ``C3 0``; many
        maps have several. One pixel is between kernels.

    Raises
    ------
    ValueError
        If the network has no convolution.
    """
    convolutions = [(layer, shape) for layer, shape in network.spec.steps() if isinstance(layer, Conv)]
    if not convolutions:
        raise ValueError("the network has no convolution, so it has no kernels to draw")
    names = ["INPUT", *network.spec.shapes]
    blocks = [_Block(network, layer, shape, names[names.index(layer.name) - 1]) for layer, shape in convolutions]
    sheet = Sheet(LEFT + WIDTH + RIGHT, HEAD + sum(block.height + 0.35 for block in blocks))
    has_table = any(not block.mask.all() for block in blocks)
    note = "a column for each map, a row for each map below" + ("; grey: not connected" if has_table else "")
    sheet.head(LEFT, "The kernels of every convolution", subject, note)
    top = HEAD
    for block in blocks:
        block.draw(sheet, top)
        top += block.height + 0.35
    return finished(sheet.figure, path)


class _Block:
    """The kernels of one convolution, wrapped where its maps are many."""

    def __init__(self, network: Network, layer: Conv, shape: Shape, below: str) -> None:
        self.layer, self.below = layer, below
        self.weights, self.mask = network.weights[f"{layer.name}.weight"], layer.mask(shape[0])
        self.columns = balanced_columns(layer.maps, MAX_COLUMNS)
        most = MAX_ONLY_CELL if shape[0] == 1 else MAX_CELL
        self.cell = min(most, WIDTH / self.columns)
        self.rows = -(-layer.maps // self.columns)
        self.tall = self.cell * shape[0] * (layer.size[0] + 1) / (layer.size[1] + 1)

    @property
    def height(self) -> float:
        """Inches."""
        return self.rows * (self.tall + 0.3) + 0.1

    def draw(self, sheet: Sheet, top: float) -> None:
        """Draw the kernels with the numbers of maps, their upper edge at a height of the sheet."""
        limit, name = limit_of(self.weights), self.layer.name
        for row in range(self.rows):
            first = row * self.columns
            weights, mask = self.weights[first : first + self.columns], self.mask[first : first + self.columns]
            place = (LEFT, top + 0.25 + row * (self.tall + 0.3), self.cell * len(weights), self.tall)
            axes = sheet.axes(place)
            axes.set_label(f"{name} {first}")
            norm = Normalize(-limit, limit)
            axes.imshow(mosaic(weights), diverging_colours(), norm, aspect="auto", interpolation="nearest")
            self._label(axes, first, len(weights))
            _frame_kernels(axes, mask, self.layer.size)
        middle = top + 0.25 + self.tall / 2
        style = {"ha": "right", "va": "center"}
        sheet.text(LEFT - 0.45, middle - 0.16, name, fontsize=11, weight="bold", **style)
        counts = f"{self.layer.maps} maps of {len(self.weights[0])}"
        about = f"{counts}\nkernels {self.layer.size[0]}x{self.layer.size[1]}"
        sheet.text(LEFT - 0.45, middle + 0.14, about, fontsize=7.5, color=MUTED, **style)
        sheet.value_bar(LEFT + WIDTH + 0.25, middle, limit, name)

    def _label(self, axes: Axes, first: int, count: int) -> None:
        height, width = (side + 1 for side in self.layer.size)
        small = min(8.0, max(4.5, 30 * self.cell))
        places = width * np.arange(count) + self.layer.size[1] / 2 + 0.5
        axes.set_xticks(places, [str(first + k) for k in range(count)], fontsize=small)
        axes.xaxis.tick_top()
        inputs = self.weights.shape[1]
        axes.set_yticks(height * np.arange(inputs) + self.layer.size[0] / 2 + 0.5, map(str, range(inputs)))
        axes.tick_params(axis="y", labelsize=small)
        axes.tick_params(length=0, pad=1.5)
        axes.set_ylabel(self.below, fontsize=7, color=MUTED, labelpad=2)


def mosaic(kernels: Floats) -> Floats:
    """Return kernels (maps, inputs, height, width) side by side: maps from left to right, inputs from top to bottom.

    Around each kernel is a pixel that is not a number.
    """
    framed = np.pad(kernels.astype(np.float32), ((0, 0), (0, 0), (1, 0), (1, 0)), constant_values=np.nan)
    maps, inputs, height, width = framed.shape
    tiled = framed.transpose(1, 2, 0, 3).reshape(inputs * height, maps * width)
    return np.pad(tiled, ((0, 1), (0, 1)), constant_values=np.nan)


def _frame_kernels(axes: Axes, mask: NDArray[np.bool_], size: tuple[int, int]) -> None:
    """Draw a frame around each kernel, and grey over those that the connection table leaves out: (maps, inputs)."""
    height, width = size
    for side in axes.spines.values():
        side.set_visible(False)
    for connected, colour in ((True, "none"), (False, "#dddddd")):
        frames = [
            Rectangle((column * (width + 1) + 0.5, row * (height + 1) + 0.5), width, height)
            for column, row in np.argwhere(mask == connected)
        ]
        axes.add_collection(PatchCollection(frames, edgecolor=FRAME, linewidth=0.5, facecolor=colour))


def connection_table(spec: Spec | Network, path: PathLike | None = None, *, name: str | None = None) -> Picture:
    """Draw which maps below each map of a convolution sees, and how its parameters are counted.

    Parameters
    ----------
    spec : Spec or Network
    path : path, optional
        Where the picture goes.
    name : str, optional
        The convolution's; by default the first one with a connection table.

    Raises
    ------
    ValueError
        If no convolution has a connection table, or none has that name.
    """
    layer, shape, below = _convolution_with_table(spec.spec if isinstance(spec, Network) else spec, name)
    mask = layer.mask(shape[0]).T
    rows, columns = mask.shape
    sheet = Sheet(CELL * columns + 2.2, CELL * rows + 2.1)
    sheet.head(0.5, f"Which maps of {below} each map of {layer.name} sees")
    place = (1.4, 1.1, CELL * columns, CELL * rows)
    axes = sheet.axes(place)
    axes.set_label(layer.name)
    axes.imshow(mask, aspect="auto", cmap=ListedColormap(["white", DARK]), vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks(range(columns), map(str, range(columns)), fontsize=9)
    axes.set_yticks(range(rows), map(str, range(rows)), fontsize=9)
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=FRAME, linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(f"map of {layer.name}", fontsize=9)
    axes.set_ylabel(f"map of {below}", fontsize=9)
    for side in axes.spines.values():
        side.set(color=FRAME, linewidth=0.8)
    sheet.text(0.5, 1.3 + CELL * rows, _arithmetic(layer, shape), fontsize=9.5, color=MUTED, linespacing=1.5)
    return finished(sheet.figure, path)


def _convolution_with_table(spec: Spec, name: str | None) -> tuple[Conv, Shape, str]:
    """Return a convolution, its input's shape and the name of the layer below."""
    below, convolutions = "INPUT", {}
    for layer, shape in spec.steps():
        if isinstance(layer, Conv):
            convolutions[layer.name] = (layer, shape, below)
        below = layer.name
    if name is not None:
        if name not in convolutions:
            names = ", ".join(convolutions) or "none"
            raise ValueError(f"no convolution is called {name!r}; the network has {names}")
        return convolutions[name]
    with_table = [entry for entry in convolutions.values() if entry[0].table is not None]
    if not with_table:
        raise ValueError(
            "no convolution has a connection table: each of its maps sees all maps below; that of lenet5 has one"
        )
    return with_table[0]


def _arithmetic(layer: Conv, shape: Shape) -> str:
    """Return how a convolution's parameters are counted, as two lines of text."""
    pairs, weights = int(layer.mask(shape[0]).sum()), layer.size[0] * layer.size[1]
    everything = layer.maps * shape[0]
    of_all = "" if pairs == everything else f", of {everything} possible ones"
    kernel = f"a kernel of {layer.size[0]}x{layer.size[1]} = {weights} weights"
    return (
        f"{pairs} connections of maps{of_all}, each with {kernel}\n"
        f"{pairs} x {weights} weights + {layer.maps} biases = {layer.parameters(shape):,} parameters"
    )
