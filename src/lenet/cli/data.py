"""``lenet data``: where the data are, fetching, verifying and drawing them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

import lenet
from lenet import plots
from lenet.cli.loading import Color, Fit, Invert, Size, introduce, picture_options
from lenet.cli.shared import Data, data_app, say, show
from lenet.data.mnist import FILES, directories, find_file, locate, verified
from lenet.reading.review import fields_of


@data_app.command("list")
def data_list() -> None:
    """List the directories in which MNIST is looked for, and what each has."""
    table = Table("directory", "MNIST files")
    for place in directories():
        there = sum(find_file(name, place) is not None for name in FILES)
        table.add_row(str(place), "mnist.npz" if (place / "mnist.npz").is_file() else f"{there} of {len(FILES)}")
    show(table)


@data_app.command("fetch")
def data_fetch() -> None:
    """Verify MNIST where it is found, or download it into the user's cache."""
    print(lenet.data.fetch(report=say))


@data_app.command("show")
def data_show(
    data: Data = "mnist",
    split: Annotated[str, typer.Option(help="train, test or validation.")] = "train",
    size: Size = None,
    fit: Fit = None,
    color: Color = None,
    invert: Invert = None,
    count: Annotated[int, typer.Option(min=1, help="How many samples.")] = 40,
    out: Annotated[Path, typer.Option(help="Where the drawing goes.")] = Path("samples.png"),
) -> None:
    """Draw the first samples of a data set with their labels."""
    dataset = lenet.data.load(data, split, **picture_options(size, fit, color, invert))
    introduce(dataset, data)
    labels = dataset.labels[:count]
    names = [dataset.classes[label] for label in labels] if dataset.classes else labels
    plots.samples(dataset.images[:count], names, out)
    print(out)


@data_app.command("verify")
def data_verify(
    directory: Annotated[Path | None, typer.Argument(help="By default where MNIST is found.")] = None,
) -> None:
    """Compare MNIST's files with the published SHA-256."""
    place = locate(directory)
    for name in FILES:
        content = verified(name, place)
        assert content is not None
        array, path = content
        print(f"{path}: {' x '.join(map(str, np.shape(array)))}, as published")


@data_app.command("corrections")
def data_corrections(
    review: Annotated[Path, typer.Argument(help="The directory that `lenet read --review` wrote.")],
    corrections: Annotated[Path, typer.Argument(help="The table that its page saved.")],
    out: Annotated[Path, typer.Option(help="A directory for the fields.")] = Path("fields"),
) -> None:
    """Make fields to train on of corrected readings."""
    count = fields_of(review, corrections, out)
    say(f"{count} fields; next: lenet train --preset lenet-candidates --data candidates:{out} --initial candidates")
    print(out)
