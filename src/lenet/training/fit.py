"""Training: `fit` runs a recipe and yields one `Epoch` at a time. It prints nothing and keeps no files.

The same seed gives the same weights, bit for bit, for any number of threads: initial weights, the order of the
samples and everything else that is drawn come from counter-based generators keyed by the seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.engine import backend, cpu
from lenet.evaluation.evaluate import evaluate
from lenet.model.arrays import Array, flatten, unflatten
from lenet.model.initial import initial_weights
from lenet.model.inputs import as_images, as_labels
from lenet.model.network import Network
from lenet.model.pretrained import load
from lenet.recipe import LevenbergMarquardt, Recipe
from lenet.spec import Spec
from lenet.training.averaging import WeightAverage
from lenet.training.epoch_data import EpochData, Teacher
from lenet.training.errors import TrainingError
from lenet.training.history import EpochMetrics, History

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
MAX_CLASSES = 256


@dataclass(frozen=True)
class State:
    """Everything that a training needs to continue after an epoch.

    Weights, the optimizer's moments and its steps; the moving average of the weights, if there is one; with early
    stopping, the weights of the best validation error; the history.
    """

    steps: int
    weights: Array
    first: Array
    second: Array
    best: Array
    average: Array
    history: History

    @property
    def epoch(self) -> int:
        """The number of epochs that were done."""
        return len(self.history)


@dataclass(frozen=True, kw_only=True)
class Epoch(EpochMetrics):
    """One pass over the training images: what was measured, as `EpochMetrics` has it, and the network.

    ``print(epoch)`` prints one line.

    Attributes
    ----------
    planned : int
        The number of epochs of the whole training, if it is not stopped early.
    network : Network
        The network after this epoch, with averaged weights if the recipe has an averaging; with early stopping, the
        network of the best validation error so far.
    state : State
        What `fit` needs to continue from here (`resume_from`).
    """

    planned: int
    network: Network = field(repr=False)
    state: State = field(repr=False)

    @property
    def history(self) -> History:
        """All epochs of the training so far."""
        return self.state.history

    def __str__(self) -> str:
        """One line: the number of the epoch, what was measured, and the time that the others may take."""
        width = len(str(self.planned))
        left = (self.planned - self.number) * self.seconds
        parts = [f"epoch {self.number:{width}}/{self.planned}", *self.measured(), f"{left:.0f} s left"]
        return "  ".join(parts)


def fit(
    spec: Spec,
    recipe: Recipe,
    images: ArrayLike,
    labels: ArrayLike,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    seed: int = 0,
    threads: int | None = None,
    *,
    teacher: Teacher | None = None,
    initial: Network | None = None,
    resume_from: State | None = None,
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
        Never trained on; the error on them is measured after each epoch.
    seed : int
        Of everything that is drawn, 0 to 2**64 - 1.
    threads : int, optional
        See `lenet.engine.cpu.threads_to_use`. The result does not depend on it.
    teacher : Network or Ensemble, optional
        The teacher of the recipe's distillation; by default the pretrained network that the recipe names.
    initial : Network, optional
        A network whose weights are the initial weights: fine-tuning. It has the same layers and grey levels.
    resume_from : State, optional
        The `Epoch.state` of an earlier run of the same recipe, seed and images; this run continues it exactly.

    Raises
    ------
    ValueError, TypeError
        At once, for arguments that do not fit together.
    TrainingError
        When the loss or a weight is no longer finite.

    Examples
    --------
    >>> import lenet
    >>> images, labels = lenet.data.digits("train")
    >>> preset = lenet.presets["lenet5"]
    >>> for epoch in lenet.fit(preset.spec, preset.recipe, images, labels, seed=1):
    ...     network = epoch.network
    >>> test_images, test_labels = lenet.data.digits("test")
    >>> bool((network.predict(test_images) == test_labels).mean() > 0.97)
    True
    """
    _check_types(spec=spec, recipe=recipe, seed=seed, teacher=teacher, initial=initial, resume_from=resume_from)
    if spec.classes > MAX_CLASSES:
        raise ValueError(f"{spec.classes} classes; training takes at most {MAX_CLASSES}")
    flat = _initial_weights(spec, recipe, seed, initial)
    trainer = cpu.trainer(spec, flat, recipe, seed=seed)
    if resume_from is not None:
        _restore(trainer, resume_from, len(flat), recipe)
    pictures, targets = _checked(images, labels, spec)
    if not len(pictures):
        raise ValueError("no images to train on")
    _check_distortion(recipe, pictures)
    holdout = None
    if validation is not None:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            given = repr(validation) if isinstance(validation, int | float) else type(validation).__name__
            cure = "images[n:], labels[n:] are the last ones, images[:n], labels[:n] are then for training"
            if hasattr(validation, "images") and hasattr(validation, "labels"):
                cure = "validation.images, validation.labels"
            raise TypeError(f"validation is {given}; expected a pair (images, labels): {cure}")
        holdout = _checked(validation[0], validation[1], spec)
        if not len(holdout[0]):
            raise ValueError("no validation images; expected at least one, or validation=None")
    if recipe.stopping and holdout is None:
        raise ValueError("the recipe stops early by the error on validation images; none are given: pass validation")
    data = EpochData(recipe, pictures, targets, spec.classes, int(seed), teacher_of(recipe, teacher))
    run = _Run(spec, recipe, trainer, data, holdout, int(seed), cpu.threads_to_use(threads))
    return run.epochs(resume_from)


