"""``lenet summary`` and ``lenet presets``: networks layer by layer, and the table of LeNets."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

import lenet
from lenet.cli.shared import AsJson, app, show, spec_of


@app.command()
def summary(
    name: Annotated[str, typer.Argument(help="A preset, a network's file, or a pretrained network.")],
    as_json: AsJson = False,
) -> None:
    """Show a network's layers: kind, output shape, units, parameters, connections."""
    spec = spec_of(name)
    rows = spec.summary()
    if as_json:
        layers = [asdict(row) for row in rows]
        print(json.dumps({"layers": layers, "parameters": spec.parameters, "connections": spec.connections}))
        return
    table = Table(*rows.COLUMNS, title=name)
    for line in rows.table():
        table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in line))
    table.rows[-2].end_section = True
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
