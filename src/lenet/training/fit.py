"""Training: `fit` runs a recipe and yields one `Epoch` record at a time. It prints nothing and keeps no files.

The same seed gives the same weights, bit for bit, for any number of threads: first weights, the order of the
samples and everything else drawn come from counter-based generators keyed by the seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet import engine
from lenet import weights as weights_
from lenet.evaluate import evaluate
from lenet.files import load
from lenet.lessons import PIECE, Lessons, Teacher
from lenet.network import Network, as_images
from lenet.recipe import Averaging, LevenbergMarquardt, Recipe
from lenet.spec import Spec
from lenet.weights import Array

Labels = NDArray[np.uint8]


class TrainingError(RuntimeError):
    """Training cannot go on: the loss is no longer a number."""


@dataclass(frozen=True)
class State:
    """All that a training needs to go on after an epoch.

    Weights, the optimiser's moments and its steps; where weights are averaged, their mean; where training may stop
    early, also the validation errors so far, and the weights of the best of them.
    """

    epoch: int
    steps: int
    weights: Array
    first: Array
    second: Array
    best: Array
    average: Array
    errors: tuple[float, ...] = ()


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training images came to.

    Attributes
    ----------
    number : int
        From 1 on.
    loss : float
        Mean loss over the epoch's samples, each measured before the step that used it.
    losses : float32 (minibatches,)
        The same for each minibatch.
    seconds : float
        Time spent training, validation not counted.
    validation : float or None
        Share of the validation images classified wrongly, 0 to 1; None if there are none.
    network : Network
        The network after this epoch, its weights averaged if the recipe says so; where training may stop early, the one
        of the best validation error so far.
    images : int
        How many images were trained on.
    rate : float
        The learning rate at the end.
    state : State
        What `fit` needs to go on from here.
    """

    number: int
    loss: float
    losses: Array
    seconds: float
    validation: float | None
    network: Network
    images: int
    rate: float
    state: State


def as_labels(labels: ArrayLike, images: int, classes: int) -> Labels:
    """Return labels as a uint8 array (n,); ValueError if they are not one whole number below `classes` per image."""
    array = np.asarray(labels)
    if array.shape != (images,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"labels are {array.dtype} {array.shape}; expected one whole number for each of {images} images"
        )
    if array.size and not (0 <= array.min() and array.max() < classes):
        raise ValueError(f"labels from {array.min()} to {array.max()}; the network has classes 0 to {classes - 1}")
    return np.ascontiguousarray(array, np.uint8)


def fit(
    spec: Spec,
    recipe: Recipe,
    images: ArrayLike,
    labels: ArrayLike,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    seed: int = 0,
    threads: int | None = None,
    start: State | None = None,
    teacher: Teacher | None = None,
    begin: Network | None = None,
) -> Iterator[Epoch]:
    """Train a network by a recipe, yielding an `Epoch` after each pass over the images.

    Parameters
    ----------
    spec, recipe
        What to train, and how.
    images : uint8 (n, height, width)
        0 = paper, 255 = ink.
    labels : whole numbers (n,)
    validation : (images, labels), optional
        Never trained on; its error is measured after each epoch.
    seed : int
        Of everything that is drawn, 0 to 2**64 - 1.
    threads : int, optional
        See `lenet.engine.threads_to_use`. The result does not depend on it.
    start : State, optional
        Where an earlier run of the same recipe, seed and images ended; this one goes on as that would have.
    teacher : Network or Ensemble, optional
        For a recipe with a distillation; by default the network that comes with the package under the recipe's name.
    begin : Network, optional
        Whose weights to begin with, instead of random ones: fine-tuning. It has the same layers and grey levels.

    Raises
    ------
    ValueError, TypeError
        At once, for arguments that do not fit together.
    TrainingError
        When the loss is no longer a number.
    """
    if spec.classes > 256:
        raise ValueError(f"{spec.classes} classes; training knows at most 256")
    first = weights_.flatten(spec, weights_.draw(spec, recipe.init, seed))
    if begin is not None:
        if begin.spec != spec or begin.scale != recipe.scale:
            raise ValueError(f"{begin} to begin with; expected the same layers and grey levels as are trained")
        first = begin.flat
    trainer = engine.trainer(
        spec,
        first,
        recipe.scale,
        recipe.loss,
        recipe.optimizer,
        recipe.batch_size,
        seed=seed,
        distortion=recipe.distortion,
    )
    if start is not None:
        kept = {"best": len(first), "average": len(first) if recipe.averaging else 0}
        for what, count in kept.items():
            if getattr(start, what).shape != (count,):
                raise ValueError(f"{what}: {getattr(start, what).size} values in the state, {count} expected")
        trainer.restore(start.weights, start.first, start.second, start.steps)
    pictures = as_images(images, spec)
    targets = as_labels(labels, len(pictures), spec.classes)
    if not len(pictures):
        raise ValueError("no images to train on")
    height, width = pictures.shape[-2:]
    for what, kind in (("shift", "shift"), ("cut", "cut"), ("bending", "elastic")) if recipe.distortion else ():
        if (pixels := getattr(recipe.distortion, kind)) >= min(height, width):
            raise ValueError(f"a {what} of {pixels:g} pixels; the images have {height}x{width}")
    held_out = None
    if validation is not None:
        held_out = (
            as_images(validation[0], spec),
            as_labels(validation[1], len(np.asarray(validation[0])), spec.classes),
        )
    if recipe.stopping and held_out is None:
        raise ValueError("the recipe stops by the error on validation images; none are given")
    lessons = Lessons(recipe, pictures, targets, spec.classes, int(seed), teacher_of(recipe, teacher))
    return _run(trainer, spec, recipe, lessons, held_out, int(seed), engine.threads_to_use(threads), start)


