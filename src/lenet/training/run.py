"""A training that keeps its files in a directory: the network, its history, its curves, and a checkpoint.

``network.safetensors`` is the network after the last epoch, ``history.jsonl`` has a line per epoch,
``checkpoint.safetensors`` is what ``--resume`` continues from, ``curves.png`` is drawn at the end. Each file is
replaced whole after every epoch, so a killed training loses the epoch it was in and nothing else; resumed, it ends at
the same weights as one that was never stopped. Each member of an ensemble has a directory of its own, ``seed-0`` and so
on, beside ``ensemble.safetensors``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

from lenet.data import Dataset
from lenet.engine import cpu
from lenet.extras import is_installed
from lenet.model import file
from lenet.model.ensemble import Ensemble
from lenet.model.initial import initial_weights
from lenet.model.network import Network
from lenet.recipe import Recipe
from lenet.spec import Spec
from lenet.training.epoch_data import Teacher
from lenet.training.errors import RunError
from lenet.training.fit import Epoch, State, fit, teacher_of
from lenet.training.history import EpochMetrics, History

NETWORK, HISTORY, CHECKPOINT, CURVES = "network.safetensors", "history.jsonl", "checkpoint.safetensors", "curves.png"
ENSEMBLE = "ensemble.safetensors"

_GIVEN_BY = {
    "spec": "--preset and --set",
    "seed": "--seed",
    "images": "--data, its options, and --validation",
    "classes": "--data",
    "teacher": "--teacher",
    "initial": "--initial",
}
"""The options that say what a training is."""
_STATE_ARRAYS = ("weights", "first", "second", "best", "average")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What to train, on which data, and in which directory its files are kept.

    `provenance` is added to that of the network; the other fields are those of `lenet.fit`.
    """

    directory: Path
    spec: Spec
    recipe: Recipe
    training: Dataset
    validation: Dataset | None
    seed: int = 0
    threads: int | None = None
    resume: bool = False
    provenance: Mapping[str, Any] | None = None
    teacher: Teacher | None = None
    initial: Network | None = None

    def _identity(self, teacher: Teacher | None) -> dict[str, Any]:
        digest = hashlib.sha256()
        for array in (self.training.images, self.training.labels):
            digest.update(array.tobytes())
        return {
            "spec": json.loads(json.dumps(self.spec.to_dict())),
            "recipe": json.loads(json.dumps(self.recipe.to_dict())),
            "seed": self.seed,
            "images": digest.hexdigest(),
            "classes": None if self.training.classes is None else list(self.training.classes),
            # Instruction sets that fuse multiply and add round otherwise than the one that does not.
            "fused": cpu.isa()[3],
            "teacher": None if teacher is None else self._digest_of(teacher),
            "initial": None if self.initial is None else hashlib.sha256(self.initial.flat.tobytes()).hexdigest(),
        }

    def _digest_of(self, teacher: Teacher) -> str:
        """Return a digest of a teacher's answers to a few images, which tells teachers apart."""
        return hashlib.sha256(teacher.predict_proba(self.training.images[:64]).tobytes()).hexdigest()

    def epochs(self) -> Iterator[Epoch]:
        """Train, yielding each epoch once its files are written.

        Raises
        ------
        RunError
            If the directory cannot be written to, holds a training and `resume` is not set, or holds another
            training than this one.
        """
        with _made(self.directory):
            yield from self._epochs()

    def _epochs(self) -> Iterator[Epoch]:
        teacher = teacher_of(self.recipe, self.teacher)
        identity = self._identity(teacher)
        state = self._checkpoint(identity)
        history = state.history if state else History()
        validation = (self.validation.images, self.validation.labels) if self.validation else None
        epochs = fit(
            self.spec,
            self.recipe,
            self.training.images,
            self.training.labels,
            validation,
            self.seed,
            self.threads,
            teacher=teacher,
            initial=self.initial,
            resume_from=state,
        )
        for epoch in epochs:
            epoch = replace(epoch, network=self._with_provenance(epoch))
            history = epoch.history
            self._keep(epoch, identity)
            yield epoch
        if not (self.directory / NETWORK).exists():
            raise RunError(
                f"{self.directory / NETWORK}: is missing, and all epochs are done; train again in another directory"
            )
        if is_installed("matplotlib") and history:
            history.plot(self.directory / CURVES)

    def _checkpoint(self, identity: Mapping[str, Any]) -> State | None:
        """Return the state to resume from; `RunError` if the directory does not allow it."""
        path = self.directory / CHECKPOINT
        members = sorted(place.parent.name for place in self.directory.glob(f"seed-*/{CHECKPOINT}"))
        if members:
            raise RunError(
                f"{self.directory}: holds an ensemble, {', '.join(members)}; --resume with --members continues it, "
                "another directory starts a training of one network"
            )
        if not path.exists():
            if self.resume:
                raise RunError(f"{self.directory}: no {CHECKPOINT} to resume from")
            if (self.directory / NETWORK).exists():
                raise RunError(
                    f"{self.directory / NETWORK}: is there without its {CHECKPOINT}; move it away, or train in another "
                    "directory"
                )
            return None
        if not self.resume:
            raise RunError(
                f"{self.directory}: holds a training; --resume continues it, another directory starts a new one"
            )
        arrays, header = file.read(path)
        header = _current_names(header)
        arrays.setdefault("average", np.zeros(0, np.float32))
        header.setdefault("classes", identity["classes"])  # earlier versions did not write it
        others = [key for key, value in identity.items() if key != "recipe" and header.get(key) != value]
        for key in others:
            values = f" ({header.get(key)!r}, now {identity[key]!r})" if key in ("seed", "fused") else ""
            cure = f"; expected the same {_GIVEN_BY[key]} as before" if key in _GIVEN_BY else ""
            raise RunError(f"{path}: another training, with other {key}{values}{cure}")
        state = self._read_state(path, arrays, header)
        self._check_recipe(path, header.get("recipe"), state)
        return state

    def _check_recipe(self, path: Path, former: Any, state: State) -> None:
        """Refuse another recipe than the former one, except for more epochs of a training that allows it."""
        differing = _differing("recipe", former, json.loads(json.dumps(self.recipe.to_dict())))
        if not differing:
            return
        text = "; ".join(f"{name} is {before!r} there, {now!r} now" for name, before, now in differing)
        why = "an extended training starts in another directory, with --initial for its weights"
        # Another number of epochs takes the place of a number of steps, so both differ.
        if {name for name, _, _ in differing} not in ({"recipe.epochs"}, {"recipe.epochs", "recipe.steps"}):
            raise RunError(f"{path}: another training; expected the same --quick, --best and --set as before: {text}")
        if self.recipe.schedule.follows_length:
            kind = type(self.recipe.schedule).__name__
            raise RunError(f"{path}: {text}; {kind} sets its learning rates by the number of epochs: {why}")
        if steps := self.recipe.steps or former.get("steps"):
            raise RunError(f"{path}: {text}; it ends after {steps} steps: {why}")
        if self.recipe.epochs < state.epoch:
            raise RunError(f"{path}: {text}; {state.epoch} epochs are done")

    def _read_state(self, path: Path, arrays: Mapping[str, Any], header: Mapping[str, Any]) -> State:
        try:
            history = History(EpochMetrics.from_dict(row) for row in header["history"])
            state = State(int(header["steps"]), **{k: arrays[k] for k in _STATE_ARRAYS}, history=history)
            consistent = (
                state.epoch > 0
                and state.epoch == header["epoch"]
                and 0 < state.steps < 2**31
                and [epoch.number for epoch in history] == list(range(1, state.epoch + 1))
                and all(array.ndim == 1 and np.isfinite(array).all() for array in arrays.values())
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path}: not a checkpoint ({error})") from error
        if not consistent:
            raise RunError(f"{path}: not a checkpoint (its numbers contradict each other)")
        return state

    def _with_provenance(self, epoch: Epoch) -> Network:
        network = epoch.network
        rows = [one.to_dict() for one in epoch.history]
        for row in rows:
            del row["seconds"]  # so that the same training gives the same bytes
        provenance = {
            **network.provenance,
            **(self.provenance or {}),
            "data": self.training.name,
            "history": rows,
        }
        if self.validation is not None:
            network = network.calibrated(self.validation.images, self.validation.labels, self.threads)
        return network.with_provenance(provenance)

    def _keep(self, epoch: Epoch, identity: Mapping[str, Any]) -> None:
        state = epoch.state
        arrays = {name: getattr(state, name) for name in _STATE_ARRAYS}
        rows = [one.to_dict() for one in epoch.history]
        header = {"format": file.FORMAT, **identity, "epoch": state.epoch, "steps": state.steps, "history": rows}
        epoch.network.save(self.directory / NETWORK)
        epoch.history.save(self.directory / HISTORY)
        file.write(self.directory / CHECKPOINT, arrays, header)


