"""Pictures of networks, data and trainings, drawn with matplotlib (the extra ``figures``)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.extras import missing

try:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ModuleNotFoundError as error:
    raise missing("matplotlib", "drawing") from error


def _new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, with a canvas that draws PNG files."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def curves(
    columns: Mapping[str, Sequence[float | None]], path: str | os.PathLike[str] | None = None, title: str = ""
) -> Figure:
    """Draw loss and accuracy over the epochs, to a PNG file if a path is given.

    Parameters
    ----------
    columns : mapping
        A list for each measurement, one value an epoch: ``epoch``, ``loss``, ``accuracy``, ``validation`` (the error)
        and ``validation_loss``; fractions of 1, or None (see `lenet.History.to_dict`).
    path : path, optional
        Where the picture goes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = _new_figure(9, 3.8)
    figure.set_layout_engine("constrained")
    if title:
        figure.suptitle(title)
    right = [None if error is None else 100 * (1 - error) for error in columns["validation"]]
    accuracy = [None if value is None else 100 * value for value in columns["accuracy"]]
    left_axes, right_axes = figure.subplots(1, 2)
    _two_curves(left_axes, columns["epoch"], columns["loss"], columns["validation_loss"])
    left_axes.set(ylabel="mean loss", ylim=(0, None))
    _two_curves(right_axes, columns["epoch"], accuracy, right)
    low, high = right_axes.get_ylim()
    right_axes.set(ylabel="accuracy, %", ylim=(max(0, low), min(100, high)))
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure


