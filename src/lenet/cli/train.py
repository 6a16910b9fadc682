"""The commands that train: ``train``, ``bench``, ``reproduce``."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import lenet
from lenet import figures, runs, strings
from lenet.bench import provenance
from lenet.cli.shared import AsJson, Threads, app, network_called, say, show, single_called
from lenet.presets import preset as preset_called


@app.command()
def train(
    preset: Annotated[str, typer.Option(help="Which LeNet: see `lenet presets`.")] = "lenet5",
    data: Annotated[str, typer.Option(help="As for evaluate; or strings or windows, alone or with :FIELDS.")] = "mnist",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; by default the recipe's.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Same seed, same weights.")] = 0,
    threads: Threads = None,
    validation: Annotated[
        int | None,
        typer.Option(min=0, help="Training images held out to measure the error; by default a twelfth; 0: none."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Directory for the network and its history.")] = Path("runs/lenet"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="The fastest recipe that reaches 99 %.")] = False,
    best: Annotated[bool, typer.Option("--best", help="The most accurate recipe, however long.")] = False,
    teacher: Annotated[
        str | None, typer.Option(help="A network whose answers are learnt, for recipes that have a teacher.")
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option(help="A network whose weights to begin with; the preset's recipe for that, if it has one."),
    ] = None,
    unsure: Annotated[
        bool, typer.Option("--unsure", help="Of strings or windows: many more, mostly those --begin is unsure of.")
    ] = False,
    members: Annotated[int, typer.Option(min=1, help="Train so many, each with a seed of its own, as one.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Train a network and keep it, its history and its curves in a directory."""
    chosen = preset_called(preset)
    recipe = _recipe(preset, quick, best, begin is not None)
    recipe = recipe if epochs is None else replace(recipe, epochs=epochs, steps=None)
    tutor = None if teacher is None else network_called(teacher)
    first = None if begin is None else single_called(begin)
    if data.partition(":")[0] in strings.NETWORKS:
        training = strings.load(data, first, unsure, seed, threads)
    elif unsure:
        raise ValueError(f"--unsure is for strings and windows with fields of one's own, not for {data}")
    else:
        training = lenet.data.load(data, "train")
    if validation is None:
        validation = len(training) // 12 if recipe.validation is None else recipe.validation
    held_out = None
    if validation:
        training, held_out = training.split(validation)
    say(f"data: {training.origin}")
    if not figures.available():
        say(f"{runs.CURVES} will not be drawn: {figures.MISSING}")
    about = {"preset": preset, "lenet": lenet.__version__, "commit": provenance()["commit"]}
    about |= {} if teacher is None else {"teacher": teacher}
    about |= {} if first is None else {"begin": dict(first.provenance)}
    run = runs.Run(out, chosen.spec, recipe, training, held_out, seed, threads, resume, about, tutor, first)
    last: lenet.Epoch | None = None
    try:
        for member, last in runs.ensemble(run, members) if members > 1 else ((0, epoch) for epoch in run.epochs()):
            say((f"member {member + 1}/{members}  " if members > 1 else "") + _progress(last, recipe.epochs))
    except KeyboardInterrupt:
        kept = f"epoch {last.number} is kept in {out}, --resume goes on" if last else "no epoch was finished"
        say(f"interrupted: {kept}")
        raise
    if last is None:
        say(f"{out}: already trained for {recipe.epochs} epochs")
    path = out / (runs.ENSEMBLE if members > 1 else runs.NETWORK)
    result = {"network": str(path), "epochs": last.number if last else recipe.epochs, "seed": seed}
    result |= {"data": training.origin}
    if last is not None and members == 1:
        result |= {"loss": last.loss, "validation": last.validation}
    print(json.dumps(result) if as_json else path)


def _recipe(preset: str, quick: bool, best: bool, fine: bool) -> lenet.Recipe:
    """Return the preset's own recipe, or its quick or best one, or that for going on from trained weights."""
    if quick and best:
        raise typer.BadParameter("--quick and --best are two recipes; expected one of them")
    for asked, name in ((quick, "quick"), (best, "best")):
        if asked and getattr(lenet.presets[preset], name) is None:
            having = ", ".join(key for key, p in lenet.presets.items() if getattr(p, name) is not None)
            raise ValueError(f"{preset} has no {name} recipe; there is one for {having}")
    known = lenet.presets[preset]
    recipe = known.quick if quick else known.best if best else (fine and known.fine) or known.recipe
    assert recipe is not None
    return recipe


def _progress(epoch: lenet.Epoch, epochs: int) -> str:
    width = len(str(epochs))
    error = "" if epoch.validation is None else f"  validation error {100 * epoch.validation:.2f} %"
    left = (epochs - epoch.number) * epoch.seconds
    return (
        f"epoch {epoch.number:{width}}/{epochs}  loss {epoch.loss:.4f}{error}  "
        f"{epoch.images / epoch.seconds:,.0f} images/s  {left:.0f} s left"
    )


@app.command()
def bench(
    preset: Annotated[str, typer.Option(help="Which LeNet: see `lenet presets`.")] = "lenet5",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast the engine trains and answers here, beside the processor's own peak."""
    from lenet.bench import measure

    speed = measure(preset_called(preset), threads)
    if as_json:
        print(json.dumps(asdict(speed)))
        return
    table = Table("what", "value", title=f"{preset}, {speed.isa}, {speed.threads} threads")
    table.add_row("peak of fused multiply-adds", f"{speed.peak:.0f} GFLOP/s")
    table.add_row("training", f"{speed.train:,.0f} images/s, {speed.train_share:.0%} of the peak")
    share = speed.distorted / speed.train
    table.add_row("training, every distortion", f"{speed.distorted:,.0f} images/s, {share:.0%} of that without")
    table.add_row("answering", f"{speed.infer:,.0f} images/s, {speed.infer_share:.0%} of the peak")
    table.add_row("one image alone", f"{speed.one:.1f} microseconds")
    show(table)


@app.command()
def reproduce(
    names: Annotated[list[str] | None, typer.Argument(help="Presets; by default all of them.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each, with the seeds 0, 1, ...")] = 1,
    threads: Threads = None,
    out: Annotated[Path, typer.Option(help="The page; its figures are kept beside it.")] = Path("docs/reproducing.md"),
    as_json: AsJson = False,
) -> None:
    """Train presets by their own recipes and set what they reach beside what their sources report."""
    from lenet import report
    from lenet import reproduce as reproducing

    if out.suffix != ".md" or out.is_dir():
        raise ValueError(f"--out is {out}; expected the name of a page that ends in .md")
    training, test = lenet.data.load("mnist", "train"), lenet.data.load("mnist", "test")
    say(f"data: {training.origin}")
    if not figures.available():
        say(f"the page's picture will not be drawn: {figures.MISSING}")
    file = out.with_suffix(".json")
    try:
        reproducing.reproduce(names or [], seeds, training, test, file, threads, say)
    finally:  # when interrupted, the page still shows what was finished
        if file.exists():
            report.write(reproducing.load(file), out)
    print(json.dumps({"page": str(out), "figures": str(file)}) if as_json else out)
