"""Curves of trainings, and what the reproduction of presets measured."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lenet.plots.figure import Picture, finished, new_figure


def curves(
    columns: Mapping[str, Sequence[float | None]], path: str | os.PathLike[str] | None = None, title: str = ""
) -> Picture:
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
    figure = new_figure(9, 3.8)
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
    return finished(figure, path)


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


def reproduced(
    works: Mapping[str, tuple[int, float]],
    losses: Mapping[str, Sequence[tuple[float, float]]],
    path: str | os.PathLike[str] | None = None,
) -> Picture:
    """Draw how the time of a training image grows with a network's size, and training losses against time.

    Parameters
    ----------
    works : mapping
        By name: multiplications by a weight for one image, and microseconds of training for one.
    losses : mapping
        By name: (seconds, mean training loss), starting with the first steps.
    path : path, optional
        Where the picture goes.
    """
    figure = new_figure(13, 5.5)
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
    return finished(figure, path)


def training_accuracies(
    curves: Mapping[str, Sequence[Sequence[tuple[int, float]]]], path: str | os.PathLike[str] | None = None
) -> Picture:
    """Draw the training accuracies of minibatches against steps, one panel a network and one line a seed.

    Parameters
    ----------
    curves : mapping
        By the network's name, for every seed: (steps, accuracy from 0 to 1).
    path : path, optional
        Where the picture goes.
    """
    figure = new_figure(6 * len(curves), 4)
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
    return finished(figure, path)
