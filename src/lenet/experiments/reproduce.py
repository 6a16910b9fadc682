"""The presets trained by their own recipes, for the page that sets them beside their sources.

Every training uses MNIST's training images but those that the recipe holds out, and the test images once, at its end.
Nothing is chosen here: each seed counts. The file is written when a preset's last seed is done, so an interrupted run
keeps the presets it finished, and all others keep the figures they had.
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

from lenet import engine
from lenet.bench import provenance
from lenet.data import Dataset
from lenet.entry import Preset
from lenet.evaluate import evaluate
from lenet.network import Network
from lenet.presets import literature, preset
from lenet.recipe import Recipe
from lenet.spec import Spec
from lenet.train import TrainingError, fit
from lenet.weights import replace_file

Table = Mapping[str, Preset]

_KEYS = {"processor", "threads", "date", "lenet", "commit", "outcomes"}

CURVE = 200
"""Points that are kept of a training's loss."""
REMEDY = "remedy"
"""Marks the trainings by a preset's remedy."""


@dataclass(frozen=True)
class Outcome:
    """One training.

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
        For each layer of rectified linear units, the share that is 0 for every one of 1,000 training images.
    """

    seed: int
    error: float
    loss: float
    epochs: int
    steps: int
    seconds: float
    curve: list[tuple[int, float]]
    dead: Mapping[str, float]


@dataclass(frozen=True)
class Job:
    """One training to be done: `recipe` is the preset's own, or its remedy."""

    name: str
    spec: Spec
    recipe: Recipe
    seed: int

    @property
    def threads(self) -> int:
        """How many threads can help: minibatches of one tile have work for one."""
        return 1 if self.recipe.batch_size <= engine.TILE else engine.MOST_THREADS


def jobs(names: Sequence[str], seeds: int, table: Table = literature) -> list[Job]:
    """Return the trainings of the presets of those names (none: all), each with the seeds 0 to `seeds` - 1.

    Raises ValueError for an unknown name or no seeds.
    """
    if seeds < 1:
        raise ValueError(f"{seeds} seeds; expected at least 1")
    found = []
    for name in dict.fromkeys(names) or table:
        entry = preset(name, table)
        for seed in range(seeds):
            found.append(Job(name, entry.spec, entry.recipe, seed))
            if entry.remedy:
                found.append(Job(f"{name} {REMEDY}", entry.spec, entry.remedy, seed))
    return found


def dead_units(network: Network, images: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return for each layer of rectified linear units the share that is 0 for every image; softmax layers have none."""
    trace = network.trace(images)
    rectified = [layer.name for layer in network.spec.layers if layer.squash == "relu"]
    return {name: float(1 - (trace[name] > 0).any(axis=0).mean()) for name in rectified}


class Stopped(Exception):
    """A training was told to stop before its end."""


def run(
    job: Job, training: Dataset, test: Dataset, threads: int | None = None, stop: threading.Event | None = None
) -> Outcome:
    """Do one training and test its network once; raises `Stopped` after the epoch in which `stop` was set."""
    held_out = None
    if job.recipe.validation:
        training, held_out = training.split(job.recipe.validation)
    validation = (held_out.images, held_out.labels) if held_out and job.recipe.stopping else None
    used = min(job.threads, engine.threads_to_use(threads))
    seconds, losses = 0.0, []
    for epoch in fit(job.spec, job.recipe, training.images, training.labels, validation, job.seed, used):
        seconds += epoch.seconds
        losses.append(epoch.losses)
        if stop is not None and stop.is_set():
            raise Stopped
    every = np.concatenate(losses)
    result = evaluate(epoch.network, test.images, test.labels, threads=used)
    ends = np.unique(np.linspace(0, len(every), min(CURVE, len(every)) + 1).astype(int))
    curve = [(int(b), float(every[a:b].mean())) for a, b in pairwise(ends)]
    dead = dead_units(epoch.network, training.images[:1000])
    return Outcome(job.seed, 100 * result.error, result.loss, epoch.number, len(every), seconds, curve, dead)


def run_all(
    todo: Sequence[Job], training: Dataset, test: Dataset, threads: int | None = None
) -> Iterator[tuple[Job, Outcome | TrainingError]]:
    """Do trainings, yielding each as it ends: those that one thread does several at a time, then the others in turn."""
    used = engine.threads_to_use(threads)
    alone = queue.SimpleQueue[Job]()
    for job in (job for job in todo if job.threads == 1):
        alone.put(job)
    done = queue.SimpleQueue[tuple[Job, Outcome | BaseException]]()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                job = alone.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((job, run(job, training, test, 1, stop)))
            except BaseException as error:
                done.put((job, error))

    workers = [threading.Thread(target=work) for _ in range(min(used, alone.qsize()))]
    count = alone.qsize()
    for worker in workers:
        worker.start()
    try:
        for _ in range(count):
            job, outcome = done.get()
            if isinstance(outcome, BaseException) and not isinstance(outcome, TrainingError):
                raise outcome
            yield job, outcome
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    for job in todo:
        if job.threads != 1:
            try:
                yield job, run(job, training, test, used)
            except TrainingError as error:
                yield job, error


def reproduce(
    names: Sequence[str],
    seeds: int,
    training: Dataset,
    test: Dataset,
    path: Path,
    threads: int | None = None,
    report: Callable[[str], None] = lambda message: None,
    table: Table = literature,
) -> dict[str, Any]:
    """Train presets by their own recipes and keep their figures in the file at `path`.

    Parameters
    ----------
    names : sequence of str
        Presets; none: all.
    seeds : int
        Trainings of each.
    path : Path
        A JSON file; what it says of other presets stays.
    report : callable
        Gets a line after each training.
    table : mapping of str to Preset
        Where the names are looked up.

    Returns
    -------
    dict
        What the file now holds; see `lenet.report.page`.
    """
    todo = jobs(names, seeds, table)
    figures = load(path)
    about = {**provenance(threads), "data": training.name}
    path.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    new: dict[str, list[dict[str, Any]]] = {}
    for job, outcome in run_all(todo, training, test, threads):
        if isinstance(outcome, TrainingError):
            report(f"{job.name}, seed {job.seed}: {outcome}")
            new.setdefault(job.name, []).append({"seed": job.seed, "failed": str(outcome)})
        else:
            text = f"{outcome.error:.2f} % test error after {outcome.epochs} epochs, {outcome.seconds:.1f} s"
            report(f"{job.name}, seed {job.seed}: {text}")
            new.setdefault(job.name, []).append(asdict(outcome))
        outcomes = sorted(new[job.name], key=lambda entry: int(entry["seed"]))
        if len(outcomes) < seeds:
            continue
        figures[job.name] = {**about, "seeds": seeds, "outcomes": outcomes}
        replace_file(path, (json.dumps(figures, indent=1) + "\n").encode())
    report(f"{len(todo)} trainings in {time.perf_counter() - began:.0f} s")
    return figures


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
