"""Images and labels: MNIST, scikit-learn's digits, or a directory of IDX files.

Images are uint8 (n, height, width), 0 = paper and 255 = ink; labels are uint8 (n,). What was read is always said
(`Dataset.origin`): nothing stands in for something else in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.data.digits import digits
from lenet.data.idx import DataError, read_idx
from lenet.data.mnist import SPLITS, fetch, find_file, locate, mnist

__all__ = ["DataError", "Dataset", "digits", "fetch", "load", "mnist", "read_idx"]

SOURCES = ("mnist", "digits")


@dataclass(frozen=True)
class Dataset:
    """Images, their labels, what they are, and where they were found (nothing: they came with a package)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    name: str
    place: str = ""

    @property
    def origin(self) -> str:
        """A line that says what was read, and from where."""
        return f"{self.name} from {self.place}" if self.place else self.name

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.labels)

    def split(self, held_out: int) -> tuple[Dataset, Dataset]:
        """Return all but the last `held_out` samples, and those; ValueError if nothing would be left."""
        if not 0 < held_out < len(self):
            raise ValueError(f"{held_out} samples held out of {len(self)}; expected 1 to {len(self) - 1}")
        rest = len(self) - held_out
        return (
            Dataset(self.images[:rest], self.labels[:rest], f"{self.name}, the first {rest}", self.place),
            Dataset(self.images[rest:], self.labels[rest:], f"{self.name}, the last {held_out}", self.place),
        )


def load(source: str, split: str) -> Dataset:
    """Return a split of ``mnist``, of ``digits``, or of a directory with IDX files named like MNIST's.

    Raises
    ------
    DataError
        If the files are not there, broken, or do not belong together.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected train or test")
    if source == "mnist":
        return Dataset(*mnist(split), f"MNIST {split}", str(locate()))
    if source == "digits":
        return Dataset(*digits(split), f"scikit-learn's digits, {split}, scaled up to 28x28")
    return _directory(Path(source), split)


def _directory(place: Path, split: str) -> Dataset:
    if not place.is_dir():
        raise DataError(f"{place}: neither {', nor '.join(SOURCES)}, nor a directory of IDX files")
    arrays = []
    for name, axes in zip(SPLITS[split], (3, 1), strict=True):
        path = find_file(name, place)
        if path is None:
            raise DataError(f"{place}: no file called {name}, with or without .gz")
        arrays.append(read_idx(path))
        if arrays[-1].ndim != axes:
            raise DataError(f"{path}: {arrays[-1].ndim} axes; expected {axes}, as {name} has")
    images, labels = arrays
    if len(images) != len(labels):
        raise DataError(f"{place}: {len(images)} images and {len(labels)} labels in {split}")
    return Dataset(images, labels, split, str(place))
