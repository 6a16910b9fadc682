"""Curves of trainings, and what the reproduction of presets measured."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from lenet.plots.figure import Picture, finished, new_figure


def curves(
    history: Sequence[Mapping[str, Any]], path: str | os.PathLike[str] | None = None, title: str = ""
) -> Picture:
    """Draw loss and validation error over the epochs.

    Parameters
    ----------
    history : sequence of mappings
        One per epoch, with ``epoch``, ``loss`` and ``validation`` (a fraction of 1, or None).
    path : path, optional
        Where the picture goes.
    """
    figure = new_figure(7, 4)
    figure.set_layout_engine("constrained")
    epochs = [row["epoch"] for row in history]
    left = figure.add_subplot()
    lines = left.plot(epochs, [row["loss"] for row in history], "o-", color="#1f4e79", label="training loss")
    left.set(xlabel="epoch", ylabel="mean loss", yscale="log", title=title)
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    if all(row.get("validation") is not None for row in history):
        right = left.twinx()
        errors = [100 * row["validation"] for row in history]
        lines += right.plot(epochs, errors, "s--", color="#c55a11", label="validation error")
        right.set_ylabel("validation error, %")
        right.set_ylim(bottom=0)
    left.legend(handles=lines, loc="upper right", frameon=False)
    left.grid(alpha=0.25)
    return finished(figure, path, dpi=120)


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
    return finished(figure, path, dpi=110)
