"""The presets trained by their own recipes, beside what their sources report: figures in a file, and a page of them.

Every training uses MNIST's training images but those that the recipe holds out, and the test images once, at its end.
Nothing is chosen here: each seed counts. The file is written after every training, so an interrupted run keeps what
it finished, and presets that were not asked for keep the figures they had.
"""

from __future__ import annotations

import json
import os
import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lenet import engine
from lenet import figures as drawings
from lenet.bench import provenance
from lenet.data import Dataset
from lenet.evaluate import evaluate
from lenet.network import Network
from lenet.presets import Preset, preset, presets
from lenet.recipe import Recipe
from lenet.spec import Spec
from lenet.train import TrainingError, fit
from lenet.weights import replace_file

Table = Mapping[str, Preset]

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


def jobs(names: Sequence[str], seeds: int, table: Table = presets) -> list[Job]:
    """Return the trainings of the presets of those names (none: all), each with the seeds 0 to `seeds` - 1.

    Raises ValueError for an unknown name or no seeds.
    """
    if seeds < 1:
        raise ValueError(f"{seeds} seeds; expected at least 1")
    found = []
    for name in names or table:
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
    table: Table = presets,
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
        What the file now holds; see `page`.
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
        figures[job.name] = {**about, "seeds": len(outcomes), "outcomes": outcomes}
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
    if not isinstance(figures, dict) or not all(isinstance(v, dict) and "outcomes" in v for v in figures.values()):
        raise ValueError(f"{path}: not the figures of an earlier run")
    return figures


def _mean(values: Sequence[float], digits: int = 2) -> str:
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