@contextlib.contextmanager
def _made(directory: Path) -> Iterator[None]:
    """Make a directory that can be written to, for one training at a time, and remove it if nothing was written.

    Raises
    ------
    RunError
        If it is impossible, or another training runs there; nothing is changed then.
    """
    new = [place for place in (directory, *directory.parents) if not place.exists()]
    probe = file.partial_path(directory / "probe", os.getpid())
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        _remove_empty(new)
        raise RunError(f"{directory}: cannot be written to ({error.strerror}); nothing was trained") from error
    with _locked(directory):
        try:
            for name in (NETWORK, HISTORY, CHECKPOINT, ENSEMBLE):  # of a training that was killed while it wrote
                for rest in directory.glob(file.partial_path(Path(name), "*").name):
                    rest.unlink(missing_ok=True)
            yield
        finally:
            _remove_empty(new)


def _remove_empty(places: Sequence[Path]) -> None:
    """Remove directories, each after those within it, up to the first that is not empty."""
    with contextlib.suppress(OSError):
        for place in places:
            place.rmdir()


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Let no other training use a directory meanwhile; RunError if one does.

    The lock ends with the process. Where the system or the file system has none, nothing is locked.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunError(f"{directory}: another training runs there; expected another directory") from error
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)  # also where a child of this process has the file
        os.close(handle)


