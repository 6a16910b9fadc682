"""A whole training as one library call: everything that ``lenet train`` does, from a preset's name to files.

A job says what is wanted by names: a preset, one of its recipes, a data set. `Job.prepare` loads what it needs and
checks that it fits together; nothing is written before `PreparedJob.epochs` is iterated over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lenet._version import __version__, source_commit
from lenet.data import Dataset, PictureOptions, load
from lenet.data.sources import options_of
from lenet.model.ensemble import single_network
from lenet.model.network import Network
from lenet.model.pretrained import load as load_network
from lenet.recipe import Recipe
from lenet.spec import Spec
from lenet.training.changes import changed_recipe, changed_spec
from lenet.training.fit import Epoch, teacher_of
from lenet.training.line_examples import NETWORKS, load_examples
from lenet.training.run import ENSEMBLE, NETWORK, Run, ensemble
from lenet.zoo.presets import presets

DEFAULT_PRESET = "lenet5"
VALIDATION_ONE_IN = 12
"""One in so many training images goes to the validation set, unless the recipe or the caller says otherwise."""

FEW_STEPS = 30
"""A training of fewer steps is remarked on."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A training that keeps its files.

    Parameters
    ----------
    out : path
        The directory of the network, its history and its checkpoint.
    preset : str, optional
        The name of a preset. By default `DEFAULT_PRESET`, with as many classes and input maps as the data have.
    recipe : str, optional
        The purpose of another recipe of the preset, such as ``quick`` or ``best`` (see `lenet.Preset.recipes`). By
        default its own recipe; with `initial`, ``fine_tune`` if it has that.
    data : str
        As for `lenet.data.load`; or the name of a network for whole numbers, alone or with a directory of fields:
        ``candidates:DIR``.
    pictures : mapping
        How pictures become images: options of `lenet.data.PictureOptions` by their names. Those that are not given are
        as in the training of `initial`, if there is one.
    epochs : int, optional
        Epochs; by default the recipe's.
    validation : int, optional
        Hold-out images of the training set, for validation and calibration; by default the recipe's number, or one in
        `VALIDATION_ONE_IN`.
    changes : mapping
        Other values of fields of the network and of the recipe, by their names: see `lenet.training.changes`.
    seed : int
        Of everything that is drawn.
    members : int
        Networks, each with a seed of its own, that become an ensemble.
    teacher, initial : str, optional
        Name or file of the teacher of a distillation, and of the network whose weights are the initial weights.
    hard_examples : bool
        For whole numbers: more strings, but mostly those that are hard for `initial`.
    resume : bool
        Continue the training in `out`.
    threads : int, optional
        See `lenet.engine.cpu.threads_to_use`.
    """

    out: Path
    preset: str | None = None
    recipe: str | None = None
    data: str = "mnist"
    pictures: Mapping[str, Any] = field(default_factory=dict)
    epochs: int | None = None
    validation: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    members: int = 1
    teacher: str | None = None
    initial: str | None = None
    hard_examples: bool = False
    resume: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be trained; ValueError."""
        object.__setattr__(self, "out", Path(self.out))
        if self.epochs is not None and not {"recipe.epochs", "recipe.steps"}.isdisjoint(self.changes):
            raise ValueError(f"{self.epochs} epochs, and a change of recipe.epochs or recipe.steps; expected one")
        if self.members < 1:
            raise ValueError(f"an ensemble of {self.members} members; expected at least 1")

    @property
    def path(self) -> Path:
        """The file of the network or ensemble that the job trains."""
        return self.out / (ENSEMBLE if self.members > 1 else NETWORK)

    def chosen_recipe(self) -> Recipe:
        """Return the recipe that the job trains by; ValueError if the preset has none of that name."""
        name = self.preset or DEFAULT_PRESET
        preset = presets[name]
        if self.recipe is None:
            recipe = preset.recipes.get("fine_tune", preset.recipe) if self.initial else preset.recipe
        elif self.recipe in preset.recipes:
            recipe = preset.recipes[self.recipe]
        else:
            having = [name for name, other in presets.items() if self.recipe in other.recipes]
            raise ValueError(
                f"{name} has no {self.recipe} recipe; "
                + (f"there is one for {', '.join(having)}" if having else f"it has {', '.join(preset.recipes)}")
            )
        recipe = changed_recipe(recipe, self.changes)
        return recipe if self.epochs is None else replace(recipe, epochs=self.epochs, steps=None)

    def prepare(self) -> PreparedJob:
        """Load the data and the networks that the job names.

        Raises
        ------
        ValueError, TypeError, OSError
            If something is not there or does not fit together.
        """
        recipe = self.chosen_recipe()
        teacher = None if self.teacher is None else load_network(self.teacher)
        teacher_of(recipe, teacher)  # refuses one where there is no distillation
        initial = None if self.initial is None else single_network(load_network(self.initial), self.initial)
        training = self._load(initial)
        spec = self._spec(training, initial)
        training, validation = self._split(training, recipe)
        preset = self.preset or DEFAULT_PRESET
        provenance: dict[str, Any] = {"preset": preset, "lenet": __version__, "commit": source_commit()}
        if training.classes is not None:
            provenance["classes"] = list(training.classes)
        if training.pictures != PictureOptions():
            provenance["pictures"] = asdict(training.pictures)
        if self.teacher is not None:
            provenance["teacher"] = self.teacher
        if initial is not None:
            provenance["initial"] = dict(initial.provenance)
        run = Run(
            directory=self.out,
            spec=spec,
            recipe=recipe,
            training=training,
            validation=validation,
            seed=self.seed,
            threads=self.threads,
            resume=self.resume,
            provenance=provenance,
            teacher=teacher,
            initial=initial,
        )
        return PreparedJob(self, run)

    def _load(self, initial: Network | None) -> Dataset:
        """Return all training images, those for validation with them."""
        if self.is_of_lines:
            if self.pictures:
                given = ", ".join(sorted(self.pictures))
                raise ValueError(f"{given} with {self.data}; options of pictures are for data sets of single digits")
            return load_examples(
                self.data, initial=initial, hard=self.hard_examples, seed=self.seed, threads=self.threads
            )
        if self.hard_examples:
            names = " and ".join(NETWORKS)
            raise ValueError(f"hard examples of {self.data}; they are for {names} with fields of one's own")
        inherited = {} if initial is None else options_of(initial.provenance)
        training = load(self.data, "train", **{**inherited, **self.pictures})
        if initial is None or initial.class_names is None:
            return training
        if training.classes is None and training.class_count <= len(initial.class_names):
            return replace(training, classes=initial.class_names)  # their labels are those of the network
        return training.relabelled(initial.class_names)

    @property
    def is_of_lines(self) -> bool:
        """Whether the data are for networks that read whole numbers."""
        return self.data.partition(":")[0] in NETWORKS

    def _spec(self, training: Dataset, initial: Network | None) -> Spec:
        """Return the network to train; without a preset, its output layer and its input maps follow the data."""
        name = self.preset or DEFAULT_PRESET
        spec = presets[name].spec
        if self.is_of_lines:
            return changed_spec(spec, self.changes)
        classes, images = training.class_count, training.images
        maps = images.shape[1] if images.ndim == 4 else 1
        height, width = spec.input[1:]
        if images.shape[-2] > height or images.shape[-1] > width:
            given, cure = f"{images.shape[-2]}x{images.shape[-1]}", f"size={height} (--size {height}) resizes them"
            raise ValueError(f"images of {given} in {training.origin}; expected at most {height}x{width}: {cure}")
        cure = "without a preset (--preset), the network has as many as the data"
        if self.preset is None:
            if classes < 2:
                raise ValueError(f"{classes} class in {training.origin}; expected at least 2")
            like = initial.spec if initial else None
            spec = spec.with_classes(like.classes if like else classes)
            spec = replace(spec, input=(like.input[0] if like else maps, height, width))
            if self.initial:
                name, cure = f"the network of {self.initial}", "expected initial weights for such data"
        spec = changed_spec(spec, self.changes)
        if classes > spec.classes:
            raise ValueError(f"{classes} classes in {training.origin}; {name} has {spec.classes}: {cure}")
        if maps != spec.input[0]:
            raise ValueError(f"images of {maps} maps in {training.origin}; {name} takes {spec.input[0]}: {cure}")
        return spec

    def _split(self, training: Dataset, recipe: Recipe) -> tuple[Dataset, Dataset | None]:
        count = self.validation
        if count is None:
            count = len(training) // VALIDATION_ONE_IN if recipe.validation is None else recipe.validation
        return training.split(count) if count else (training, None)


