"""The command ``lenet``: each command parses, calls one library function, prints.

Data go to stdout, progress and messages to stderr. Exit codes: 0 fine, 1 failed, 2 wrong usage, 130 interrupted.
An error is one line; nothing is printed that a library's traceback would.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import lenet
from lenet import figures, runs
from lenet.network import shipped
from lenet.presets import preset as preset_called
from lenet.train import TrainingError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="LeNet-5, whole: train it, test it, read digits with it.",
)
data_app = typer.Typer(no_args_is_help=True, help="Where the data are, and fetching them.")
app.add_typer(data_app, name="data")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Threads = Annotated[int | None, typer.Option(min=1, max=1024, help="Threads; by default all processors at hand.")]
Data = Annotated[
    str,
    typer.Option("--data", help="mnist, digits, or a file or directory: IDX, pictures by class, .pkl.gz, .npz, .csv."),
]

EXPECTED = (ValueError, TypeError, OSError, ModuleNotFoundError, MemoryError, TrainingError)
"""What bad input raises: shown as one line. Anything else is a mistake of ours and shows its traceback."""


def say(message: str) -> None:
    """Write a line to stderr."""
    if sys.stderr is not None:  # closed by whoever called
        print(message, file=sys.stderr, flush=True)


def show(table: Table) -> None:
    """Print a table to stdout, as wide as it needs where stdout is no terminal."""
    console = Console() if sys.stdout.isatty() else Console(width=200, force_terminal=False, no_color=True)
    console.print(table)


def network_called(name: str) -> lenet.Network:
    """Return the network in a file, or the shipped one of that name."""
    if name in shipped():
        return lenet.load(name)
    if not Path(name).exists():
        raise FileNotFoundError(f"{name}: no such file, and no shipped network ({', '.join(shipped())})")
    return lenet.Network.load(name)


@app.command()
def train(
    preset: Annotated[str, typer.Option(help="Which LeNet: see `lenet presets`.")] = "lenet5",
    data: Data = "mnist",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; by default the recipe's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same weights.")] = 0,
    threads: Threads = None,
    validation: Annotated[
        int | None,
        typer.Option(min=0, help="Training images held out to measure the error; by default a twelfth; 0: none."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Directory for the network and its history.")] = Path("runs/lenet"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a network and keep it, its history and its curves in a directory."""
    chosen = preset_called(preset)
    recipe = chosen.recipe if epochs is None else replace(chosen.recipe, epochs=epochs)
    training = lenet.data.load(data, "train")
    if validation is None:
        validation = len(training) // 12 if recipe.validation is None else recipe.validation
    held_out = None
    if validation:
        training, held_out = training.split(validation)
    say(f"data: {training.origin}")
    if not figures.available():
        say(f"{runs.CURVES} will not be drawn: {figures.MISSING}")
    about = {"preset": preset, "lenet": lenet.__version__}
    run = runs.Run(out, chosen.spec, recipe, training, held_out, seed, threads, resume, about)
    last: lenet.Epoch | None = None
    try:
        for last in run.epochs():
            say(_progress(last, recipe.epochs))
    except KeyboardInterrupt:
        kept = f"epoch {last.number} is kept in {out}, --resume goes on" if last else "no epoch was finished"
        say(f"interrupted: {kept}")
        raise
    if last is None:
        say(f"{out}: already trained for {recipe.epochs} epochs")
    path = out / runs.NETWORK
    result = {"network": str(path), "epochs": recipe.epochs, "seed": seed, "data": training.origin}
    if last is not None:
        result |= {"loss": last.loss, "validation": last.validation}
    print(json.dumps(result) if as_json else path)


def _progress(epoch: lenet.Epoch, epochs: int) -> str:
    width = len(str(epochs))
    error = "" if epoch.validation is None else f"  validation error {100 * epoch.validation:.2f} %"
    left = (epochs - epoch.number) * epoch.seconds
    return (
        f"epoch {epoch.number:{width}}/{epochs}  loss {epoch.loss:.4f}{error}  "
        f"{epoch.images / epoch.seconds:,.0f} images/s  {left:.0f} s left"
    )


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A network's file, or the name of a shipped one.")],
    data: Data = "mnist",
    split: Annotated[str, typer.Option(help="test or train.")] = "test",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Test a network: its error, the confusion table, the digits it got most wrong."""
    network = network_called(model)
    dataset = lenet.data.load(data, split)
    say(f"data: {dataset.origin}")
    result = lenet.evaluate(network, dataset.images, dataset.labels, threads=threads)
    if as_json:
        print(json.dumps({**asdict(result), "confusion": result.confusion.tolist(), "error": result.error}))
        return
    print(f"error {100 * result.error:.2f} % ({result.wrong} of {result.n}), loss {result.loss:.4f}")
    table = Table("label \\ answer", *map(str, range(network.spec.classes)), title="confusion")
    for label, row in enumerate(result.confusion):
        table.add_row(str(label), *(str(n) if n else "." for n in row))
    show(table)
    if result.worst:
        table = Table("image", "label", "answer", "probability", title="most wrong")
        for m in result.worst:
            table.add_row(str(m.index), str(m.label), str(m.answer), f"{m.probability:.4f}")
        show(table)


@app.command()
def summary(
    name: Annotated[str, typer.Argument(help="A preset, a network's file, or a shipped network.")],
    as_json: AsJson = False,
) -> None:
    """Show a network's layers: kind, output shape, units, parameters, connections."""
    spec = preset_called(name).spec if name in lenet.presets else network_called(name).spec
    rows = spec.summary()
    if as_json:
        layers = [asdict(row) for row in rows]
        print(json.dumps({"layers": layers, "parameters": spec.parameters, "connections": spec.connections}))
        return
    table = Table("layer", "kind", "activation", "output", "units", "parameters", "connections", title=escape(name))
    for row in rows:
        shape = " x ".join(map(str, row.output))
        counts = (f"{n:,}" for n in (row.units, row.parameters, row.connections))
        table.add_row(row.name, row.kind, row.activation, shape, *counts)
    table.add_section()
    table.add_row("all", "", "", "", "", f"{spec.parameters:,}", f"{spec.connections:,}")
    for column in table.columns[4:]:
        column.justify = "right"
    show(table)