def ensemble(run: Run, members: int) -> Iterator[tuple[int, Epoch]]:
    """Train networks that differ in their seeds only, yielding each member's number and epoch; then save the ensemble.

    Parameters
    ----------
    run : Run
        The first member. Member k is trained with the seed plus k, in the directory ``seed-<its seed>`` in the run's.
    members : int
        How many, at least 1. Resumed, those that are done are not trained again.

    Raises
    ------
    RunError
        As `Run.epochs` does.
    """
    with _made(run.directory):
        yield from _members(run, members)


def _members(run: Run, members: int) -> Iterator[tuple[int, Epoch]]:
    """Train the members of an ensemble in its directory, and save it: see `ensemble`."""
    directories = [run.directory / f"seed-{run.seed + k}" for k in range(members)]
    others = sorted({place.parent for place in run.directory.glob(f"seed-*/{CHECKPOINT}")} - set(directories))
    if others:
        raise RunError(
            f"{run.directory}: holds {', '.join(place.name for place in others)} of another ensemble; expected another "
            "directory, or the same seed and at least as many members"
        )
    begun = [place for place in (run.directory, *directories) if (place / CHECKPOINT).exists()]
    if not begun and (run.directory / ENSEMBLE).exists():
        raise RunError(
            f"{run.directory / ENSEMBLE}: is there without its members; move it away, or train in another directory"
        )
    if begun and begun[0] == run.directory:
        raise RunError(f"{run.directory}: holds a training of one network; another directory starts an ensemble")
    if begun and not run.resume:
        raise RunError(
            f"{begun[0]}: holds a training; --resume continues its members, another directory starts a new one"
        )
    if run.resume and not begun:
        raise RunError(f"{run.directory}: no {directories[0].name}/{CHECKPOINT} or other member's to resume from")
    initial_weights(run.spec, run.recipe.init, run.seed + members - 1)  # refuses seeds that are too large
    for k, directory in enumerate(directories):
        resume = run.resume and (directory / CHECKPOINT).exists()
        for epoch in replace(run, directory=directory, seed=run.seed + k, resume=resume).epochs():
            yield k, epoch
    networks = [Network.load(directory / NETWORK) for directory in directories]
    seeds = [run.seed + k for k in range(members)]
    result = Ensemble(networks, provenance={**(run.provenance or {}), "seeds": seeds, "data": run.training.name})
    if run.validation is not None:
        result = result.calibrated(run.validation.images, run.validation.labels, run.threads)
    result.save(run.directory / ENSEMBLE)


def _differing(name: str, former: Any, value: Any) -> list[tuple[str, Any, Any]]:
    """Return the names of the fields in which two described values differ, and their values."""
    if isinstance(former, Mapping) and isinstance(value, Mapping) and former.get("kind") == value.get("kind"):
        keys = sorted({*former, *value})
        return [each for key in keys for each in _differing(f"{name}.{key}", former.get(key), value.get(key))]
    return [] if former == value else [(name, former, value)]


def _current_names(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return the header of a checkpoint of an earlier version with today's fields; new ones have their defaults."""
    current = dict(header)
    if "begin" in current:
        current["initial"] = current.pop("begin")
    with contextlib.suppress(KeyError, ValueError):
        current["spec"] = json.loads(json.dumps(Spec.from_dict(header["spec"]).to_dict()))
    with contextlib.suppress(KeyError, ValueError):
        current["recipe"] = json.loads(json.dumps(Recipe.from_dict(header["recipe"]).to_dict()))
    return current
