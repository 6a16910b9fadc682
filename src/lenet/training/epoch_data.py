"""What a training shows the network in an epoch: which images, in what order, and what each should be taken for.

By default those are the training images with their labels, and the engine distorts them. Digits of other hands and
pictures that are no digits may come among them, and a teacher's answers for what is seen may take the labels' place:
then images come with a target for every class. An epoch is shown in one piece or in several, of a few minibatches each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lenet import engine, hands, nondigits
from lenet.recipe import Recipe

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

PIECE = 8
"""Minibatches in a piece of an epoch."""

AT_ONCE = 4096
"""Images that a teacher is asked about in one call."""


class Teacher(Protocol):
    """What learning from answers needs: a `Network`, an `Ensemble`, or anything else with this method."""

    def predict_proba(self, images: Bytes, threads: int | None = None) -> Floats:
        """Return the probabilities of the classes, (n, classes)."""
        ...


@dataclass(frozen=True)
class Piece:
    """Some minibatches of an epoch: ``images[order]`` with their labels or targets, distorted as in `epoch`."""

    images: Bytes
    targets: Bytes | Floats
    order: NDArray[np.uint32]
    epoch: int
    first: int


class Lessons:
    """All epochs of one training.

    Parameters
    ----------
    recipe : Recipe
    images : uint8 (n, maps, height, width)
    labels : uint8 (n,)
    classes : int
    seed : int
        Of the order, the distortions, the digits of other hands, and the pictures that are no digits.
    teacher : Teacher, optional
        Needed where the recipe has a distillation.

    Attributes
    ----------
    labelled : int
        How many of an epoch's images are digits.
    """

    def __init__(
        self, recipe: Recipe, images: Bytes, labels: Bytes, classes: int, seed: int, teacher: Teacher | None = None
    ) -> None:
        self.recipe, self.seed, self.teacher = recipe, seed, teacher
        extra, other = round(recipe.nondigits * len(images)), round(recipe.hands * len(images))
        for some, what in ((extra, "non-digits are made from"), (other, "other hands write")):
            if some and classes != 10:
                raise ValueError(f"{what} digits of ten classes; the network has {classes}")
        strangers = nondigits.drawn(images, labels, extra, seed) if extra else images[:0]
        if other:
            drawn, told = hands.digits(other, images.shape[2], images.shape[3], seed)
            images = np.concatenate([images, np.repeat(drawn[:, None], images.shape[1], axis=1)])
            labels = np.concatenate([labels, told])
        self.images = np.concatenate([images, strangers]) if extra else images
        self.targets: Bytes | Floats = labels
        self.labelled = len(images)
        if teacher is not None:
            _check_teacher(teacher, images[:1], classes)
        self._asked: dict[int, Floats] = {}
        if extra or teacher is not None:
            # Non-digits are no class's: an even chance of each.
            self.targets = np.full((len(self.images), classes), 1 / classes, np.float32)
            self.targets[: len(labels)] = np.eye(classes, dtype=np.float32)[labels]

    @property
    def count(self) -> int:
        """How many images an epoch has."""
        return len(self.images)

    def order(self, number: int) -> NDArray[np.uint32]:
        """Return the order in which an epoch, from 1 on, shows all its images."""
        if not self.recipe.shuffle:
            return np.arange(self.count, dtype=np.uint32)
        return engine.permutation(self.seed, number, self.count)

    def epoch(self, number: int, minibatches: int, threads: int) -> Iterator[Piece]:
        """Yield the first minibatches of an epoch, from 1 on, piece by piece."""
        order, size = self.order(number), self.recipe.batch_size
        looks, targets = number, self.targets
        if self.recipe.distillation and self.recipe.distortion:
            looks = (number - 1) % self.recipe.distillation.rounds + 1
        if self.teacher is not None:
            targets = self._answers(looks, threads)
        step = PIECE if self.recipe.averaging else minibatches
        for first in range(0, minibatches, step):
            part = order[first * size : min(first + step, minibatches) * size]
            yield Piece(self.images, targets, part, looks, first)

    def _answers(self, looks: int, threads: int) -> Floats:
        """Return targets in which the teacher says what it takes the digits for, as that epoch shows them."""
        assert self.teacher is not None and self.recipe.distillation is not None
        at = looks if self.recipe.distortion else 1
        if at not in self._asked:
            share = np.float32(self.recipe.distillation.share)
            targets = self.targets.astype(np.float32)
            for first in range(0, self.labelled, AT_ONCE):
                numbers = np.arange(first, min(first + AT_ONCE, self.labelled), dtype=np.uint32)
                seen = self.images[numbers]
                if self.recipe.distortion:
                    seen = engine.distorted(
                        seen, self.recipe.distortion, self.seed, looks, numbers=numbers, threads=threads
                    )
                answers = self.teacher.predict_proba(seen, threads)
                targets[numbers] = share * answers + (1 - share) * targets[numbers]
            self._asked[at] = targets
        return self._asked[at]


def _check_teacher(teacher: Teacher, image: Bytes, classes: int) -> None:
    try:
        shape = teacher.predict_proba(image).shape
    except ValueError as error:
        raise ValueError(f"the teacher cannot take these images: {error}") from error
    if shape != (1, classes):
        raise ValueError(f"the teacher's answers to one image have the shape {shape}; expected (1, {classes})")
