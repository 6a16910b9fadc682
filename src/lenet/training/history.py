"""The history of a training: what was measured in each epoch and in each minibatch.

Nothing here trains. A history is kept as JSON lines, one line an epoch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from lenet import plots
from lenet.extras import is_installed
from lenet.html import inline_svg, table
from lenet.model.arrays import Array
from lenet.model.file import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MINIBATCH_FIELDS = ("losses", "accuracies", "rates")


def _none() -> Array:
    return np.zeros(0, np.float32)


@dataclass(frozen=True)
class EpochMetrics:
    """What was measured in one pass over the training images.

    Loss and accuracy of a minibatch are those of the scores before the step that used it. So they are a little worse
    than the network at the epoch's end; with data augmentation they are those of the distorted images.

    Attributes
    ----------
    number : int
        Of the epoch, counted from 1.
    loss : float
        The mean loss of the epoch's images.
    accuracy : float or None
        The fraction of the epoch's images that were classified rightly, 0 to 1; non-digits do not count. None in a
        history that was read from the file of an older version.
    validation, validation_loss : float or None
        On the validation images, after the epoch: the error, 0 to 1, and the mean of -log of the right class's
        probability. None if there are no validation images.
    rate : float
        The learning rate at the epoch's end.
    seconds : float
        Time spent training, validation not counted.
    images : int
        How many images were trained on.
    losses, accuracies, rates : float32 (minibatches,)
        Loss, accuracy and learning rate of each minibatch; empty in a history that was read from a file without them.
        The accuracy is NaN for a minibatch of non-digits only.
    """

    number: int
    loss: float
    accuracy: float | None
    validation: float | None
    validation_loss: float | None
    rate: float
    seconds: float
    images: int
    losses: Array = field(default_factory=_none, repr=False, compare=False)
    accuracies: Array = field(default_factory=_none, repr=False, compare=False)
    rates: Array = field(default_factory=_none, repr=False, compare=False)

    def metrics(self) -> EpochMetrics:
        """Return the measurements alone, without whatever else a subclass holds."""
        return EpochMetrics(**{f.name: getattr(self, f.name) for f in fields(EpochMetrics)})

    def __str__(self) -> str:
        """One line: the epoch's number, and what was measured."""
        parts = [f"epoch {self.number}", *self.measured()]
        return "  ".join(parts)

    def measured(self) -> list[str]:
        """Return the measurements in words: loss, training accuracy, validation error, speed."""
        parts = [f"loss {self.loss:.4f}"]
        if self.accuracy is not None:
            parts.append(f"accuracy {100 * self.accuracy:.2f} %")
        if self.validation is not None:
            parts.append(f"validation error {100 * self.validation:.2f} %")
        return [*parts, f"{self.images / self.seconds:,.0f} images/s"] if self.seconds else parts

    def to_dict(self, *, minibatches: bool = False) -> dict[str, Any]:
        """Return the measurements as plain numbers; with `minibatches`, those of each minibatch as lists too."""
        row: dict[str, Any] = {"epoch": self.number}
        row |= {f.name: getattr(self, f.name) for f in fields(EpochMetrics)[1:] if f.name not in MINIBATCH_FIELDS}
        if minibatches:
            for name in MINIBATCH_FIELDS:
                row[name] = [float(value) if np.isfinite(value) else None for value in getattr(self, name)]
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> EpochMetrics:
        """Return what `to_dict` described, also in an earlier version; ValueError for anything else."""
        try:
            return EpochMetrics(
                number=int(row["epoch"]),
                loss=float(row["loss"]),
                accuracy=_optional(row.get("accuracy")),
                validation=_optional(row["validation"]),
                validation_loss=_optional(row.get("validation_loss")),
                rate=float(row["rate"]),
                seconds=float(row["seconds"]),
                images=int(row["images"]),
                losses=np.array(row.get("losses", ()), np.float32),
                accuracies=np.array(row.get("accuracies", ()), np.float32),
                rates=np.array(row.get("rates", ()), np.float32),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not an epoch of a history: {error!r}") from error


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)


