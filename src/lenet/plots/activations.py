"""What a network's layers give for an image: all layers on one sheet, or one layer large.

Every map of a layer has the same colour scale, which is drawn beside it. Subsampling is drawn below the maps that it
subsamples, its pixels as much larger as it makes them. The answer is the darkest bar, whatever the output layer is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from lenet.image.colours import diverging
from lenet.model.network import Network
from lenet.model.rejection import as_percent
from lenet.model.trace import Trace
from lenet.plots.figure import (
    ALARM,
    DARK,
    FRAME,
    GREY,
    LIGHT,
    MUTED,
    Floats,
    PathLike,
    Picture,
    Sheet,
    balanced_columns,
    finished,
    limit_of,
    shape_text,
)
from lenet.plots.verdict import Verdict, traced, verdict
from lenet.spec import Conv, DeformPool, Layer, Pool, Rbf, Subsample

LEFT, MIDDLE, RIGHT = 1.9, 9.6, 1.1
"""Inches of the three columns of a sheet: names, maps, colour scales."""
HEAD, GAP, SMALL_GAP = 0.95, 0.34, 0.08
"""Inches above the first layer, between layers, between maps."""
MAX_COLUMNS, MAX_UNITS = 16, 128
"""Maps and units in a row."""
MAX_MAP, UNIT_ROW, BARS, MIN_ROW = 1.15, 0.28, 1.25, 0.42
"""Inches: the width of a map at most, the height of a row of units and of the bars, the height of a layer at least."""
MAX_LARGE, LARGE_GAP = 2.4, 0.34
"""Inches: the width of a map, at most, and the gap beside it where one layer is drawn."""
MAX_LABELLED, MIN_LABELLED = 12, 0.5
"""With more classes than this, only the answer's bar has its probability; bars of fewer percent have none."""


def layers(
    network: Network, image: ArrayLike, path: PathLike | None = None, *, subject: str = "", reject: float | None = None
) -> Picture:
    """Draw every layer's output for an image, and the answer with its probability.

    Parameters
    ----------
    network : Network
    image : uint8 (height, width), or (maps, height, width)
        0 = paper, 255 = ink; as one of the images that `Network.predict` takes.
    path : path, optional
        Where the picture goes.
    subject : str
        What the image is, for the line below the title.
    reject : float, optional
        The error wanted among accepted answers, 0 to 1: answers below the rejection threshold for it are marked as not
        confident. See `lenet.plots.verdict.verdict` for what is done without.

    Returns
    -------
    matplotlib Figure
        Its images are labelled with the names of the layers and the numbers of the maps, such as ``C1 0``.

    Raises
    ------
    ValueError, TypeError
        If the network does not take such an image, or its calibration does not support such an error.

    Examples
    --------
    >>> import lenet
    >>> from lenet.reading import normalised
    >>> figure = lenet.plots.layers(lenet.load("lenet5"), normalised("examples/digits/7.png"))
    """
    trace, probabilities = traced(network, image)
    judged = verdict(network, probabilities, reject)
    rows = list(_rows(network, trace, judged))
    height = HEAD + sum(row.height + GAP for row in rows) + 0.25
    sheet = Sheet(LEFT + MIDDLE + RIGHT, height)
    lines = "\n".join(filter(None, (subject, judged.explanation)))
    sheet.head(LEFT, judged.title, lines, color=ALARM if judged.reason else "black")
    top = HEAD
    for row in rows:
        row.draw(sheet, top)
        top += row.height + GAP
    return finished(sheet.figure, path)


@dataclass(frozen=True)
class _Row:
    """A layer on the sheet: what all rows have."""

    name: str
    label: str
    values: Floats

    @property
    def height(self) -> float:
        """Inches."""
        raise NotImplementedError

    def draw(self, sheet: Sheet, top: float) -> None:
        """Draw the layer, its upper edge at a height of the sheet."""
        raise NotImplementedError

    def _name(self, sheet: Sheet, middle: float) -> None:
        right = LEFT - 0.2
        sheet.text(right, middle - 0.01, self.name, ha="right", va="bottom", fontsize=10, weight="bold")
        sheet.text(right, middle + 0.02, self.label, ha="right", va="top", fontsize=7.5, color=MUTED)


