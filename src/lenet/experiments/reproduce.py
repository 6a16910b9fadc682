"""The presets trained by their own recipes, for the page that shows them beside their sources.

Every training uses MNIST's training images except those that the recipe keeps for validation, and the test images
once, at its end; and after those epochs for which its source prints a test error. Nothing is chosen here: each seed
counts. The file is written when a preset's last seed is done, so an
interrupted run keeps the presets it finished, and all others keep the figures they had.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lenet.data import Dataset
from lenet.engine import cpu
from lenet.evaluation.evaluate import evaluate
from lenet.experiments.provenance import provenance
from lenet.model.arrays import Array
from lenet.model.file import replace_file
from lenet.model.network import Network
from lenet.recipe import Recipe
from lenet.spec import Spec
from lenet.training.errors import TrainingError
from lenet.training.fit import fit
from lenet.zoo.preset import PresetTable, Published
from lenet.zoo.presets import literature

_KEYS = {"processor", "threads", "date", "lenet", "commit", "outcomes"}

CURVE_POINTS = 200
"""Points that are kept of a training's loss."""
DEAD_UNIT_IMAGES = 1000
"""Training images on which a dead unit is 0."""
_NOTHING = Published(None)
REMEDY = "remedy"
"""Marks the trainings by a preset's remedy."""


@dataclass(frozen=True)
class Outcome:
    """The result of one training.

    Attributes
    ----------
    error, loss : float
        On the test images: percent classified wrongly, mean of -log of the right class's probability.
    epochs, steps : int
        How many were done; a step is a minibatch.
    seconds : float
        Spent training, validation not counted.
    curve : list of (steps, loss)
        Training loss, the mean over the steps since the last point.
    dead : mapping of str to float
        For each ReLU layer, the fraction of its units that are 0 for each of 1,000 training images.
    errors_after : list of (epoch, percent)
        The test error after the epochs for which the source prints it.
    accuracies : list of (steps, accuracy)
        The training accuracy of a minibatch before its step, 0 to 1, for as many steps as the source plots.
    """

    seed: int
    error: float
    loss: float
    epochs: int
    steps: int
    seconds: float
    curve: list[tuple[int, float]]
    dead: Mapping[str, float]
    errors_after: list[tuple[int, float]]
    accuracies: list[tuple[int, float]]


@dataclass(frozen=True)
class Reproduction:
    """One training to be done: `recipe` is the preset's own, or its remedy."""

    name: str
    spec: Spec
    recipe: Recipe
    seed: int
    published: Published = _NOTHING

    @property
    def threads(self) -> int:
        """How many threads can help: a minibatch of one tile has work for one."""
        return 1 if self.recipe.batch_size <= cpu.TILE_IMAGES else cpu.MAX_THREADS


def reproductions(names: Sequence[str], seeds: int, table: PresetTable = literature) -> list[Reproduction]:
    """Return the trainings of the presets of those names (none: all), each with the seeds 0 to `seeds` - 1.

    Raises ValueError for an unknown name or no seeds.
    """
    if seeds < 1:
        raise ValueError(f"{seeds} seeds; expected at least 1")
    planned = []
    for name in dict.fromkeys(names) or table:
        preset = table[name]
        for seed in range(seeds):
            planned.append(Reproduction(name, preset.spec, preset.recipe, seed, preset.published))
            if REMEDY in preset.recipes:
                planned.append(Reproduction(f"{name} {REMEDY}", preset.spec, preset.recipes[REMEDY], seed))
    return planned


