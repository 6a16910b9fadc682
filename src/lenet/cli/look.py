"""``lenet look``: a network's layers, weights, mistakes and more as pictures.

One view at a time: of an image (a picture's digits, or an image of a data set), of the network alone, or of a data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

import lenet
from lenet import plots
from lenet.cli.loading import data_for
from lenet.cli.shared import Reject, app, say, spec_of
from lenet.data import PictureOptions
from lenet.data.sources import options_of
from lenet.engine.cpu import distortion_examples
from lenet.model.ensemble import Ensemble, single_network
from lenet.model.network import Classifier, Network
from lenet.model.rejection import as_fraction
from lenet.plots.verdict import verdict
from lenet.reading import normalised, normalised_digits

MODES = ("auto", "digit")

Model = Annotated[str, typer.Argument(help="A network's file, or the name of a pretrained one.")]
Picture = Annotated[str | None, typer.Argument(help="A picture of a digit, or of several: a drawing for each.")]
Out = Annotated[Path, typer.Option(help="Where the drawing goes; for several digits, -1, -2, ... are added.")]
Layer = Annotated[str | None, typer.Option(metavar="NAME", help="One layer, such as C3, large.")]
Kernels = Annotated[
    bool, typer.Option("--kernels", help="The weights of every convolution, a column for each of its maps.")
]
Table = Annotated[
    bool,
    typer.Option("--table", help="Which maps of S2 each map of C3 sees (Table I of the paper); MODEL may be a preset."),
]
Codes = Annotated[
    bool,
    typer.Option(
        "--codes",
        help="The output layer's codes, bitmaps of 7x12 (figure 3 of the paper); with a picture, its distances.",
    ),
]
Saliency = Annotated[bool, typer.Option("--saliency", help="Which pixels speak for the answer, which against it.")]
Patches = Annotated[
    str | None, typer.Option(metavar="NAME", help="What excites each map of a layer most, from the training set.")
]
Worst = Annotated[int | None, typer.Option(min=1, metavar="N", help="The N worst mistakes on the test set.")]
Distortions = Annotated[
    bool,
    typer.Option(
        "--distortions", help="The picture as data augmentation distorts it, each kind by itself, with the answers."
    ),
]
Seed = Annotated[int | None, typer.Option(min=0, max=2**64 - 1, help="Of the distortions; by default 0.")]
Data = Annotated[
    str | None, typer.Option("--data", help="For --index, --patches and --worst, as for evaluate; by default mnist.")
]
Split = Annotated[str | None, typer.Option(help="test or train; by default train for --patches, else test.")]
Index = Annotated[
    int | None, typer.Option(min=0, help="An image of the data set, counted from 0, instead of a picture.")
]
Mode = Annotated[str, typer.Option(help="What the picture shows: auto, or digit for one digit in any case.")]


@app.command()
def look(
    model: Model,
    picture: Picture = None,
    out: Out = Path("look.png"),
    layer: Layer = None,
    kernels: Kernels = False,
    table: Table = False,
    codes: Codes = False,
    saliency: Saliency = False,
    patches: Patches = None,
    worst: Worst = None,
    distortions: Distortions = False,
    seed: Seed = None,
    data: Data = None,
    split: Split = None,
    index: Index = None,
    mode: Mode = "auto",
    reject: Reject = None,
) -> None:
    """Draw every layer's output for a digit, and the answer; or, with an option, another view."""
    views: dict[str, object] = {"layer": layer, "kernels": kernels, "table": table, "codes": codes}
    views |= {"saliency": saliency, "patches": patches, "worst": worst, "distortions": distortions}
    view = _only_view(views)
    _check_source(view, picture, data or split, index)
    _check_options(view, seed, mode if picture is None else "auto", reject)
    if view in ("kernels", "table") or (view == "codes" and picture is None and index is None):
        paths = [_draw_network(view, model, out)]
    elif view in ("patches", "worst"):
        source = data, split or ("train" if view == "patches" else "test")
        paths = _draw_data(model, source, patches, worst, out)
    else:
        network = lenet.load(model)
        single = None if view == "distortions" else single_network(network, model)
        if index is not None:
            images = [_image_of(_dataset(network, data, split or "test"), index)]
        else:
            images = _images_of(network, str(picture), mode)
        paths, draw = _numbered(out, len(images)), _drawing_of(view, layer, reject)
        for (image, what), path in zip(images, paths, strict=True):
            if single is None:
                _draw_distorted(network, image, seed or 0, path)
            else:
                draw(single, image, path=path, subject=f"{model}: {what}")
                say(f"{what}: {verdict(single, single.predict_proba(image[None])[0]).title}")
    for path in paths:
        print(path)


def _only_view(views: Mapping[str, object]) -> str:
    """Return the one view that is asked for, ``layers`` if there is none; a usage error if there are several."""
    chosen = [name for name, value in views.items() if value not in (None, False)]
    if len(chosen) > 1:
        names = " and ".join(f"--{name}" for name in chosen)
        raise typer.BadParameter(f"{names} are {len(chosen)} views; expected one at a time")
    return chosen[0] if chosen else "layers"