@dataclass(frozen=True)
class PreparedJob:
    """A job whose data and networks were loaded."""

    job: Job
    run: Run

    @property
    def path(self) -> Path:
        """The file of the network or ensemble that the job trains."""
        return self.job.path

    def remarks(self) -> list[str]:
        """Return what is unusual in this training, a sentence each."""
        run, remarks = self.run, []
        if run.validation is None and run.recipe.validation is None and self.job.validation is None:
            remarks.append(
                f"{len(run.training)} images are too few to keep some for validation: the network will not be "
                "calibrated"
            )
        steps = run.recipe.epochs * -(-len(run.training) // run.recipe.batch_size)
        if steps < FEW_STEPS and not run.recipe.steps:
            remarks.append(
                f"few steps, {steps} in all: it may not learn; more epochs (--epochs) or smaller minibatches "
                "(--set recipe.batch_size=16) make more"
            )
        if self.job.preset and not self.job.is_of_lines and run.training.class_count < run.spec.classes:
            remarks.append(
                f"{run.training.class_count} classes of images, and {run.spec.classes} of the network; without "
                "--preset it has as many as the data"
            )
        return remarks

    def epochs(self) -> Iterator[tuple[int, Epoch]]:
        """Train, yielding the member's number, counted from 0, and each epoch once its files are written.

        Raises
        ------
        RunError
            If the directory cannot be written to, or holds another training.
        """
        if self.job.members > 1:
            yield from ensemble(self.run, self.job.members)
        else:
            yield from ((0, epoch) for epoch in self.run.epochs())
