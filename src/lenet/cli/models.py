"""``lenet summary`` and ``lenet presets``: networks layer by layer, and the table of LeNets."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

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
    if as_json:
        layers = [asdict(row) for row in spec.summary()]
        print(json.dumps({"layers": layers, "parameters": spec.parameters, "connections": spec.connections}))
        return
    _show_layers(spec, name)


def _show_layers(spec: lenet.Spec, title: str) -> None:
    rows = spec.summary()
    table = Table(*rows.COLUMNS, title=title)
    for line in rows.table():
        table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in line))
    table.rows[-2].end_section = True
    for column in table.columns[4:]:
        column.justify = "right"
    show(table)


@app.command()
def presets(
    name: Annotated[str | None, typer.Argument(help="One of them: its layers, its source and its recipe.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the LeNets in the table, or show one of them."""
    chosen = lenet.presets if name is None else {name: lenet.presets[name]}
    if as_json:
        print(json.dumps({name: _described(preset) for name, preset in chosen.items()}))
        return
    if name is not None:
        _show_preset(name, lenet.presets[name])
        return
    table = Table("name", "parameters", "published error", "source")
    for name, p in lenet.presets.items():
        error = "" if p.published.error is None else f"{p.published.error:.2f} %"
        table.add_row(name, f"{p.spec.parameters:,}", error, p.source)
    show(table)


def _described(preset: lenet.Preset) -> dict[str, Any]:
    """Return a preset as plain values."""
    return {
        "source": preset.source,
        "published": asdict(preset.published),
        "parameters": preset.spec.parameters,
        "open_questions": list(preset.open_questions),
        "recipe": preset.recipe.to_dict(),
        "recipes": {purpose: recipe.to_dict() for purpose, recipe in preset.recipes.items()},
    }


def _show_preset(name: str, preset: lenet.Preset) -> None:
    """Print all that the table has of a preset: source, layers, recipes, open questions."""
    print(f"{name}: {preset.source}")
    print(f"published: {preset.published}")
    for question in preset.open_questions:
        print(f"assumed: {question}")
    _show_layers(preset.spec, "layers")
    for purpose, recipe in [("recipe", preset.recipe), *((f"recipe {p}", r) for p, r in preset.recipes.items())]:
        table = Table("field", "value", title=purpose)
        for row in recipe.rows():
            table.add_row(*row)
        show(table)