def _good(figures: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [o for o in figures.get(name, {}).get("outcomes", []) if "failed" not in o]


def _row(name: str, entry: Preset, figures: Mapping[str, Any]) -> str:
    published = "not given" if entry.published.error is None else f"{entry.published.error:g}"
    outcomes = _good(figures, name)
    if not outcomes:
        return f"| `{name}` | {published} | not trained yet | | | | | | |"
    steps = statistics.mean(o["steps"] for o in outcomes)
    seconds = statistics.mean(o["seconds"] for o in outcomes)
    cells = (
        published,
        _mean([o["error"] for o in outcomes]),
        str(len(outcomes)),
        _mean([o["epochs"] for o in outcomes], 0).removesuffix(" ± 0"),
        f"{seconds:,.1f}",
        f"{1e3 * seconds / steps:.3g}",
        f"{entry.spec.parameters:,}",
        f"{entry.spec.connections:,}",
    )
    return f"| `{name}` | {' | '.join(cells)} |"


_HEAD = """# The LeNets, reproduced

What each source reports, and what its network reaches here when trained by its own recipe: `lenet reproduce`. Every
training uses MNIST's 60,000 training images but those that its source holds out, and the 10,000 test images once, at
its end; a ± is the standard deviation over the seeds. Nothing was chosen by these errors: where a source leaves
something open, it was settled on training images held out, or by what others usually do, and it is listed below.

| network | published error, % | ours, % | seeds | epochs | seconds | milliseconds a step | parameters | connections |
|---|---|---|---|---|---|---|---|---|
"""

_FIGURE = """
![Time and width; loss against time](figures/reproducing.png)

Left, how the time of a step grows with the network: every network's time for one training image against the
multiplications by a weight that it needs. Right, training loss against time for networks that their sources compare.
"""


def page(figures: Mapping[str, Any], table: Table = presets) -> str:
    """Return the page of the figures as Markdown."""
    lines = [_HEAD.rstrip("\n")]
    lines += [_row(name, entry, figures) for name, entry in table.items()]
    lines += ["", *sorted(_machines(figures)), _FIGURE.rstrip("\n"), "", "## What the sources compare", ""]
    lines += [line for name, entry in table.items() for line in _comparison(name, entry, figures)]
    lines += ["", "## Where a source's own recipe fails", ""]
    for name, entry in table.items():
        if entry.remedy:
            lines += _failure(name, entry.remedy, entry.recipe, figures)
    lines += ["", "## What the sources leave open, and what was assumed", ""]
    for name, entry in table.items():
        remark = f" ({entry.published.remark})" if entry.published.remark else ""
        lines.append(f"- `{name}`{remark}: {entry.source}.")
        lines += [f"  - {question}" for question in entry.open_questions]
    return "\n".join(lines) + "\n"


def _machines(figures: Mapping[str, Any]) -> set[str]:
    by: dict[str, list[str]] = {}
    for name, f in figures.items():
        text = f"{f['processor']}, {f['threads']} threads, {f['date']}, lenet {f['lenet']}, commit {f['commit']}"
        by.setdefault(text, []).append(f"`{name}`")
    return {f"On {where}: {', '.join(names)}." for where, names in by.items()}


def _comparison(name: str, entry: Preset, figures: Mapping[str, Any]) -> list[str]:
    ours = {o["seed"]: o["error"] for o in _good(figures, name)}
    others = {o["seed"]: o["error"] for o in _good(figures, entry.rival or "")}
    both = sorted(set(ours) & set(others))
    if not both:
        return []
    differences = [ours[seed] - others[seed] for seed in both]
    seeds = f"{len(both)} seeds" if len(both) > 1 else "one seed"
    return [
        f"- `{name}` against `{entry.rival}`: {_mean([ours[s] for s in both])} % against "
        f"{_mean([others[s] for s in both])} %, a difference of {_mean(differences)} over {seeds}."
    ]


def _failure(name: str, remedy: Recipe, recipe: Recipe, figures: Mapping[str, Any]) -> list[str]:
    changed = [f"{key} {value!r}" for key, value in vars(remedy).items() if value != getattr(recipe, key)]
    lines = []
    for title, key in ((f"`{name}` by its own recipe", name), ("with " + ", ".join(changed), f"{name} {REMEDY}")):
        for outcome in figures.get(key, {}).get("outcomes", []):
            if "failed" in outcome:
                text = outcome["failed"]
            else:
                dead = ", ".join(f"{100 * share:.0f} % of {layer}" for layer, share in outcome["dead"].items())
                text = f"{outcome['error']:.2f} % test error; dead units (0 for each of 1,000 images): {dead}"
            lines.append(f"- {title}, seed {outcome['seed']}: {text}.")
    return lines


def _per_image(figures: Mapping[str, Any], name: str, entry: Preset) -> float | None:
    """Return the microseconds that one image of training took; None without figures."""
    images = entry.recipe.batch_size
    times = [1e6 * o["seconds"] / (o["steps"] * images) for o in _good(figures, name)]
    return statistics.mean(times) if times else None


def by_width(figures: Mapping[str, Any], table: Table = presets) -> dict[str, tuple[int, float]]:
    """Return for each preset the multiplications by a weight for one image, and the microseconds of its training."""
    found = {}
    for name, entry in table.items():
        time_of_one = _per_image(figures, name, entry)
        if time_of_one is not None:
            work = sum(layer.multiplications(shape) for layer, shape in entry.spec.steps())
            found[name] = (work, time_of_one)
    return found


def compared_curves(figures: Mapping[str, Any], table: Table = presets) -> dict[str, list[tuple[float, float]]]:
    """Return (seconds, training loss) for networks that their sources compare and that minimise the same loss."""
    found = {}
    for name, entry in table.items():
        rival = table.get(entry.rival or "")
        if rival is None or rival.recipe.loss != entry.recipe.loss:
            continue
        for each in (entry.rival or "", name):
            for outcome in _good(figures, each)[:1]:
                step = outcome["seconds"] / outcome["steps"]
                found[each] = [(step * at, loss) for at, loss in outcome["curve"]]
    return found


def write(figures: Mapping[str, Any], path: Path, table: Table = presets) -> None:
    """Write the page of the figures to `path` and its picture to ``figures/`` beside it, if matplotlib is there."""
    replace_file(path, page(figures, table).encode())
    if drawings.available():
        (path.parent / "figures").mkdir(exist_ok=True)
        picture = path.parent / "figures" / "reproducing.png"
        drawings.reproduced(by_width(figures, table), compared_curves(figures, table), picture)
