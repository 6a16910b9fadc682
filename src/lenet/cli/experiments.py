"""``lenet bench`` and ``lenet reproduce``: speed, and the presets by their sources' own recipes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import lenet
from lenet.cli.shared import AsJson, Threads, app, say, show
from lenet.experiments import report, reproduce
from lenet.experiments.bench import measure
from lenet.extras import is_installed, missing


@app.command()
def bench(
    preset: Annotated[str, typer.Option(help="Which LeNet: see `lenet presets`.")] = "lenet5",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Measure training and inference on this machine, beside the processor's peak."""
    speed = measure(lenet.presets[preset], threads)
    if as_json:
        print(json.dumps(asdict(speed)))
        return
    table = Table("what", "value", title=f"{preset}, {speed.isa}, {speed.threads} threads")
    table.add_row("peak of fused multiply-adds", f"{speed.peak:.0f} GFLOP/s")
    table.add_row("training", f"{speed.train:,.0f} images/s, {speed.train_fraction:.0%} of the peak")
    fraction = speed.distorted / speed.train
    table.add_row("training, every distortion", f"{speed.distorted:,.0f} images/s, {fraction:.0%} of that without")
    table.add_row("inference", f"{speed.infer:,.0f} images/s, {speed.infer_fraction:.0%} of the peak")
    table.add_row("one image", f"{speed.one:.1f} microseconds")
    show(table)


@app.command("reproduce")
def reproduce_presets(
    names: Annotated[list[str] | None, typer.Argument(help="Presets; by default all of them.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each, with the seeds 0, 1, ...")] = 1,
    threads: Threads = None,
    out: Annotated[Path, typer.Option(help="A directory for the page and its figures.")] = Path("reproduced"),
    as_json: AsJson = False,
) -> None:
    """Train presets by their own recipes, and show their results beside what their sources report."""
    training, test = lenet.data.load("mnist", "train"), lenet.data.load("mnist", "test")
    say(f"data: {training.origin}")
    if not is_installed("matplotlib"):
        say(f"the page's picture will not be drawn: {missing('matplotlib', 'drawing')}")
    page, figures = out / "reproducing.md", out / "reproducing.json"
    try:
        reproduce.reproduce(names or [], seeds, training, test, figures, threads=threads, report=say)
    finally:  # when interrupted, the page still shows what was finished
        if figures.exists():
            report.write(reproduce.load(figures), page)
    print(json.dumps({"page": str(page), "figures": str(figures)}) if as_json else page)
