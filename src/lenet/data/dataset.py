"""A data set: images with their labels, what they are, where they come from, and the names of the classes.

Images are uint8 (n, height, width), 0 = paper and 255 = ink; labels are uint8 (n,).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.data.class_names import label_among
from lenet.data.picture_options import PictureOptions
from lenet.spec.checks import is_whole

MIN_EXPECTED = 8
"""If so many hold-out samples of some classes are expected, and none is there, samples lie class after class."""


@dataclass(frozen=True, repr=False)
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
    classes : tuple of str, optional
        The name of each class, by its label; None where the data have no names.
    pictures : PictureOptions
        How pictures became these images, with what was decided for them.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    name: str
    place: str = ""
    classes: tuple[str, ...] | None = None
    pictures: PictureOptions = field(default_factory=PictureOptions)

    @property
    def origin(self) -> str:
        """One line: what was read, and from where."""
        return f"{self.name} from {self.place}" if self.place else self.name

    @property
    def class_count(self) -> int:
        """How many classes there are: as many as have names, or one more than the largest label."""
        if self.classes:
            return len(self.classes)
        return int(self.labels.max()) + 1 if len(self.labels) else 0

    def __repr__(self) -> str:
        """One line: what it is, from where, how many images of which shape, and of how many classes."""
        size = "x".join(map(str, self.images.shape[1:]))
        return f"<Dataset: {self.origin}; {len(self)} images of {size}, {self.class_count} classes>"

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.labels)

    def split(self, holdout: int) -> tuple[Dataset, Dataset]:
        """Return a training set and a hold-out set: the last `holdout` samples; ValueError if one would be empty.

        Of samples that lie class after class, the last ones would be of few classes: their classes alternate first.
        """
        if not is_whole(holdout):
            raise TypeError(f"{holdout!r} hold-out samples; expected a whole number")
        if not 0 < holdout < len(self):
            raise ValueError(f"{holdout} hold-out samples of {len(self)}; expected 1 to {len(self) - 1}")
        whole, rest = self._of_mixed_classes(holdout), len(self) - holdout
        first, last = slice(None, rest), slice(rest, None)
        return (
            replace(
                whole, images=whole.images[first], labels=whole.labels[first], name=f"{whole.name}, the first {rest}"
            ),
            replace(
                whole, images=whole.images[last], labels=whole.labels[last], name=f"{whole.name}, the last {holdout}"
            ),
        )

    def _of_mixed_classes(self, holdout: int) -> Dataset:
        """Return the samples as they are, or with alternating classes if the last ones are not of all of them."""
        classes, counts = np.unique(self.labels, return_counts=True)
        lacking = int(counts[~np.isin(classes, self.labels[-holdout:])].sum())
        changes = int((np.diff(self.labels) != 0).sum())
        in_order = len(classes) > 1 and changes == len(classes) - 1
        # In a random order, so many expected samples are all missing once in three thousand times.
        if not in_order and lacking * holdout / len(self) < MIN_EXPECTED:
            return self
        order = alternating(self.labels)
        name = f"{self.name}, with alternating classes"
        return replace(self, images=self.images[order], labels=self.labels[order], name=name)

    def relabelled(self, classes: Sequence[str]) -> Dataset:
        """Return the same samples with the labels that their classes have among others, such as a network's.

        Raises
        ------
        DataError
            If samples have a class that is not among them.
        """
        if self.classes is None or tuple(classes) == self.classes:
            return self
        table = np.zeros(256, np.uint8)
        for label in np.unique(self.labels):
            table[label] = label_among(self.classes[label], int(label), tuple(classes))
        return replace(self, labels=table[self.labels], classes=tuple(classes))


def alternating(labels: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """Return an order in which any stretch of samples has the same fraction of each class's samples."""
    place = np.zeros(len(labels))
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels == label)
        place[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return np.lexsort((labels, place))