@dataclass(frozen=True)
class _Input(_Row):
    """The input: its maps in grey."""

    levels: tuple[float, float]

    @property
    def height(self) -> float:
        return MAX_MAP

    def draw(self, sheet: Sheet, top: float) -> None:
        width = MAX_MAP * self.values.shape[2] / self.values.shape[1]
        for number, values in enumerate(self.values):
            place = (LEFT + number * (width + SMALL_GAP), top, width, MAX_MAP)
            sheet.grey(place, values, self.levels, f"{self.name} {number}")
        self._name(sheet, top + MAX_MAP / 2)
        sheet.colour_bar(LEFT + MIDDLE + 0.2, top + MAX_MAP / 2, self.levels, GREY, self.name)
        sheet.text(LEFT + MIDDLE + 0.2, top + MAX_MAP / 2 + 0.16, "paper", fontsize=6.5, color=MUTED)
        sheet.text(LEFT + MIDDLE + 0.95, top + MAX_MAP / 2 + 0.16, "ink", fontsize=6.5, color=MUTED, ha="right")


@dataclass(frozen=True)
class _Maps(_Row):
    """Maps in rows, and below each of them what the following layers make of it by subsampling."""

    below: tuple[_Maps, ...] = ()

    @property
    def _columns(self) -> int:
        return balanced_columns(len(self.values), MAX_COLUMNS)

    @property
    def _pixel(self) -> float:
        """Inches of a pixel."""
        width = min(MAX_MAP, (MIDDLE + SMALL_GAP) / self._columns - SMALL_GAP)
        return width / max(self.values.shape[1:])

    def _heights(self) -> list[float]:
        return [layer.values.shape[1] * self._pixel for layer in (self, *self.below)]

    @property
    def height(self) -> float:
        block = sum(max(h, MIN_ROW) + SMALL_GAP for h in self._heights()) - SMALL_GAP
        return -(-len(self.values) // self._columns) * (block + GAP) - GAP

    def draw(self, sheet: Sheet, top: float) -> None:
        column = self.values.shape[2] * self._pixel + SMALL_GAP
        block = (self.height + GAP) / -(-len(self.values) // self._columns)
        for layer, height in zip((self, *self.below), self._heights(), strict=True):
            limit, width = limit_of(layer.values), layer.values.shape[2] * self._pixel
            for number, values in enumerate(layer.values):
                row, at = divmod(number, self._columns)
                left = LEFT + at * column + (column - SMALL_GAP - width) / 2
                sheet.map((left, top + row * block, width, height), values, limit, f"{layer.name} {number}")
                if layer is self:
                    middle = left + width / 2
                    sheet.text(middle, top + row * block - 0.03, str(number), ha="center", va="bottom", fontsize=6.5)
            middle = top + max(height, MIN_ROW) / 2
            layer._name(sheet, middle)
            sheet.value_bar(LEFT + MIDDLE + 0.2, middle, limit, layer.name)
            top += max(height, MIN_ROW) + SMALL_GAP


@dataclass(frozen=True)
class _Units(_Row):
    """The units of a dense layer as a strip, in several rows where they are many."""

    @property
    def _rows(self) -> int:
        return -(-self.values.size // balanced_columns(self.values.size, MAX_UNITS))

    @property
    def height(self) -> float:
        return self._rows * (UNIT_ROW + SMALL_GAP) - SMALL_GAP

    def draw(self, sheet: Sheet, top: float) -> None:
        limit, columns = limit_of(self.values), balanced_columns(self.values.size, MAX_UNITS)
        for row in range(self._rows):
            first = row * columns
            units = self.values[None, first : first + columns]
            place = (LEFT, top + row * (UNIT_ROW + SMALL_GAP), MIDDLE * units.size / columns, UNIT_ROW)
            sheet.map(place, units, limit, f"{self.name} {first}")
        self._name(sheet, top + self.height / 2)
        sheet.value_bar(LEFT + MIDDLE + 0.2, top + self.height / 2, limit, self.name)


@dataclass(frozen=True)
class _Bars(_Row):
    """The output layer: the probabilities of the classes from 0 to 100 %, the answer dark; below, distances."""

    judged: Verdict
    has_distances: bool

    @property
    def height(self) -> float:
        return BARS

    def draw(self, sheet: Sheet, top: float) -> None:
        axes, answer = sheet.axes((LEFT, top, MIDDLE, BARS)), self.judged.answer
        axes.set_label(self.name)
        percents = 100 * self.judged.probabilities
        few = len(percents) <= MAX_LABELLED
        dark = ALARM if self.judged.reason else DARK
        axes.bar(range(len(percents)), percents, color=_marked(len(percents), answer, dark), width=0.7)
        for label, value in enumerate(percents):
            if label == answer or (few and value >= MIN_LABELLED):
                weight = "bold" if label == answer else "normal"
                text = as_percent(float(value) / 100)
                axes.text(label, value + 2, text, ha="center", va="bottom", fontsize=8, weight=weight)
        axes.set(ylim=(0, 118), xlim=(-0.6, len(percents) - 0.4))
        axes.set_yticks((0, 50, 100), ("0", "50", "100 %"), fontsize=8)
        axes.yaxis.tick_right()
        names = list(self.judged.names)
        if self.has_distances and few:
            names = [f"{name}\n{value:.1f}" for name, value in zip(names, self.values, strict=True)]
            sheet.text(LEFT - 0.2, top + BARS + 0.22, "squared distance", ha="right", fontsize=7.5, color=MUTED)
        axes.set_xticks(range(len(percents)), names, fontsize=9 if few else 6)
        axes.get_xticklabels()[answer].set(weight="bold", color=dark)
        _tidy(axes)
        self._name(sheet, top + BARS / 2)


def _marked(count: int, answer: int, dark: str) -> list[str]:
    return [dark if label == answer else LIGHT for label in range(count)]


def _rows(network: Network, trace: Trace, judged: Verdict) -> Iterator[_Row]:
    """Yield the rows of the sheet for the one image of a trace."""
    values, scale = trace["INPUT"][0], network.scale
    yield _Input("INPUT", shape_text(values.shape), values, (scale.paper, scale.ink))
    group: list[_Maps] = []
    for layer in network.spec.layers:
        values = trace[layer.name][0]
        label = f"{shape_text(values.shape)}\n{describe(layer)}"
        joins = is_subsampling(layer) and group and len(group[0].values) == len(values)
        if group and not joins:
            yield _joined(group)
            group = []
        if layer is network.spec.layers[-1]:
            yield _Bars(layer.name, label, values, judged, isinstance(layer, Rbf))
        elif _are_maps(values):
            group.append(_Maps(layer.name, label, values))
        else:
            yield _Units(layer.name, label, values.ravel())


def _are_maps(values: Floats) -> bool:
    """Return whether a layer's output for an image is maps of more than one pixel."""
    return values.ndim == 3 and values.shape[1:] != (1, 1)


def _joined(group: Sequence[_Maps]) -> _Maps:
    first, *rest = group
    return _Maps(first.name, first.label, first.values, tuple(rest))


def is_subsampling(layer: Layer) -> bool:
    """Return whether a layer makes each map below it smaller, and nothing else."""
    return isinstance(layer, Pool | Subsample | DeformPool)


def describe(layer: Layer) -> str:
    """Return a layer's kind, size and activation as a line of text."""
    match layer:
        case Conv():
            kind = f"convolution {layer.size[0]}x{layer.size[1]}"
        case Pool():
            kind = f"{layer.method} pooling {layer.window}x{layer.window}"
        case Subsample() | DeformPool():
            kind = f"{layer.kind} {layer.window}x{layer.window}"
        case _:
            kind = layer.kind
    return kind if layer.activation == "linear" else f"{kind}, {layer.activation.replace('_', ' ')}"


def _tidy(axes: Axes) -> None:
    axes.tick_params(length=0)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FRAME)


def layer(network: Network, image: ArrayLike, name: str, path: PathLike | None = None, *, subject: str = "") -> Picture:
    """Draw one layer's output for an image, large: its maps with their numbers, or its units as bars.

    Over the maps of a convolution with a connection table stand the maps below that each of them sees.

    Parameters
    ----------
    network : Network
    image : uint8 (height, width), or (maps, height, width)
        See `layers`.
    name : str
        The layer's, such as ``C3``, or ``INPUT``.
    path : path, optional
        Where the picture goes.
    subject : str
        What the image is, for the line below the title.

    Raises
    ------
    KeyError
        If no layer has that name; the message lists the names.
    ValueError, TypeError
        If the network does not take such an image.
    """
    trace = network.trace(np.asarray(image)[None])
    if name not in trace:
        raise ValueError(f"no layer is called {name!r}; expected one of {', '.join(trace)}")
    values = trace[name][0]
    kind = next((layer for layer in network.spec.layers if layer.name == name), None)
    about = "what the network is given" if kind is None else describe(kind)
    if isinstance(kind, Conv) and kind.table is None:
        about += ": each map sees all maps below"
    title = f"{name}   {shape_text(values.shape)}" + (" units" if values.ndim == 1 else "")
    note = f"{about}{f';  {subject}' if subject else ''}"
    if _are_maps(values):
        levels = (network.scale.paper, network.scale.ink) if kind is None else None
        sheet = _large_maps(name, values, _sources(network, name), levels)
    else:
        assert kind is not None, "an input of one pixel"
        sheet = _large_units(name, values.ravel(), kind, kind is network.spec.layers[-1])
    sheet.head(0.5, title, note)
    return finished(sheet.figure, path)


def _sources(network: Network, name: str) -> list[str]:
    """Return for each map of a convolution with a table which maps it sees, as text; nothing for other layers."""
    below = "INPUT"
    for kind, shape in network.spec.steps():
        if kind.name == name:
            if not isinstance(kind, Conv) or kind.table is None:
                return []
            return [f"sees {below}: {' '.join(map(str, inputs))}" for inputs in kind.inputs_of(shape)]
        below = kind.name
    return []


def _large_maps(name: str, maps: Floats, sources: Sequence[str], levels: tuple[float, float] | None) -> Sheet:
    """Return a sheet with the maps of a layer, numbered; `levels` are those of grey paper and ink, if they are grey."""
    count, margin, width = len(maps), 0.5, 10.0
    columns = balanced_columns(count, max(3, round((1.7 * count) ** 0.5)))
    gap = 0.3
    size = min(MAX_LARGE, (width + gap) / columns - gap)
    tall = size * maps.shape[1] / maps.shape[2]
    above = 0.38 if sources else 0.22
    rows = -(-count // columns)
    sheet = Sheet(max(columns * (size + gap) - gap, 4.5) + 2 * margin, 1.4 + rows * (tall + above + 0.12) + 0.2)
    limit = limit_of(maps)
    for number, values in enumerate(maps):
        row, at = divmod(number, columns)
        left, top = margin + at * (size + gap), 1.35 + row * (tall + above + 0.12) + above
        place, label = (left, top, size, tall), f"{name} {number}"
        if levels is None:
            sheet.map(place, values, limit, label)
        else:
            sheet.grey(place, values, levels, label)
        style = {"ha": "center", "va": "bottom"}
        sheet.text(left + size / 2, top - (0.18 if sources else 0.05), str(number), weight="bold", **style)
        if sources:
            sheet.text(left + size / 2, top - 0.05, sources[number], fontsize=7, color=MUTED, **style)
    if levels is None:
        sheet.value_bar(margin, 1.0, limit, name)
    else:
        sheet.colour_bar(margin, 1.0, levels, GREY, name)
    return sheet


def _large_units(name: str, values: Floats, kind: Layer, is_output: bool) -> Sheet:
    """Return a sheet with the units of a layer as bars; of an output layer, the answer's is the dark one."""
    sheet = Sheet(11, 4.6)
    axes = sheet.axes((0.9, 1.0, 9.6, 3.0))
    axes.set_label(name)
    if is_output:
        answer = int(values.argmin() if kind.lower_is_better else values.argmax())
        axes.bar(range(values.size), values, color=_marked(values.size, answer, DARK), width=0.7)
        axes.set_xticks(range(values.size))
        axes.set_ylabel(_meaning(kind), fontsize=9)
    else:
        colours = diverging(values, limit_of(values)) / 255
        axes.bar(range(values.size), values, color=[tuple(colour) for colour in colours], width=0.8)
        axes.set_ylabel("output", fontsize=9)
    axes.axhline(0, color=FRAME, linewidth=0.8)
    axes.set_xlim(-0.8, values.size - 0.2)
    axes.set_xlabel("class" if is_output else "unit", fontsize=9)
    axes.tick_params(labelsize=8)
    _tidy(axes)
    return sheet


def _meaning(kind: Layer) -> str:
    """Return what the values of an output layer are."""
    if kind.lower_is_better:
        return "squared distance to the code:\nthe smallest is the answer"
    return "probability before calibration" if kind.activation == "softmax" else "score: the largest is the answer"