def train(
    spec: Spec,
    recipe: Recipe,
    images: ArrayLike,
    labels: ArrayLike,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    seed: int = 0,
    threads: int | None = None,
    *,
    teacher: Teacher | None = None,
    initial: Network | None = None,
) -> Network:
    """Run `fit` to its end and return the last epoch's network; with early stopping, the best on validation.

    The parameters and errors are those of `fit`.
    """
    for epoch in fit(spec, recipe, images, labels, validation, seed, threads, teacher=teacher, initial=initial):
        network = epoch.network
    return network


def teacher_of(recipe: Recipe, teacher: Teacher | None) -> Teacher | None:
    """Return the teacher of a recipe's distillation: the one given, or the pretrained network that the recipe names.

    None for a recipe without distillation; ValueError if there is a teacher all the same.
    """
    if recipe.distillation is None:
        if teacher is not None:
            raise ValueError("a teacher is given, but the recipe has no distillation")
        return None
    return teacher if teacher is not None else load(recipe.distillation.teacher)


def _check_types(**given: Any) -> None:
    """Raise TypeError for an argument of `fit` that is something else, such as a name where a network is expected."""
    for what, kind in (("spec", Spec), ("recipe", Recipe)):
        if not isinstance(given[what], kind):
            cure = f'such as lenet.presets["lenet5"].{what}'
            raise TypeError(f"{what} is {_described(given[what])}; expected a {kind.__name__}, {cure}")
    for what, fits, expected in (
        ("initial", isinstance(given["initial"], Network), "a Network, such as lenet.load(name)"),
        ("teacher", hasattr(given["teacher"], "predict_proba"), "a network or an ensemble, such as lenet.load(name)"),
        ("resume_from", isinstance(given["resume_from"], State), "the state of an Epoch"),
    ):
        if given[what] is not None and not fits:
            raise TypeError(f"{what} is {_described(given[what])}; expected {expected}")
    if isinstance(given["seed"], np.ndarray | list | tuple):
        raise TypeError(f"seed is {_described(given['seed'])}; validation is one argument, a pair (images, labels)")


def _described(value: object) -> str:
    """Return what was given, for a message."""
    return repr(value) if isinstance(value, str) else f"a {type(value).__name__}"


def _checked(images: ArrayLike, labels: ArrayLike, spec: Spec) -> tuple[Images, Labels]:
    """Return images and their labels as a network of the spec takes them; ValueError or TypeError for others."""
    pictures = as_images(images, spec)
    return pictures, as_labels(labels, len(pictures), spec.classes).astype(np.uint8)


def _initial_weights(spec: Spec, recipe: Recipe, seed: int, initial: Network | None) -> Array:
    drawn = flatten(spec, initial_weights(spec, recipe.init, seed))  # also refuses a wrong seed
    if initial is None:
        return drawn
    if initial.spec != spec or initial.scale != recipe.scale:
        raise ValueError(f"initial weights of {initial}; expected the same layers and grey levels as are trained")
    return initial.flat


def _restore(trainer: backend.Trainer, state: State, parameters: int, recipe: Recipe) -> None:
    expected = {"best": parameters, "average": parameters if recipe.averaging else 0}
    for what, count in expected.items():
        if getattr(state, what).shape != (count,):
            raise ValueError(f"{what}: {getattr(state, what).size} values in the state; expected {count}")
    trainer.restore(state.weights, state.first, state.second, state.steps)


def _check_distortion(recipe: Recipe, images: Images) -> None:
    height, width = images.shape[-2:]
    for kind in ("shift", "cut", "elastic") if recipe.distortion else ():
        if (pixels := getattr(recipe.distortion, kind)) >= min(height, width):
            raise ValueError(f"a distortion {kind} of {pixels:g} pixels; the images have {height}x{width}")