class History(Sequence[EpochMetrics]):
    """The epochs of a training, in order.

    Parameters
    ----------
    epochs : iterable of EpochMetrics or Epoch
        Of an `Epoch`, only the measurements are kept.

    Examples
    --------
    >>> import lenet
    >>> images, labels = lenet.data.digits("train")
    >>> preset = lenet.presets["lenet5"]
    >>> for epoch in lenet.fit(preset.spec, preset.recipes["quick"], images, labels, validation=(images, labels)):
    ...     pass
    >>> history = epoch.history
    >>> history[-1].number == len(history), history[-1].validation < 0.05
    (True, True)
    >>> history.to_dict()["accuracy"][-1] > 0.9
    True
    """

    def __init__(self, epochs: Iterable[EpochMetrics] = ()) -> None:
        self._epochs = tuple(epoch.metrics() for epoch in epochs)

    @overload
    def __getitem__(self, index: int) -> EpochMetrics: ...
    @overload
    def __getitem__(self, index: slice) -> History: ...
    @overload
    def __getitem__(self, index: str) -> list[Any]: ...
    def __getitem__(self, index: int | slice | str) -> EpochMetrics | History | list[Any]:
        """Return an epoch, the history of some epochs, or the values of a measurement, such as ``loss``."""
        if isinstance(index, str):
            columns = self.to_dict()
            if index not in columns:
                raise KeyError(f"no measurement is called {index!r}; expected one of {', '.join(columns)}")
            return columns[index]
        return History(self._epochs[index]) if isinstance(index, slice) else self._epochs[index]

    def __len__(self) -> int:
        """Return the number of epochs."""
        return len(self._epochs)

    def __iter__(self) -> Iterator[EpochMetrics]:
        """Iterate over the epochs."""
        return iter(self._epochs)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return a list for each measurement, such as ``loss`` and ``accuracy``: one value an epoch."""
        rows = [epoch.to_dict() for epoch in self]
        names = ("epoch", *(f.name for f in fields(EpochMetrics)[1:] if f.name not in MINIBATCH_FIELDS))
        return {name: [row[name] for row in rows] for name in names}

    def minibatches(self) -> dict[str, Array]:
        """Return ``losses``, ``accuracies`` and ``rates`` of all minibatches in order: float32 (minibatches,) each."""
        return {name: np.concatenate([_none(), *(getattr(epoch, name) for epoch in self)]) for name in MINIBATCH_FIELDS}

    def plot(self, path: str | os.PathLike[str] | None = None) -> Figure:
        """Draw loss, accuracy and validation error over the epochs, to a PNG file if a path is given.

        Needs matplotlib: ``pip install "lenet[figures]"``.
        """
        return plots.curves(self.to_dict(), path)

    def save(self, path: str | os.PathLike[str], *, minibatches: bool = False) -> None:
        """Write a JSON line an epoch; with `minibatches`, the lines have those of each minibatch too."""
        rows = (epoch.to_dict(minibatches=minibatches) for epoch in self)
        lines = "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)
        replace_file(Path(path), lines.encode())

    @staticmethod
    def load(path: str | os.PathLike[str]) -> History:
        """Read what `save` wrote; ValueError that names the file and the line for anything else."""
        epochs = []
        for number, line in enumerate(Path(path).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            try:
                epochs.append(EpochMetrics.from_dict(json.loads(line)))
            except (ValueError, AttributeError, OverflowError, RecursionError) as error:
                raise ValueError(f"{path}, line {number}: {error}; expected a line of a history") from error
        return History(epochs)

    def __str__(self) -> str:
        """One line for each epoch."""
        return "\n".join(map(str, self))

    def __repr__(self) -> str:
        """One line: how many epochs, and the last one."""
        epochs = "1 epoch" if len(self) == 1 else f"{len(self)} epochs"
        return f"<History of {epochs}; {self[-1]}>" if self else f"<History of {epochs}>"

    def _repr_html_(self) -> str:
        rows = [[value if value is not None else "" for value in epoch.to_dict().values()] for epoch in self]
        text = table(list(self.to_dict()), rows)
        return inline_svg(self.plot()) + text if self and is_installed("matplotlib") else text