def _two_curves(axes: Axes, epochs: Sequence[Any], training: Sequence[Any], validation: Sequence[Any]) -> None:
    """Draw a measurement on the training and on the validation images, each where it is known."""
    for values, style, color, label in (
        (training, "o-", "#1f4e79", "training, before each step"),
        (validation, "s--", "#c55a11", "validation, after the epoch"),
    ):
        known = [(epoch, value) for epoch, value in zip(epochs, values, strict=True) if value is not None]
        if known:
            axes.plot(*zip(*known, strict=True), style, color=color, label=label, markersize=4)
    axes.set(xlabel="epoch", xlim=(min(epochs, default=1) - 0.5, max(epochs, default=1) + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.25)
    if axes.lines:
        axes.legend(frameon=False)


def samples(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], path: str | os.PathLike[str], *, columns: int = 10
) -> None:
    """Draw images, uint8 (n, height, width), with their labels to a PNG file, row by row.

    Raises
    ------
    ValueError
        If there are no images.
    """
    if not len(images):
        raise ValueError("no samples to draw")
    rows = -(-len(images) // columns)
    figure = _new_figure(0.8 * columns, 0.95 * rows)
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(k, columns)
        box = ((column + 0.08) / columns, 1 - (row + 0.97) / rows, 0.84 / columns, 0.75 / rows)
        axes = figure.add_axes(box)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(str(label), fontsize=9, pad=2)
    figure.savefig(path, dpi=120)


def layers(trace: Mapping[str, NDArray[np.float32]], path: str | os.PathLike[str], image: int = 0) -> None:
    """Draw every layer's output for one image to a PNG file: maps as pictures, dense layers as grey bars.

    Parameters
    ----------
    trace : Trace
        As `Network.trace` returns it.
    path : path
        Where the picture goes.
    image : int
        Which of the trace's images.
    """
    rows = [(name, _tiled(values[image])) for name, values in trace.items()]
    # Inches: a pixel of every layer's maps is as large as the row's height allows, and never wider than the page.
    heights = [min(1.5, 10 * picture.shape[0] / picture.shape[1]) for _, picture in rows]
    heights = [0.22 if picture.shape[0] == 1 else height for height, (_, picture) in zip(heights, rows, strict=True)]
    gap, left, width = 0.22, 1.25, 10.0
    total = sum(heights) + gap * (len(rows) + 1)
    figure = _new_figure(width + left + 0.2, total)
    top = total - gap
    for (name, picture), height in zip(rows, heights, strict=True):
        wide = width if picture.shape[0] == 1 else min(width, height * picture.shape[1] / picture.shape[0])
        axes = figure.add_axes(
            (left / figure.get_figwidth(), (top - height) / total, wide / figure.get_figwidth(), height / total)
        )
        axes.imshow(picture, cmap="gray_r", aspect="auto", interpolation="nearest")
        axes.set_axis_off()
        shape = " x ".join(map(str, trace[name].shape[1:]))
        middle = (top - height / 2) / total
        figure.text(
            (left - 0.12) / figure.get_figwidth(), middle, f"{name}\n{shape}", ha="right", va="center", fontsize=9
        )
        top -= height + gap
    _label_bars(figure, figure.axes[-1], trace[rows[-1][0]][image])
    figure.savefig(path, dpi=120)


def distortions(
    examples: Mapping[str, NDArray[np.uint8]],
    answers: Mapping[str, NDArray[np.float32]],
    path: str | os.PathLike[str],
) -> None:
    """Draw images in rows to a PNG file, under each a network's answer and its confidence.

    Parameters
    ----------
    examples : mapping
        By the name of the row: uint8 (n, height, width), 0 = paper and 255 = ink.
    answers : mapping
        By the same names: probabilities (n, classes).
    path : path
        Where the picture goes.
    """
    columns, rows, left = max(map(len, examples.values())), len(examples), 1.2
    width, height = left + 0.8 * columns, 0.98 * rows
    figure = _new_figure(width, height)
    for row, (name, images) in enumerate(examples.items()):
        figure.text((left - 0.1) / width, 1 - (row + 0.42) / rows, name, ha="right", va="center", fontsize=10)
        for column, (image, probabilities) in enumerate(zip(images, answers[name], strict=True)):
            place = ((left + 0.8 * column + 0.06) / width, 1 - (row + 0.78) / rows, 0.68 / width, 0.68 / height)
            axes = figure.add_axes(place)
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            for side in axes.spines.values():
                side.set(color="#cccccc")
            confidence = float(probabilities.max())
            axes.set_xlabel(f"{int(probabilities.argmax())}  {100 * confidence:.0f} %", fontsize=7, labelpad=1)
            axes.xaxis.label.set_color("#1f4e79" if confidence >= 0.9 else "#c55a11")
    figure.savefig(path, dpi=120)


def _tiled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay maps side by side, white between them; each layer's range goes from white to black."""
    maps = values.reshape(1, 1, -1) if values.ndim == 1 or values.shape[1:] == (1, 1) else values
    low, high = float(maps.min()), float(maps.max())
    level = (maps - low) / (high - low) if high > low else np.zeros_like(maps)
    between = max(1, maps.shape[2] // 8) if maps.shape[0] > 1 else 0
    padded = np.pad(level, ((0, 0), (0, 0), (0, between)), constant_values=0)
    tiled = np.concatenate(list(padded), axis=1)
    return tiled[:, : tiled.shape[1] - between]


def _label_bars(figure: Any, axes: Any, values: NDArray[np.float32]) -> None:
    box = axes.get_position()
    for k in range(values.size):
        x = box.x0 + (k + 0.5) * box.width / values.size
        figure.text(x, box.y0 - 0.004, str(k), ha="center", va="top", fontsize=8)


def reproduced(
    works: Mapping[str, tuple[int, float]],
    losses: Mapping[str, Sequence[tuple[float, float]]],
    path: str | os.PathLike[str],
) -> None:
    """Draw how the time of a training image grows with a network's size, and training losses against time.

    Parameters
    ----------
    works : mapping
        By name: multiplications by a weight for one image, and microseconds of training for one.
    losses : mapping
        By name: (seconds, mean training loss), starting with the first steps.
    path : path
        Where the PNG goes.
    """
    figure = _new_figure(13, 5.5)
    figure.set_layout_engine("constrained")
    left, right = figure.subplots(1, 2)
    labels: dict[tuple[int, float], list[str]] = {}
    for name, (work, microseconds) in works.items():
        left.plot(work, microseconds, "o", color="#1f4e79")
        near = (at for at in labels if abs(np.log(work / at[0])) < 0.02 and abs(np.log(microseconds / at[1])) < 0.15)
        labels.setdefault(next(near, (work, microseconds)), []).append(name)
    for at, names in labels.items():  # points too close for labels of their own share one
        left.annotate(", ".join(names), at, xytext=(6, -3), textcoords="offset points", fontsize=7)
    left.set(xscale="log", yscale="log", xlabel="multiplications for one image", ylabel="microseconds to train on it")
    left.margins(x=0.35)
    for name, points in losses.items():
        right.plot(*zip(*points, strict=True), label=name, linewidth=1)
    right.set(xscale="log", yscale="log", xlabel="seconds", ylabel="training loss")
    if losses:
        right.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def training_accuracies(
    curves: Mapping[str, Sequence[Sequence[tuple[int, float]]]], path: str | os.PathLike[str]
) -> Figure:
    """Draw the training accuracies of minibatches against steps, one panel a network and one line a seed.

    Parameters
    ----------
    curves : mapping
        By the network's name, for every seed: (steps, accuracy from 0 to 1).
    path : path
        Where the PNG goes.
    """
    figure = _new_figure(6 * len(curves), 4)
    figure.set_layout_engine("constrained")
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for axes, (name, seeds) in zip(panels, curves.items(), strict=True):
        for number, points in enumerate(seeds):
            steps, accuracies = zip(*points, strict=True)
            axes.plot(steps, 100 * np.array(accuracies), linewidth=0.8, label=f"seed {number}")
        axes.set(xlabel="step", title=name, ylim=(0, 100))
        axes.grid(alpha=0.25)
        axes.legend(loc="lower right", fontsize=8, frameon=False)
    panels[0].set_ylabel("training accuracy of the minibatch, %")
    figure.savefig(path, dpi=110)
    return figure
