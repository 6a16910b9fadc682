"""A data set by its name or its path: MNIST, scikit-learn's digits, or one's own files in one of the usual formats.

Images are uint8 (n, height, width), 0 = paper and 255 = ink; labels are uint8 (n,). `Dataset.origin` says what was read
and from where; no data set ever takes another's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.data.digits import digits
from lenet.data.formats import read_archive, read_folder, read_pickle, read_table
from lenet.data.idx import DataError, read_idx
from lenet.data.mnist import SPLITS, find_file, locate, mnist

SOURCES = ("mnist", "digits")


@dataclass(frozen=True)
class Dataset:
    """Images with labels.

    Attributes
    ----------
    images : uint8 (n, height, width), or (n, maps, height, width)
        0 = paper, 255 = ink.
    labels : uint8 (n,)
    name : str
        What they are.
    place : str
        The directory or file that they were read from; empty if they came with a package.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    name: str
    place: str = ""

    @property
    def origin(self) -> str:
        """One line: what was read, and from where."""
        return f"{self.name} from {self.place}" if self.place else self.name

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.labels)

    def split(self, holdout: int) -> tuple[Dataset, Dataset]:
        """Return a training set and a hold-out set: the last `holdout` samples; ValueError if one would be empty."""
        if not 0 < holdout < len(self):
            raise ValueError(f"{holdout} hold-out samples of {len(self)}; expected 1 to {len(self) - 1}")
        rest = len(self) - holdout
        return (
            Dataset(self.images[:rest], self.labels[:rest], f"{self.name}, the first {rest}", self.place),
            Dataset(self.images[rest:], self.labels[rest:], f"{self.name}, the last {holdout}", self.place),
        )


def load(source: str, split: str) -> Dataset:
    """Return a split of a data set.

    Parameters
    ----------
    source : str
        ``mnist``; ``digits``; a directory with IDX files named like MNIST's; a directory with a folder of pictures
        for each class, or two such directories called ``train`` and ``test``; the Theano tutorial's
        ``mnist.pkl.gz``; Keras's ``mnist.npz``; Kaggle's ``train.csv``.
    split : str
        ``train`` or ``test``; the pickle also has ``validation``. A table or a directory of classes is all ``train``.

    Raises
    ------
    DataError
        If the files are not there, broken, or do not belong together.
    """
    if split not in SPLITS and not (split == "validation" and ".pkl" in source):
        raise ValueError(f"split is {split!r}; expected train or test")
    if source == "mnist":
        return Dataset(*mnist(split), f"MNIST {split}", str(locate()))
    if source == "digits":
        return Dataset(*digits(split), f"scikit-learn's digits, {split}, scaled up to 28x28")
    place = Path(source)
    if place.is_file():
        return Dataset(*_file(place, split), f"{split} of {place.name}", str(place))
    if place.is_dir() and not find_file(SPLITS[split][0], place):
        folder = place / split if (place / split).is_dir() else place
        if any(f.is_dir() and f.name.isdigit() for f in folder.iterdir()):
            _only_train(folder, split, folder != place)
            return Dataset(*read_folder(folder), split, str(folder))
    return _directory(place, split)


def _file(path: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    if ".pkl" in path.name or ".pickle" in path.name:
        return read_pickle(path, split)
    if path.suffix == ".npz":
        return read_archive(path, split)
    if path.suffix == ".csv":
        _only_train(path, split, False)
        return read_table(path)
    raise DataError(f"{path}: expected a name that ends in .pkl.gz, .npz or .csv, or a directory")


def _only_train(place: Path, split: str, has_splits: bool) -> None:
    if split != "train" and not has_splits:
        raise DataError(f"{place}: has no {split} split; all of it is train")


def _directory(place: Path, split: str) -> Dataset:
    if not place.is_dir():
        raise DataError(f"{place}: neither {', nor '.join(SOURCES)}, nor a file or directory of data")
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