def dead_units(network: Network, images: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return for each ReLU layer the fraction of its units that are 0 for every image."""
    trace = network.trace(images)
    rectified = [layer.name for layer in network.spec.layers if layer.activation == "relu"]
    return {name: float(1 - (trace[name] > 0).any(axis=0).mean()) for name in rectified}


class Stopped(Exception):
    """A training was told to stop before its end."""


def run_one(
    planned: Reproduction,
    training: Dataset,
    test: Dataset,
    *,
    threads: int | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Do one training and test its network once; raises `Stopped` after the epoch in which `stop` was set."""
    recipe, validation = planned.recipe, None
    if recipe.validation:
        training, holdout = training.split(recipe.validation)
        validation = (holdout.images, holdout.labels) if recipe.stopping else None
    used = min(planned.threads, cpu.threads_to_use(threads))
    printed = {number for number, _ in planned.published.error_after}
    errors_after = []
    for epoch in fit(planned.spec, recipe, training.images, training.labels, validation, planned.seed, used):
        if epoch.number in printed:
            error = evaluate(epoch.network, test.images, test.labels, threads=used).error
            errors_after.append((epoch.number, 100 * error))
        if stop is not None and stop.is_set():
            raise Stopped
    minibatches = epoch.history.minibatches()
    result = evaluate(epoch.network, test.images, test.labels, threads=used)
    return Outcome(
        seed=planned.seed,
        error=100 * result.error,
        loss=result.loss,
        epochs=epoch.number,
        steps=len(minibatches["losses"]),
        seconds=sum(one.seconds for one in epoch.history),
        curve=_curve(minibatches["losses"]),
        dead=dead_units(epoch.network, training.images[:DEAD_UNIT_IMAGES]),
        errors_after=errors_after,
        accuracies=_plotted(minibatches["accuracies"], planned.published.accuracy_every),
    )


def _curve(losses: Array) -> list[tuple[int, float]]:
    """Return at most `CURVE_POINTS` points of a curve: steps, and the mean loss over the steps since the last point."""
    ends = np.unique(np.linspace(0, len(losses), min(CURVE_POINTS, len(losses)) + 1).astype(int))
    return [(int(b), float(losses[a:b].mean())) for a, b in pairwise(ends)]


def _plotted(accuracies: Array, every: int | None) -> list[tuple[int, float]]:
    """Return the accuracies that a source plots, by the number of steps done before; none if it plots none."""
    return [(step, round(float(accuracies[step]), 4)) for step in range(0, len(accuracies), every)] if every else []


def run_all(
    planned: Sequence[Reproduction], training: Dataset, test: Dataset, threads: int | None = None
) -> Iterator[tuple[Reproduction, Outcome | TrainingError]]:
    """Do trainings, yielding each as it ends: those of one thread several at a time, then the others in turn."""
    used = cpu.threads_to_use(threads)
    yield from _run_side_by_side([p for p in planned if p.threads == 1], training, test, used)
    for one in planned:
        if one.threads != 1:
            try:
                yield one, run_one(one, training, test, threads=used)
            except TrainingError as error:
                yield one, error


def _run_side_by_side(
    planned: Sequence[Reproduction], training: Dataset, test: Dataset, threads: int
) -> Iterator[tuple[Reproduction, Outcome | TrainingError]]:
    """Do trainings of one thread each, so many at a time as there are threads."""
    todo, done = queue.SimpleQueue[Reproduction](), queue.SimpleQueue[tuple[Reproduction, Outcome | BaseException]]()
    for one in planned:
        todo.put(one)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                one = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((one, run_one(one, training, test, threads=1, stop=stop)))
            except BaseException as error:
                done.put((one, error))

    workers = [threading.Thread(target=work) for _ in range(min(threads, len(planned)))]
    for worker in workers:
        worker.start()
    try:
        for _ in planned:
            one, outcome = done.get()
            if isinstance(outcome, BaseException) and not isinstance(outcome, TrainingError):
                raise outcome
            yield one, outcome
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def reproduce(
    names: Sequence[str],
    seeds: int,
    training: Dataset,
    test: Dataset,
    path: Path,
    *,
    threads: int | None = None,
    report: Callable[[str], None] = lambda message: None,
    table: PresetTable = literature,
) -> dict[str, Any]:
    """Train presets by their own recipes and keep their figures in the file at `path`.

    Parameters
    ----------
    names : sequence of str
        Presets; none: all.
    seeds : int
        Trainings of each.
    training, test : Dataset
    path : Path
        A JSON file; what it says of other presets stays.
    threads : int, optional
        See `lenet.engine.cpu.threads_to_use`.
    report : callable
        Gets a line after each training.
    table : PresetTable
        Where the names are looked up.

    Returns
    -------
    dict
        What the file now holds; see `lenet.experiments.report.page`.
    """
    planned = reproductions(names, seeds, table)
    figures = load(path)
    source = {**provenance(threads), "data": training.name}
    path.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    finished: dict[str, list[dict[str, Any]]] = {}
    for one, outcome in run_all(planned, training, test, threads):
        if isinstance(outcome, TrainingError):
            report(f"{one.name}, seed {one.seed}: {outcome}")
            finished.setdefault(one.name, []).append({"seed": one.seed, "failed": str(outcome)})
        else:
            text = f"{outcome.error:.2f} % test error after {outcome.epochs} epochs, {outcome.seconds:.1f} s"
            report(f"{one.name}, seed {one.seed}: {text}")
            finished.setdefault(one.name, []).append(asdict(outcome))
        outcomes = sorted(finished[one.name], key=lambda entry: int(entry["seed"]))
        if len(outcomes) == seeds:
            figures[one.name] = {**source, "seeds": seeds, "outcomes": outcomes}
            replace_file(path, to_json(figures).encode())
    report(f"{len(planned)} trainings in {time.perf_counter() - began:.0f} s")
    return figures


def to_json(figures: Mapping[str, Any]) -> str:
    """Return figures as JSON text with a line for each outcome."""
    presets = []
    for name, figure in figures.items():
        source = {key: value for key, value in figure.items() if key != "outcomes"}
        outcomes = ",\n".join(json.dumps(outcome) for outcome in figure["outcomes"])
        presets.append(f'{json.dumps(name)}: {json.dumps(source)[:-1]}, "outcomes": [\n{outcomes}\n]}}')
    return "{\n" + ",\n".join(presets) + "\n}\n"


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the figures in a file, none if it does not exist; ValueError if it holds anything else."""
    try:
        figures = json.loads(Path(path).read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{path}: not the figures of an earlier run ({error})") from error
    entries = list(figures.values()) if isinstance(figures, dict) else [None]
    for entry in entries:
        if not isinstance(entry, dict) or not set(entry) >= _KEYS or not isinstance(entry["outcomes"], list):
            raise ValueError(f"{path}: not the figures of an earlier run")
    return dict(figures)