@dataclass(frozen=True)
class _Run:
    """One training whose arguments were checked."""

    spec: Spec
    recipe: Recipe
    trainer: backend.Trainer
    data: EpochData
    validation: tuple[Images, Labels] | None
    seed: int
    threads: int

    def epochs(self, resume_from: State | None) -> Iterator[Epoch]:
        """Yield the epochs, starting after that of a state."""
        recipe, start = self.recipe, resume_from
        minibatches = math.ceil(self.data.count / recipe.batch_size)
        length = min(float(recipe.epochs), recipe.steps / minibatches) if recipe.steps else recipe.epochs
        best, history = (start.best, start.history) if start else (self.trainer.weights(), History())
        planned, average = math.ceil(length), WeightAverage(recipe.averaging, minibatches)
        if start:
            average.resume(start.average, start.epoch)
        for number in range(start.epoch + 1 if start else 1, planned + 1):
            if recipe.stopping and recipe.stopping.exhausted(_errors(history), minibatches):
                return
            began = time.perf_counter()
            count = min(minibatches, recipe.steps - (number - 1) * minibatches) if recipe.steps else minibatches
            done = number - 1 + np.arange(count) / minibatches
            rates = np.array([recipe.schedule.at(d, length) for d in done], np.float32)
            losses, right = self._train(number, rates, average)
            seconds = time.perf_counter() - began
            weights, first, second, steps = self.trainer.state()
            if not np.isfinite(weights).all():
                raise TrainingError(f"weights are no longer finite after epoch {number}; a smaller rate may help")
            result = average.weights if recipe.averaging else weights
            network = self._network(result, number)
            metrics = self._metrics(number, seconds, rates, losses, right, network)
            if recipe.stopping and metrics.validation is not None:
                best = result if metrics.validation < min(_errors(history), default=math.inf) else best
                network = self._network(best, number)
            history = History((*history, metrics))
            state = State(steps, weights, first, second, best, average.weights.copy(), history)
            yield Epoch(**vars(metrics), planned=planned, network=network, state=state)

    def _train(self, number: int, rates: Array, average: WeightAverage) -> tuple[Array, NDArray[np.int8]]:
        """Train on the minibatches of an epoch, each at its learning rate.

        Returns the minibatches' losses, and for each image what `EpochData.right` says of it.
        """
        if isinstance(self.recipe.optimizer, LevenbergMarquardt):
            self._set_rate_factors(self.recipe.optimizer, number)
        losses, right = [], []
        for part in self.data.epoch(number, len(rates), self.threads):
            minibatches = math.ceil(len(part.order) / self.recipe.batch_size)
            part_rates = rates[part.first : part.first + minibatches]
            part_losses, answers = self.trainer.run(
                part.images, part.targets, part.order, part_rates, self.threads, part.epoch
            )
            _check_losses(part_losses, part.first, number, part_rates)
            losses.append(part_losses)
            right.append(self.data.right(part.order, answers))
            average.add(self.trainer)
        return np.concatenate(losses), np.concatenate(right)

    def _metrics(
        self, number: int, seconds: float, rates: Array, losses: Array, right: NDArray[np.int8], network: Network
    ) -> EpochMetrics:
        validation = evaluate(network, *self.validation, threads=self.threads) if self.validation else None
        return EpochMetrics(
            number=number,
            loss=self._mean_loss(losses, len(right)),
            accuracy=float((right == 1).sum() / max(1, (right >= 0).sum())),
            validation=validation.error if validation else None,
            validation_loss=validation.loss if validation else None,
            rate=float(rates[-1]),
            seconds=seconds,
            images=len(right),
            losses=losses,
            accuracies=_accuracies(right, self.recipe.batch_size),
            rates=rates,
        )

    def _set_rate_factors(self, optimizer: LevenbergMarquardt, number: int) -> None:
        """Give each weight a learning rate of its own, by the second derivatives on the epoch's first images."""
        images = self.data.images[self.data.order(number)[: optimizer.samples]]
        curvature = self.trainer.curvature(images)
        weights, first, _, steps = self.trainer.state()
        factors = (1 / (optimizer.mu + curvature)).astype(np.float32)
        self.trainer.restore(weights, first, factors, steps)

    def _network(self, flat: Array, epochs: int) -> Network:
        recipe = self.recipe.to_dict()
        provenance: dict[str, Any] = {
            "seed": self.seed,
            "epochs": epochs,
            "recipe": recipe,
            "images": self.data.labelled,
        }
        return Network(self.spec, unflatten(self.spec, flat.copy()), self.recipe.scale, provenance=provenance)

    def _mean_loss(self, losses: Array, images: int) -> float:
        """Return the mean over images; the last minibatch may be smaller."""
        sizes = np.full(len(losses), self.recipe.batch_size)
        sizes[-1] = images - (len(losses) - 1) * self.recipe.batch_size
        return float(losses @ sizes / images)


def _accuracies(right: NDArray[np.int8], size: int) -> Array:
    """Return the accuracy of each minibatch; NaN for one without labelled images. See `EpochData.right`."""
    first = np.arange(0, len(right), size)
    with np.errstate(invalid="ignore"):
        sums = np.add.reduceat((right == 1).astype(np.float32), first)
        return (sums / np.add.reduceat((right >= 0).astype(np.float32), first)).astype(np.float32)


def _errors(history: History) -> list[float]:
    return [epoch.validation for epoch in history if epoch.validation is not None]


def _check_losses(losses: Array, first: int, epoch: int, rates: Array) -> None:
    bad = np.flatnonzero(~np.isfinite(losses))
    if len(bad):
        raise TrainingError(
            f"the loss is {losses[bad[0]]} at minibatch {first + bad[0] + 1} of epoch {epoch}, "
            f"learning rate {rates[bad[0]]:.3g}; a smaller rate may help"
        )
