"""``lenet train``: a training that keeps its files."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

import lenet
from lenet import extras
from lenet.cli.loading import Color, Fit, Invert, Size, introduce, picture_options
from lenet.cli.shared import AsJson, Threads, app, say
from lenet.data.sources import SOURCES
from lenet.training.changes import parsed
from lenet.training.job import Job, PreparedJob
from lenet.training.run import CURVES, NETWORK

GUESSING = 0.95
"""A network whose error is at least this fraction of that of guessing has not learned."""

Preset = Annotated[
    str | None,
    typer.Option(help="Which LeNet: see `lenet presets`; by default lenet5, with as many classes as the data."),
]
TrainingData = Annotated[
    str,
    typer.Option(
        "--data", help="As for evaluate; or candidates or sliding-window, alone or with a directory: NAME:FIELDS."
    ),
]
Validation = Annotated[
    int | None,
    typer.Option(min=0, help="Hold-out images of the training set for validation; by default a twelfth; 0: none."),
]
Teacher = Annotated[str | None, typer.Option(help="A network as the teacher of a recipe with knowledge distillation.")]
Initial = Annotated[
    str | None,
    typer.Option(help="Fine-tuning: a network for the initial weights; by the preset's recipe for that, if any."),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Change a field of a layer or of the recipe: C1.kernel=7, recipe.batch_size=64; as often as you like.",
    ),
]
HardExamples = Annotated[
    bool, typer.Option("--hard-examples", help="For whole numbers: mostly examples that are hard for --initial.")
]


@app.command()
def train(
    preset: Preset = None,
    data: TrainingData = "mnist",
    size: Size = None,
    fit: Fit = None,
    color: Color = None,
    invert: Invert = None,
    changes: Changes = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; by default the recipe's.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Same seed, same weights.")] = 0,
    threads: Threads = None,
    validation: Validation = None,
    out: Annotated[Path, typer.Option(help="Directory for the network and its history.")] = Path("runs/lenet"),
    resume: Annotated[bool, typer.Option("--resume", help="Continue the training in --out.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="The fastest recipe that reaches 99 %.")] = False,
    best: Annotated[bool, typer.Option("--best", help="The most accurate recipe, however long it takes.")] = False,
    teacher: Teacher = None,
    initial: Initial = None,
    hard_examples: HardExamples = False,
    members: Annotated[int, typer.Option(min=1, help="Train an ensemble of so many, each with its own seed.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Train a network, and keep it, its history and its curves in a directory."""
    if quick and best:
        raise typer.BadParameter("--quick and --best are two recipes; expected one of them")
    job = Job(
        out=out,
        preset=preset,
        recipe="quick" if quick else "best" if best else None,
        data=data,
        pictures=picture_options(size, fit, color, invert),
        changes=_changes_of(changes or []),
        epochs=epochs,
        validation=validation,
        seed=seed,
        members=members,
        teacher=teacher,
        initial=initial,
        hard_examples=hard_examples,
        resume=resume,
        threads=threads,
    ).prepare()
    result = _run(job)
    print(json.dumps(result) if as_json else job.path)


def _changes_of(texts: list[str]) -> dict[str, Any]:
    """Return the values of the fields that --set names; a usage error if it names one twice."""
    changes: dict[str, Any] = {}
    for field, value in map(parsed, texts):
        if field in changes:
            raise typer.BadParameter(f"--set {field} twice; expected it once")
        changes[field] = value
    return changes


def _run(job: PreparedJob) -> dict[str, Any]:
    """Train, showing each epoch; return what the command prints."""
    introduce(job.run.training, job.job.data)
    for remark in job.remarks():
        say(f"note: {remark}")
    if not extras.is_installed("matplotlib"):
        say(f"{CURVES} will not be drawn: {extras.missing('matplotlib', 'drawing')}")
    members, planned, last = job.job.members, job.run.recipe.epochs, None
    try:
        for member, last in job.epochs():
            say((f"member {member + 1}/{members}  " if members > 1 else "") + str(last))
    except KeyboardInterrupt:
        kept = (
            f"epoch {last.number} is kept in {job.job.out}, --resume continues it" if last else "no epoch was finished"
        )
        say(f"interrupted: {kept}")
        raise
    epochs = last.number if last else int(lenet.load(job.path).provenance.get("epochs", planned))
    if last is None:
        say(f"{job.job.out}: already trained for {epochs} epochs")
    result = {"network": str(job.path), "epochs": epochs, "seed": job.job.seed}
    result |= {"data": job.run.training.origin}
    if last is not None and members == 1:
        result |= {"loss": last.loss, "accuracy": last.accuracy}
        result |= {"validation": last.validation, "validation_loss": last.validation_loss}
    _summarise(job)
    return result


def _summarise(job: PreparedJob) -> None:
    """Say what the error on the validation images is, where its files are, and what can be done next."""
    network, holdout = lenet.load(job.path), job.run.validation
    if holdout is not None:
        result = lenet.evaluate(network, holdout.images, holdout.labels, threads=job.run.threads)
        say(f"validation: error {100 * result.error:.2f} %, {result.wrong} of {result.n:,} images; calibrated on them")
        if result.error >= GUESSING * (1 - 1 / network.classes):
            say("note: that is as bad as guessing: the learning rate may be too high (--set recipe.schedule.peak=0.01)")
    say(f"files in {job.job.out}: {', '.join(sorted(path.name for path in job.job.out.iterdir()))}")
    if job.job.is_of_lines:
        return
    file = shlex.quote(str(job.path))
    first = job.job.out / f"seed-{job.job.seed}" / NETWORK
    alone = shlex.quote(str(first)) if job.job.members > 1 else file
    if job.job.data in SOURCES:
        data = "" if job.job.data == "mnist" else f" --data {job.job.data}"
        say(f"next: lenet evaluate {file}{data}")
        say(f"      lenet look {alone} --index 0{data}")
        say(f"      lenet read picture.png --model {file}")
    else:
        say(f"next: lenet evaluate {file} --data TEST_DATA")
        say(f"      lenet look {alone} picture.png")