def teacher_of(recipe: Recipe, given: Teacher | None) -> Teacher | None:
    """Return whose answers a training by this recipe learns: the one given, or the shipped one that the recipe names.

    None for a recipe without distillation; ValueError if it is given one all the same.
    """
    if recipe.distillation is None:
        if given is not None:
            raise ValueError("a teacher is given, but the recipe has no distillation")
        return None
    return given if given is not None else load(recipe.distillation.teacher)


def _run(
    trainer: engine.Trainer,
    spec: Spec,
    recipe: Recipe,
    lessons: Lessons,
    validation: tuple[NDArray[np.uint8], Labels] | None,
    seed: int,
    threads: int,
    start: State | None,
) -> Iterator[Epoch]:
    best, errors = (start.best, start.errors) if start else (trainer.weights(), ())
    average = _Average(recipe.averaging, batches := math.ceil(lessons.count / recipe.batch_size), start)
    whole = min(float(recipe.epochs), recipe.steps / batches) if recipe.steps else recipe.epochs
    last = math.ceil(whole)
    for number in range(start.epoch + 1 if start else 1, last + 1):
        if recipe.stopping and recipe.stopping.exhausted(errors, batches):
            return
        began = time.perf_counter()
        todo = min(batches, recipe.steps - (number - 1) * batches) if recipe.steps else batches
        done = number - 1 + np.arange(todo) / batches
        rates = np.array([recipe.schedule.at(d, whole) for d in done], np.float32)
        parts = []
        if isinstance(recipe.optimizer, LevenbergMarquardt):
            _precondition(trainer, recipe.optimizer, lessons.images[lessons.order(number)[: recipe.optimizer.samples]])
        for piece in lessons.epoch(number, todo, threads):
            here = rates[piece.first : piece.first + math.ceil(len(piece.order) / recipe.batch_size)]
            parts.append(trainer.run(piece.images, piece.targets, piece.order, here, threads, piece.epoch))
            _check_losses(parts[-1], piece.first, number, here)
            average.add(trainer)
        seconds = time.perf_counter() - began
        losses = np.concatenate(parts)
        weights, moments, squares, steps = trainer.state()
        if not np.isfinite(weights).all():
            raise TrainingError(f"weights are no longer finite after epoch {number}; a smaller rate may help")
        about: dict[str, Any] = {"seed": seed, "epochs": number, "recipe": recipe.to_dict(), "images": lessons.labelled}
        result = average.weights if recipe.averaging else weights
        network = Network(spec, weights_.unflatten(spec, result.copy()), recipe.scale, about)
        error = evaluate(network, *validation, threads=threads).error if validation else None
        if recipe.stopping and error is not None:
            best = result if error < min(errors, default=math.inf) else best
            errors = (*errors, error)
            network = Network(spec, weights_.unflatten(spec, best.copy()), recipe.scale, about)
        state = State(number, steps, weights, moments, squares, best, average.weights.copy(), errors)
        sizes = np.full(todo, recipe.batch_size)
        shown = min(lessons.count, todo * recipe.batch_size)
        sizes[-1] = shown - (todo - 1) * recipe.batch_size
        loss = float(losses @ sizes / shown)
        yield Epoch(number, loss, losses, seconds, error, network, shown, float(rates[-1]), state)


class _Average:
    """The exponential mean of the weights, one addition a piece of an epoch; empty where nothing is averaged."""

    def __init__(self, averaging: Averaging | None, batches: int, start: State | None) -> None:
        self.averaging = averaging
        self.weights = start.average.copy() if start else np.zeros(0, np.float32)
        pieces = math.ceil(batches / PIECE)
        self.added = start.epoch * pieces if start else 0
        self._keep = math.exp(-1 / (averaging.epochs * pieces)) if averaging else 0.0

    def add(self, trainer: engine.Trainer) -> None:
        if self.averaging is None:
            return
        now = trainer.weights()
        if self.added == 0:
            self.weights = np.zeros_like(now)
        self.added += 1
        # All alike until there are as many as the span: a mean of few is not ruled by the first.
        keep = min(self._keep, 1 - 1 / self.added)
        self.weights = np.float32(keep) * self.weights + np.float32(1 - keep) * now


def _precondition(trainer: engine.Trainer, optimizer: LevenbergMarquardt, images: NDArray[np.uint8]) -> None:
    """Give each weight a rate of its own, from the loss's curvature over the first images of the epoch."""
    curvature = trainer.curvature(images)
    weights, moments, _, steps = trainer.state()
    factors = (1 / (optimizer.mu + curvature)).astype(np.float32)
    trainer.restore(weights, moments, factors, steps)


def _check_losses(losses: Array, first: int, epoch: int, rates: Array) -> None:
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad):
        raise TrainingError(
            f"the loss is {losses[bad[0]]} at minibatch {first + bad[0] + 1} of epoch {epoch}, "
            f"learning rate {rates[bad[0]]:.3g}; a smaller rate may help"
        )


def train(
    spec: Spec,
    recipe: Recipe,
    images: ArrayLike,
    labels: ArrayLike,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    seed: int = 0,
    threads: int | None = None,
    teacher: Teacher | None = None,
    begin: Network | None = None,
) -> Network:
    """Run `fit` to its end and return the last epoch's network: with early stopping, the best on validation."""
    for epoch in fit(spec, recipe, images, labels, validation, seed, threads, teacher=teacher, begin=begin):
        network = epoch.network
    return network
