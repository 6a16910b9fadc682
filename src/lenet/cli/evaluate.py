"""``lenet evaluate``: how good a network is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

import lenet
from lenet import plots
from lenet.cli.loading import Color, Fit, Invert, Size, data_for, introduce, picture_options
from lenet.cli.shared import AsJson, OwnData, Reject, Threads, app, say, show
from lenet.data import Dataset
from lenet.data.class_names import are_numbers
from lenet.data.sources import options_of
from lenet.evaluation.nondigits import rejected_fraction, standard_nondigits
from lenet.model.network import Classifier
from lenet.model.rejection import as_fraction, checked_error
from lenet.synthesis.nondigits import MIN_SIZE_PX


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A network's file, or the name of a pretrained one.")],
    data: OwnData = None,
    split: Annotated[str, typer.Option(help="test, train or validation.")] = "test",
    size: Size = None,
    fit: Fit = None,
    color: Color = None,
    invert: Invert = None,
    reject: Reject = None,
    worst_out: Annotated[Path | None, typer.Option(help="A drawing of the worst mistakes goes there.")] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Test a network: error, confusion, worst mistakes, calibration, risk-coverage curve.

    Pictures become images as they did in its training, unless options say otherwise.
    """
    network = lenet.load(model)
    data = data_for(network, data)
    target = None if reject is None else checked_error(as_fraction(reject))
    options = options_of(network.provenance) | picture_options(size, fit, color, invert)
    dataset = lenet.data.load(data, split, **options)
    if network.class_names:
        dataset = dataset.relabelled(network.class_names)
    introduce(dataset, data)
    if not network.class_names and not are_numbers(dataset.classes or ()):
        say("warning: the network's classes have no names, only numbers: the data's are taken in their order")
    result = lenet.evaluate(network, dataset.images, dataset.labels, threads=threads)
    names = _class_names(network, dataset)
    confidence: dict[str, Any] = {"calibration_error": result.calibration_error}
    confidence["risk"] = [row._asdict() for row in result.risk_coverage()]
    if target is not None:
        confidence["reject"] = _rejection(network, result, target)
    if network.classifies_digits and min(dataset.images.shape[1:]) >= MIN_SIZE_PX:
        nondigits = standard_nondigits(dataset.images, dataset.labels)
        rejected = rejected_fraction(network, nondigits, result.threshold(0.99), threads=threads)
        confidence["nondigits"] = {"n": len(nondigits), "rejected": rejected}
    if as_json:
        plain = {"n": result.n, "wrong": result.wrong, "error": result.error, "loss": result.loss}
        tables = {"confusion": result.confusion.tolist(), "worst": [asdict(mistake) for mistake in result.worst]}
        print(json.dumps({**plain, "classes": names, **tables, **confidence}))
    else:
        _show_evaluation(result, confidence, names)
    if worst_out is not None and not result.worst:
        say("no mistakes to draw: every answer was right")
    elif worst_out is not None:
        subject = f"{model}: {dataset.name}, {result.wrong} of {result.n} wrong"
        plots.mistakes(dataset.images, result.worst, worst_out, subject=subject, names=names)
        say(f"the worst mistakes are in {worst_out}")


def _class_names(network: Classifier, dataset: Dataset) -> list[str]:
    """Return the name of each of the network's classes: the training's, the data's, or their numbers."""
    names = list(network.all_class_names())
    of_data = (() if network.class_names else dataset.classes or ())[: network.classes]
    return [*of_data, *names[len(of_data) :]]


def _show_evaluation(result: lenet.Evaluation, confidence: dict[str, Any], names: list[str]) -> None:
    print(f"error {100 * result.error:.2f} % ({result.wrong} of {result.n}), loss {result.loss:.4f}")
    print(f"expected calibration error {result.calibration_error:.4f}")
    if "nondigits" in confidence:
        rejected = confidence["nondigits"]["rejected"]
        print(f"non-digits rejected {100 * rejected:.1f} %, at the threshold that accepts 99 % of the digits")
    if "reject" in confidence:
        _show_rejection(confidence["reject"])
    risk = Table("accepted", "threshold", "wrong among them", title="risk-coverage curve")
    for row in confidence["risk"]:
        risk.add_row(f"{100 * row['coverage']:.1f} %", f"{row['threshold']:.6f}", f"{100 * row['error']:.3f} %")
    show(risk)
    confusion = Table("label \\ answer", *names, title="confusion")
    for label, counts in enumerate(result.confusion):
        confusion.add_row(names[label], *(str(n) if n else "." for n in counts))
    show(confusion)
    if result.worst:
        worst = Table("image", "label", "answer", "probability", title="worst mistakes")
        for m in result.worst:
            worst.add_row(str(m.index), names[m.label], names[m.answer], f"{m.probability:.4f}")
        show(worst)


def _show_rejection(kept: dict[str, Any]) -> None:
    known = f"rejection threshold for an error of {100 * kept['target']:g} %"
    if kept["threshold"] is None:
        print(f"{known}: not known: {kept['reason']}")
        return
    print(
        f"{known}: confidence {kept['threshold']:.6f}; it accepts {100 * kept['accepted']:.2f} %, "
        f"{100 * kept['error']:.3f} % of them wrong"
    )


def _rejection(network: Classifier, result: lenet.Evaluation, target: float) -> dict[str, Any]:
    """Return the rejection threshold for an error and what it accepts; without a threshold, the reason."""
    try:
        threshold = network.threshold(target)
    except ValueError as reason:  # a network that is not calibrated, or with too few images, has other results
        return {"target": target, "threshold": None, "reason": str(reason)}
    accepted, error = result.accepted(threshold)
    return {"target": target, "threshold": threshold, "accepted": accepted, "error": error}
