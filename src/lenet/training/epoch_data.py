"""The data of each epoch of a training: which images, in what order, with which labels or targets.

By default these are the training images with their labels, and the engine distorts them. Drawn digits and non-digits
may be added. With knowledge distillation a teacher's probabilities are the targets, one for every class. An epoch comes
in one part, or in parts of a few minibatches each where weights are averaged after each part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lenet.engine import cpu
from lenet.recipe import Recipe
from lenet.synthesis.letterforms import drawn_digits
from lenet.synthesis.nondigits import nondigits

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

PART_MINIBATCHES = 8
"""Minibatches in a part of an epoch."""

TEACHER_IMAGES = 4096
"""Images whose targets a teacher computes in one call."""


class Teacher(Protocol):
    """The teacher of a distillation: a `Network`, an `Ensemble`, or anything else with this method."""

    def predict_proba(self, images: Bytes, threads: int | None = None) -> Floats:
        """Return the probabilities of the classes, (n, classes)."""
        ...


@dataclass(frozen=True)
class EpochPart:
    """Some minibatches of an epoch, starting with the minibatch `first`.

    They are ``images[order]`` with their labels or targets, distorted as in the epoch of the number `epoch`.
    """

    images: Bytes
    targets: Bytes | Floats
    order: NDArray[np.uint32]
    epoch: int
    first: int


class EpochData:
    """The data of all epochs of one training.

    Parameters
    ----------
    recipe : Recipe
    images : uint8 (n, maps, height, width)
    labels : uint8 (n,)
    classes : int
    seed : int
        Of the order, the distortions, the drawn digits, and the non-digits.
    teacher : Teacher, optional
        Needed if the recipe has a distillation.

    Attributes
    ----------
    labelled : int
        How many of an epoch's images have a label; the others are non-digits.
    """

    def __init__(
        self, recipe: Recipe, images: Bytes, labels: Bytes, classes: int, seed: int, teacher: Teacher | None = None
    ) -> None:
        self.recipe, self.seed, self.teacher = recipe, seed, teacher
        nondigit_count, drawn_count = (round(f * len(images)) for f in (recipe.nondigits, recipe.letterforms))
        if (nondigit_count or drawn_count) and classes != 10:
            what = "non-digits" if nondigit_count else "letterforms"
            raise ValueError(f"{what} are made of the ten digits; the network has {classes} classes")
        without_label = nondigits(images, labels, nondigit_count, seed=seed) if nondigit_count else images[:0]
        if drawn_count:
            drawn, drawn_labels = drawn_digits(drawn_count, images.shape[2], images.shape[3], seed)
            images = np.concatenate([images, np.repeat(drawn[:, None], images.shape[1], axis=1)])
            labels = np.concatenate([labels, drawn_labels])
        self.images = np.concatenate([images, without_label]) if nondigit_count else images
        self.targets: Bytes | Floats = labels
        self._labels, self.labelled = labels, len(images)
        if teacher is not None:
            _check_teacher(teacher, images[:1], classes)
        self._teacher_targets: dict[int, Floats] = {}
        if nondigit_count or teacher is not None:
            # Non-digits have the same probability for every class.
            self.targets = np.full((len(self.images), classes), 1 / classes, np.float32)
            self.targets[: len(labels)] = np.eye(classes, dtype=np.float32)[labels]

    @property
    def count(self) -> int:
        """How many images an epoch has."""
        return len(self.images)

    def right(self, order: NDArray[np.uint32], answers: Bytes) -> NDArray[np.int8]:
        """Return for each image of an order 1 if its answer is its label, 0 if not, and -1 if it has no label."""
        labelled = order < self.labelled
        labels = self._labels[np.where(labelled, order, 0)]
        return np.where(labelled, labels == answers, -1).astype(np.int8)

    def order(self, number: int) -> NDArray[np.uint32]:
        """Return the order of an epoch's images; epochs are counted from 1."""
        if not self.recipe.shuffle:
            return np.arange(self.count, dtype=np.uint32)
        return cpu.permutation(self.seed, number, self.count)

    def epoch(self, number: int, minibatches: int, threads: int) -> Iterator[EpochPart]:
        """Yield the first minibatches of an epoch, counted from 1, part by part."""
        order, size = self.order(number), self.recipe.batch_size
        distorted_as, targets = number, self.targets
        if self.recipe.distillation and self.recipe.distortion:
            distorted_as = (number - 1) % self.recipe.distillation.rounds + 1
        if self.teacher is not None:
            targets = self._distilled_targets(distorted_as, threads)
        step = PART_MINIBATCHES if self.recipe.averaging else minibatches
        for first in range(0, minibatches, step):
            part = order[first * size : min(first + step, minibatches) * size]
            yield EpochPart(self.images, targets, part, distorted_as, first)

    def _distilled_targets(self, epoch: int, threads: int) -> Floats:
        """Return the targets of all images: the teacher's probabilities for the digits, distorted as in an epoch."""
        assert self.teacher is not None and self.recipe.distillation is not None
        key = epoch if self.recipe.distortion else 1
        if key not in self._teacher_targets:
            weight = np.float32(self.recipe.distillation.weight)
            targets = self.targets.astype(np.float32)
            for first in range(0, self.labelled, TEACHER_IMAGES):
                samples = np.arange(first, min(first + TEACHER_IMAGES, self.labelled), dtype=np.uint32)
                images, distortion = self.images[samples], self.recipe.distortion
                if distortion:
                    images = cpu.distorted(images, distortion, self.seed, epoch=epoch, samples=samples, threads=threads)
                answers = self.teacher.predict_proba(images, threads)
                targets[samples] = weight * answers + (1 - weight) * targets[samples]
            self._teacher_targets[key] = targets
        return self._teacher_targets[key]


def _check_teacher(teacher: Teacher, image: Bytes, classes: int) -> None:
    try:
        shape = teacher.predict_proba(image).shape
    except ValueError as error:
        raise ValueError(f"the teacher cannot take these images: {error}") from error
    if shape != (1, classes):
        raise ValueError(f"the teacher's probabilities for one image have the shape {shape}; expected (1, {classes})")
