"""Pictures of networks and trainings, drawn with matplotlib when one is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

MISSING = "pictures need matplotlib: pip install 'lenet[figures]'"


def available() -> bool:
    """Return whether matplotlib is installed."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def curves(history: Sequence[Mapping[str, Any]], path: str | os.PathLike[str], title: str = "") -> None:
    """Draw loss and validation error over the epochs to a PNG file.

    Parameters
    ----------
    history : sequence of mappings
        One per epoch, with ``epoch``, ``loss`` and ``validation`` (a share of 1, or None).
    path : path
        Where the picture goes.

    Raises
    ------
    ModuleNotFoundError
        Without matplotlib; the message has the command that installs it.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
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
    figure.savefig(path, dpi=120)
