"""A training that keeps files: a directory with the network, its history, its curves, and all it needs to go on.

``network.safetensors`` is the network after the last epoch, ``history.jsonl`` has a line per epoch,
``checkpoint.safetensors`` is what ``--resume`` goes on from, ``curves.png`` is drawn at the end. Each file is replaced
whole after every epoch, so a killed training loses the epoch it was in and nothing else; resumed, it ends at
the same weights as one that was never stopped. An ensemble's members have a directory each, ``seed-0`` and so on,
beside ``ensemble.safetensors``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lenet import engine, figures
from lenet import weights as weights_
from lenet.data import Dataset
from lenet.ensemble import Ensemble
from lenet.lessons import Teacher
from lenet.network import Network
from lenet.recipe import Recipe
from lenet.spec import Spec
from lenet.train import Epoch, State, fit, teacher_of

NETWORK, HISTORY, CHECKPOINT, CURVES = "network.safetensors", "history.jsonl", "checkpoint.safetensors", "curves.png"
ENSEMBLE = "ensemble.safetensors"

_KEPT = ("weights", "first", "second", "best", "average")


class RunError(ValueError):
    """A directory cannot be used for the training that was asked for; the message says why."""


@dataclass(frozen=True)
class Run:
    """What to train, on what, and in which directory its files are kept."""

    directory: Path
    spec: Spec
    recipe: Recipe
    training: Dataset
    validation: Dataset | None
    seed: int = 0
    threads: int | None = None
    resume: bool = False
    about: Mapping[str, Any] | None = None
    teacher: Teacher | None = None
    begin: Network | None = None

    def _identity(self, teacher: Teacher | None) -> dict[str, Any]:
        digest = hashlib.sha256()
        for array in (self.training.images, self.training.labels):
            digest.update(array.tobytes())
        return {
            "spec": json.loads(json.dumps(self.spec.to_dict())),
            "recipe": json.loads(json.dumps(self.recipe.to_dict())),
            "seed": self.seed,
            "images": digest.hexdigest(),
            # Rounding: instruction sets that fuse multiply and add give other bits than the one that does not.
            "fused": engine.isa()[3],
            "teacher": None if teacher is None else self._digest_of(teacher),
            "begin": None if self.begin is None else hashlib.sha256(self.begin.flat.tobytes()).hexdigest(),
        }

    def _digest_of(self, teacher: Teacher) -> str:
        """Return what tells teachers apart: their answers to a few images."""
        return hashlib.sha256(teacher.predict_proba(self.training.images[:64]).tobytes()).hexdigest()

    def epochs(self) -> Iterator[Epoch]:
        """Train, yielding each epoch once its files are written.

        Raises
        ------
        RunError
            If the directory cannot be written to, holds a training and `resume` is not set, or holds another
            training than this one.
        """
        self._make_writable()
        teacher = teacher_of(self.recipe, self.teacher)
        identity = self._identity(teacher)
        start, history = self._start(identity)
        validation = (self.validation.images, self.validation.labels) if self.validation else None
        epochs = fit(
            self.spec,
            self.recipe,
            self.training.images,
            self.training.labels,
            validation,
            self.seed,
            self.threads,
            start,
            teacher,
            self.begin,
        )
        for epoch in epochs:
            history.append(_row(epoch))
            epoch = replace(epoch, network=self._with_provenance(epoch, history))
            self._keep(epoch, identity, history)
            yield epoch
        if figures.available() and history:
            figures.curves(history, self.directory / CURVES)

    def _make_writable(self) -> None:
        probe = self.directory / f".{os.getpid()}.probe"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise RunError(f"{self.directory}: cannot be written to ({error.strerror}); nothing was trained") from error

    def _start(self, identity: Mapping[str, Any]) -> tuple[State | None, list[dict[str, Any]]]:
        path = self.directory / CHECKPOINT
        if not path.exists():
            if self.resume:
                raise RunError(f"{self.directory}: no {CHECKPOINT} to resume from")
            return None, []
        if not self.resume:
            raise RunError(
                f"{self.directory}: holds a training; --resume goes on with it, another directory starts anew"
            )
        arrays, header = weights_.read(path)
        header = _as_of_now(header)
        arrays.setdefault("average", np.zeros(0, np.float32))
        for key, value in identity.items():
            if header.get(key) != value:
                values = f" ({header.get(key)!r}, now {value!r})" if key in ("seed", "fused") else ""
                raise RunError(f"{path}: another training, with other {key}{values}")
        try:
            state = State(
                int(header["epoch"]),
                int(header["steps"]),
                **{k: arrays[k] for k in _KEPT},
                errors=tuple(header["errors"]),
            )
            history = [dict(row) for row in header["history"]]
            whole = (
                0 < state.epoch <= self.recipe.epochs
                and 0 < state.steps < 2**31
                and [row["epoch"] for row in history] == list(range(1, state.epoch + 1))
                and all(isinstance(row["loss"], float) and "validation" in row for row in history)
                and all(array.ndim == 1 and np.isfinite(array).all() for array in arrays.values())
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path}: not a checkpoint ({error})") from error
        if not whole:
            raise RunError(f"{path}: not a checkpoint (its numbers contradict each other)")
        return state, history

    def _with_provenance(self, epoch: Epoch, history: list[dict[str, Any]]) -> Network:
        network = epoch.network
        # Without the seconds: the same training gives the same bytes.
        rows = [{key: row[key] for key in ("epoch", "loss", "validation")} for row in history]
        about = {**network.provenance, **(self.about or {}), "data": self.training.name, "history": rows}
        if self.validation is not None:
            network = network.calibrated(self.validation.images, self.validation.labels, self.threads)
        return network.with_provenance(about)

    def _keep(self, epoch: Epoch, identity: Mapping[str, Any], history: list[dict[str, Any]]) -> None:
        state = epoch.state
        arrays = {name: getattr(state, name) for name in _KEPT}
        progress = {"epoch": state.epoch, "steps": state.steps, "errors": state.errors, "history": history}
        header = {"format": weights_.FORMAT, **identity, **progress}
        epoch.network.save(self.directory / NETWORK)
        lines = "".join(json.dumps(row) + "\n" for row in history)
        weights_.replace_file(self.directory / HISTORY, lines.encode())
        weights_.write(self.directory / CHECKPOINT, arrays, header)


def ensemble(run: Run, members: int) -> Iterator[tuple[int, Epoch]]:
    """Train networks that differ in their seeds alone, yielding each member's number and epoch; then keep them as one.

    Parameters
    ----------
    run : Run
        The first member, but for its directory: member k is trained with the seed plus k, in ``seed-<its seed>``.
    members : int
        How many, at least 1. If resumed, those that are done are not trained again.

    Raises
    ------
    RunError
        As `Run.epochs` does.
    """
    directories = [run.directory / f"seed-{run.seed + k}" for k in range(members)]
    begun = [place for place in (run.directory, *directories) if (place / CHECKPOINT).exists()]
    if begun and (begun[0] == run.directory or not run.resume):
        raise RunError(f"{begun[0]}: holds a training; --resume goes on with members, another directory starts anew")
    if run.resume and not begun:
        raise RunError(f"{run.directory}: no {directories[0].name}/{CHECKPOINT} or other member's to resume from")
    weights_.draw(run.spec, run.recipe.init, run.seed + members - 1)  # refuses seeds that are too large
    for k, directory in enumerate(directories):
        resume = run.resume and (directory / CHECKPOINT).exists()
        for epoch in replace(run, directory=directory, seed=run.seed + k, resume=resume).epochs():
            yield k, epoch
    networks = [Network.load(directory / NETWORK) for directory in directories]
    told = {**(run.about or {}), "seeds": [run.seed + k for k in range(members)], "data": run.training.name}
    whole = Ensemble(networks, told)
    if run.validation is not None:
        whole = whole.calibrated(run.validation.images, run.validation.labels, run.threads)
    whole.save(run.directory / ENSEMBLE)


def _row(epoch: Epoch) -> dict[str, Any]:
    return {
        "epoch": epoch.number,
        "loss": epoch.loss,
        "validation": epoch.validation,
        "rate": epoch.rate,
        "seconds": epoch.seconds,
        "images": epoch.images,
    }


def _as_of_now(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checkpoint's header with what earlier versions did not write: new fields have their defaults."""
    known = dict(header)
    with contextlib.suppress(KeyError, ValueError):
        known["spec"] = json.loads(json.dumps(Spec.from_dict(header["spec"]).to_dict()))
    with contextlib.suppress(KeyError, ValueError):
        known["recipe"] = json.loads(json.dumps(Recipe.from_dict(header["recipe"]).to_dict()))
    return known
