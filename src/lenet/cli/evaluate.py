"""The commands about networks that are there: ``evaluate``, ``look``, ``summary``, ``presets``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

import lenet
from lenet import figures, nondigits
from lenet.calibration import as_share
from lenet.cli.shared import AsJson, Data, Reject, Threads, app, network_called, say, show
from lenet.engine import sheet as distort_sheet
from lenet.presets import preset as preset_called

COVERAGES = (1.0, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9)
"""The shares of the surest answers whose errors `evaluate` shows."""


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A network's file, or the name of a shipped one.")],
    data: Data = "mnist",
    split: Annotated[str, typer.Option(help="test or train.")] = "test",
    reject: Reject = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Test a network: error, confusion, worst mistakes, and how far its confidence can be trusted."""
    network = network_called(model)
    wished = None if reject is None else as_share(reject)
    threshold = None if wished is None else network.threshold(wished)
    dataset = lenet.data.load(data, split)
    say(f"data: {dataset.origin}")
    result = lenet.evaluate(network, dataset.images, dataset.labels, threads=threads)
    found = _confidence(result)
    if threshold is not None:
        accepted, error = result.accepted(threshold)
        found["reject"] = {"wished": wished, "threshold": threshold, "accepted": accepted, "error": error}
    if network.classes == 10 and min(dataset.images.shape[1:]) >= 8:
        others = nondigits.strangers(dataset.images, dataset.labels)
        refused = nondigits.refused(network, others, result.threshold(0.99), threads)
        found["nondigits"] = {"n": len(others), "refused": refused}
    if as_json:
        plain = {"n": result.n, "wrong": result.wrong, "error": result.error, "loss": result.loss}
        tables = {"confusion": result.confusion.tolist(), "worst": [asdict(mistake) for mistake in result.worst]}
        print(json.dumps({**plain, **tables, **found}))
    else:
        _show_evaluation(result, found)


def _show_evaluation(result: lenet.Evaluation, found: dict[str, Any]) -> None:
    print(f"error {100 * result.error:.2f} % ({result.wrong} of {result.n}), loss {result.loss:.4f}")
    print(f"expected calibration error {result.calibration_error:.4f}")
    if "nondigits" in found:
        refused = found["nondigits"]["refused"]
        print(f"non-digits refused {100 * refused:.1f} %, at the confidence that accepts 99 % of the digits")
    if "reject" in found:
        kept = found["reject"]
        print(
            f"errors aimed at {100 * kept['wished']:g} %: confidence from {kept['threshold']:.6f} on accepts "
            f"{100 * kept['accepted']:.2f} %, {100 * kept['error']:.3f} % of them wrong"
        )
    risk = Table("accepted", "confidence from", "wrong among them", title="risk against coverage")
    for row in found["risk"]:
        risk.add_row(f"{100 * row['coverage']:.1f} %", f"{row['threshold']:.6f}", f"{100 * row['error']:.3f} %")
    show(risk)
    confusion = Table("label \\ answer", *map(str, range(len(result.confusion))), title="confusion")
    for label, counts in enumerate(result.confusion):
        confusion.add_row(str(label), *(str(n) if n else "." for n in counts))
    show(confusion)
    if result.worst:
        worst = Table("image", "label", "answer", "probability", title="most wrong")
        for m in result.worst:
            worst.add_row(str(m.index), str(m.label), str(m.answer), f"{m.probability:.4f}")
        show(worst)


def _confidence(result: lenet.Evaluation) -> dict[str, Any]:
    risk = []
    for coverage in COVERAGES:
        least = result.threshold(coverage)
        accepted, error = result.accepted(least)
        risk.append({"coverage": accepted, "threshold": least, "error": error})
    return {"calibration_error": result.calibration_error, "risk": risk}


def single(name: str) -> lenet.Network:
    """Return the network of that name or file; ValueError if it is an ensemble."""
    network = network_called(name)
    if isinstance(network, lenet.Ensemble):
        raise ValueError(f"{name}: an ensemble of {len(network.networks)} networks; expected a single one")
    return network


@app.command()
def look(
    model: Annotated[str, typer.Argument(help="A network's file, or the name of a shipped one.")],
    picture: Annotated[str, typer.Argument(help="A picture of one digit.")],
    out: Annotated[Path, typer.Option(help="Where the drawing goes.")] = Path("look.png"),
    distortions: Annotated[
        bool, typer.Option("--distortions", help="A sheet of the picture distorted, as trainings distort their images.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Of the distortions.")] = 0,
) -> None:
    """Draw what every layer of a network makes of a picture, or what it says of the picture distorted."""
    digit = lenet.reading.normalised(picture)
    if distortions:
        network = network_called(model)
        sheet = distort_sheet(digit, seed)
        answers = {name: network.predict_proba(images) for name, images in sheet.items()}
        figures.distortions(sheet, answers, out)
    else:
        figures.layers(single(model).trace(digit[None]), out)
    print(out)


@app.command()
def summary(
    name: Annotated[str, typer.Argument(help="A preset, a network's file, or a shipped network.")],
    as_json: AsJson = False,
) -> None:
    """Show a network's layers: kind, output shape, units, parameters, connections."""
    spec = preset_called(name).spec if name in lenet.presets else single(name).spec
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