def _check_source(view: str, picture: str | None, data: str | None, index: int | None) -> None:
    """Raise a usage error unless what is to be drawn is there, once."""
    if picture is not None and index is not None:
        raise typer.BadParameter(f"{picture} and --index {index}; expected a picture, or an image of a data set")
    if view in ("kernels", "table", "patches", "worst"):
        if picture is not None or index is not None:
            given = f"--index {index}" if picture is None else picture
            raise typer.BadParameter(f"{given}: --{view} is not about one image; leave it out")
        if data is not None and view in ("kernels", "table"):
            raise typer.BadParameter(f"--data or --split: --{view} is about the network only; leave them out")
        return
    if view != "codes" and picture is None and index is None:
        raise typer.BadParameter(
            "nothing to look at; expected a network and a picture, such as lenet5 photo.jpg, or --index and the number "
            "of an image"
        )
    if data is not None and index is None:
        raise typer.BadParameter("--data or --split without an image; expected --index with the number of one")


def _check_options(view: str, seed: int | None, mode: str, reject: str | None) -> None:
    """Raise a usage error for an option that the view does not have; `mode` is ``auto`` where there is a picture."""
    if seed is not None and view != "distortions":
        raise typer.BadParameter(f"--seed {seed} without --distortions, which it is for")
    if mode != "auto":
        raise typer.BadParameter(f"--mode {mode} without a picture, which it is for")
    if reject is not None and view != "layers":
        raise typer.BadParameter(f"--reject with --{view}; it is for the picture of all layers")


def _dataset(network: Classifier, data: str | None, split: str) -> lenet.data.Dataset:
    """Return a data set whose pictures become images as in the network's training, with the labels of its classes."""
    source = data_for(network, data)
    dataset = lenet.data.load(source, split, **options_of(network.provenance))
    say(f"data: {dataset.origin}")
    return dataset.relabelled(network.class_names) if network.class_names else dataset


def _image_of(dataset: lenet.data.Dataset, index: int) -> tuple[NDArray[np.uint8], str]:
    """Return an image of a data set, and what it is as text."""
    if index >= len(dataset):
        raise ValueError(f"image {index} of {dataset.name}; expected one from 0 to {len(dataset) - 1}")
    label = int(dataset.labels[index])
    name = dataset.classes[label] if dataset.classes else label
    return dataset.images[index], f"image {index} of {dataset.name}, label {name}"


def _images_of(network: Classifier, picture: str, mode: str) -> list[tuple[NDArray[np.uint8], str]]:
    """Return what a network is given for a picture, each image with what it is as text.

    A network for digits gets the digits of the picture, cut out and centred; any other one the whole picture, made an
    image as in its training.
    """
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
    name = Path(picture).name
    if not _is_of_digits(network):
        return [(PictureOptions(**options_of(network.provenance)).image(picture, picture), name)]
    digits = normalised_digits(picture) if mode == "auto" else normalised(picture)[None]
    if len(digits) == 1:
        return [(digits[0], name)]
    say(f"{picture}: {len(digits)} digits, a drawing for each; --mode digit takes them for one")
    return [(digit, f"{name}, digit {number} of {len(digits)}") for number, digit in enumerate(digits, 1)]


def _is_of_digits(network: Classifier) -> bool:
    """Return whether the classes are the ten digits, and the images grey."""
    members = network.networks if isinstance(network, Ensemble) else (network,)
    grey = all(isinstance(member, Network) and member.spec.input[0] == 1 for member in members)
    return grey and network.classifies_digits


def _numbered(out: Path, count: int) -> list[Path]:
    """Return so many paths: the path itself, or with -1, -2, ... before its end."""
    return [out] if count == 1 else [out.with_stem(f"{out.stem}-{number}") for number in range(1, count + 1)]


def _draw_network(view: str, model: str, out: Path) -> Path:
    if view == "kernels":
        plots.kernels(single_network(lenet.load(model), model), out, subject=model)
    elif view == "table":
        plots.connection_table(spec_of(model), out)
    else:
        plots.codes(spec_of(model), out)
    return out


def _draw_data(
    model: str, source: tuple[str | None, str], patches: str | None, worst: int | None, out: Path
) -> list[Path]:
    """Draw a view of a data set; return the drawing's path, nothing if there is nothing to draw."""
    network = lenet.load(model)
    dataset = _dataset(network, *source)
    subject = f"{model}: {dataset.name}"
    if patches is not None:
        plots.patches(single_network(network, model), dataset.images, patches, out, subject=subject)
    else:
        result = lenet.evaluate(network, dataset.images, dataset.labels, worst=worst or 0)
        subject += f", {result.wrong} of {result.n} wrong"
        if not result.worst:
            say("no mistakes to draw: every answer was right")
            return []
        plots.mistakes(dataset.images, result.worst, out, subject=subject, names=network.all_class_names())
    return [out]


def _draw_distorted(network: Classifier, image: NDArray[np.uint8], seed: int, path: Path) -> None:
    examples = distortion_examples(image, seed)
    answers = {name: network.predict_proba(images) for name, images in examples.items()}
    plots.distortions(examples, answers, path, names=network.all_class_names())


def _drawing_of(view: str, layer: str | None, reject: str | None) -> Callable[..., object]:
    """Return the function of `lenet.plots` that draws a view of an image."""
    if layer is not None:
        return partial(plots.layer, name=layer)
    if view == "saliency":
        return plots.saliency
    if view == "codes":
        return plots.code_distances
    return partial(plots.layers, reject=None if reject is None else as_fraction(reject))
