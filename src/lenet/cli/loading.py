"""Options of commands that load data sets, and what these commands say of the data."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lenet.cli.shared import say
from lenet.data import Dataset
from lenet.data.class_names import are_numbers
from lenet.data.sources import SOURCES
from lenet.evaluation.data_check import warnings_of
from lenet.model.network import Classifier

Size = Annotated[
    int | None,
    typer.Option(min=1, help="The side of the images in pixels; by default the data's own."),
]
Fit = Annotated[
    str | None, typer.Option(help="To that size: resize (the default), or pad with paper and keep the proportions.")
]
Color = Annotated[str | None, typer.Option(help="grey (the default), or rgb: three maps.")]
Invert = Annotated[
    bool | None,
    typer.Option(
        "--invert/--no-invert",
        help="Change black and white, or never; by default all grey pictures, if most have a light border.",
    ),
]


def picture_options(size: int | None, fit: str | None, color: str | None, invert: bool | None) -> dict[str, Any]:
    """Return those of the options of `lenet.data.PictureOptions` that were given."""
    given = {"size": size, "fit": fit, "color": color, "invert": invert}
    return {name: value for name, value in given.items() if value is not None}


def data_for(network: Classifier, data: str | None) -> str:
    """Return the data set that was asked for; by default MNIST, if the classes are its digits."""
    if data is None and not network.classifies_digits:
        names = ", ".join(network.all_class_names()[:4])
        raise typer.BadParameter(
            f"the network's classes are {names}{', ...' if network.classes > 4 else ''}; expected "
            "--data with images of these"
        )
    return data or "mnist"


def introduce(dataset: Dataset, source: str) -> None:
    """Say which data were read, their classes, and what is probably wrong with them; MNIST is verified when read."""
    say(f"data: {dataset.origin}")
    if dataset.classes is not None and not are_numbers(dataset.classes):
        say(f"classes: {', '.join(f'{label} {name}' for label, name in enumerate(dataset.classes))}")
    missing = set(range(dataset.class_count)) - set(dataset.labels.tolist())
    if dataset.classes is not None and missing:
        say(f"warning: there are no images of {', '.join(dataset.classes[label] for label in sorted(missing))}")
    for warning in () if source in SOURCES else warnings_of(dataset.images, dataset.labels):
        say(f"warning: {warning}")