@app.command()
def presets(as_json: AsJson = False) -> None:
    """List the LeNets in the table."""
    if as_json:
        entries = {
            name: {
                "source": p.source,
                "published": asdict(p.published),
                "parameters": p.spec.parameters,
                "open_questions": list(p.open_questions),
            }
            for name, p in lenet.presets.items()
        }
        print(json.dumps(entries))
        return
    table = Table("name", "parameters", "published error", "source")
    for name, p in lenet.presets.items():
        error = "" if p.published.error is None else f"{p.published.error:.2f} %"
        table.add_row(name, f"{p.spec.parameters:,}", error, p.source)
    show(table)


@app.command()
def read(
    pictures: Annotated[list[str], typer.Argument(help="Pictures of one digit each.")],
    model: Annotated[str | None, typer.Option(help="A network's file, or the name of a shipped one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read the digit in each picture. A picture that cannot be read is reported, and the others still are."""
    network = lenet.load() if model is None else network_called(model)
    failed, results = False, []
    for picture in pictures:
        try:
            reading = lenet.read(picture, network)
        except EXPECTED as error:
            failed = True
            say(f"lenet: {_one_line(error, picture)}")
            results.append({"picture": picture, "error": _one_line(error, picture)})
            continue
        results.append({"picture": picture, **reading.to_dict()})
        if not as_json:
            print(reading if len(pictures) == 1 else f"{picture}\t{reading}")
        if not reading.accepted:
            say(f"{picture}: {reading.reason}")
    if as_json:
        print(json.dumps(results[0] if len(pictures) == 1 else {"pictures": results}))
    if failed:
        raise typer.Exit(1)


@app.command()
def look(
    model: Annotated[str, typer.Argument(help="A network's file, or the name of a shipped one.")],
    picture: Annotated[str, typer.Argument(help="A picture of one digit.")],
    out: Annotated[Path, typer.Option(help="Where the drawing goes.")] = Path("look.png"),
) -> None:
    """Draw what every layer of a network makes of a picture."""
    figures.layers(network_called(model).trace(lenet.reading.normalised(picture)[None]), out)
    print(out)


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


@data_app.command("list")
def data_list() -> None:
    """Say where MNIST is looked for, and what is there."""
    from lenet.data.mnist import FILES, directories, find_file

    table = Table("directory", "MNIST files")
    for place in directories():
        there = sum(find_file(name, place) is not None for name in FILES)
        table.add_row(
            escape(str(place)), "mnist.npz" if (place / "mnist.npz").is_file() else f"{there} of {len(FILES)}"
        )
    show(table)


@data_app.command("fetch")
def data_fetch() -> None:
    """Download MNIST into the user's cache and verify it."""
    print(lenet.data.fetch(report=say))


@data_app.command("show")
def data_show(
    data: Data = "mnist",
    split: Annotated[str, typer.Option(help="train or test; validation of a pickle.")] = "train",
    count: Annotated[int, typer.Option(help="How many samples.")] = 40,
    out: Annotated[Path, typer.Option(help="Where the drawing goes.")] = Path("samples.png"),
) -> None:
    """Draw the first samples of a data set with their labels."""
    dataset = lenet.data.load(data, split)
    say(f"data: {dataset.origin}")
    figures.samples(dataset.images[:count], dataset.labels[:count], out)
    print(out)


@data_app.command("verify")
def data_verify(
    directory: Annotated[Path | None, typer.Argument(help="By default where MNIST is found.")] = None,
) -> None:
    """Compare MNIST's files with the published SHA-256."""
    from lenet.data.mnist import FILES, locate, verified

    place = locate(directory)
    for name in FILES:
        found = verified(name, place)
        assert found is not None
        print(f"{found[1]}: {' x '.join(map(str, np.shape(found[0])))}, as published")


def _one_line(error: BaseException, subject: str = "") -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or subject}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        app(args=arguments, prog_name="lenet")
    except EXPECTED as error:
        say(f"lenet: {_one_line(error)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
