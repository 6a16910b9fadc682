"""Changes of a network and of its training by the names of fields: ``C1.kernel=7``, ``recipe.batch_size=64``.

A field of a layer is named after the layer; one of the recipe, or of a part of it, after ``recipe``, such as
``recipe.schedule.peak``. A part is changed as a whole by its kind: ``recipe.optimizer=Adam``, and then its fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lenet.recipe import Recipe
from lenet.recipe.recipe import KINDS
from lenet.spec import Spec
from lenet.spec.layers import tuples

_RECIPE = "recipe"


def parsed(text: str) -> tuple[str, Any]:
    """Return the field and the value of a change that was written as text.

    Values are numbers, ``none``, ``true``, ``false``, two sizes such as ``5x3``, JSON, or else text.

    Raises
    ------
    ValueError
        If it has another form.

    Examples
    --------
    >>> parsed("C1.kernel=7"), parsed("C3.table=none"), parsed("C1.kernel=5x3"), parsed("F6.activation=relu")
    (('C1.kernel', 7), ('C3.table', None), ('C1.kernel', (5, 3)), ('F6.activation', 'relu'))
    """
    field, equals, value = text.partition("=")
    if not equals or not all(field.split(".")) or "." not in field:
        raise ValueError(
            f"{text!r} names no field of a layer or of the recipe; expected LAYER.FIELD=VALUE, such as C1.kernel=7, or "
            f"{_RECIPE}.FIELD=VALUE"
        )
    first, times, second = value.partition("x")
    if times and first.isdecimal() and second.isdecimal():
        return field, (int(first), int(second))
    if value.lower() in ("none", "true", "false"):
        return field, {"none": None, "true": True, "false": False}[value.lower()]
    try:
        return field, tuples(json.loads(value))
    except ValueError:
        return field, value


def changed_spec(spec: Spec, changes: Mapping[str, Any]) -> Spec:
    """Return a network with other values of its layers' fields, all made together; changes of the recipe do not matter.

    Raises
    ------
    ValueError
        If there is no such layer or field, or values do not fit together; the message says how to go on.

    Examples
    --------
    >>> import lenet
    >>> changed_spec(lenet.presets["lenet5"].spec, {"C1.kernel": 7, "F6.units": 20}).shapes["C1"]
    (6, 26, 26)
    """
    of_layers: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        layer, _, field = name.partition(".")
        if layer != _RECIPE:
            of_layers.setdefault(layer, {})[field] = value
    return spec.replace_layers(of_layers)


def changed_recipe(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return a recipe with other values of some fields; changes of layers do not matter.

    Raises
    ------
    ValueError
        If there is no such field, or values do not fit together.

    Examples
    --------
    >>> import lenet
    >>> changed_recipe(lenet.presets["lenet5"].recipe, {"recipe.schedule.peak": 0.02, "recipe.epochs": 3}).schedule.peak
    0.02
    """
    described = recipe.to_dict()
    for name, value in changes.items():
        first, _, rest = name.partition(".")
        if first == _RECIPE:
            _set(described, rest.split("."), value)
    return Recipe.from_dict(described)


def _set(described: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a field of a described recipe; ValueError if there is none of that name."""
    inner: Any = described
    for depth, name in enumerate(path):
        where = ".".join([_RECIPE, *path[:depth]])
        if not isinstance(inner, dict):
            given = "none" if inner is None else repr(inner)
            kinds = KINDS.get(path[depth - 1], ()) if depth == 1 else ()
            cure = f"; set its kind first: {' or '.join(f'{where}={kind}' for kind in kinds)}" if kinds else ""
            raise ValueError(f"{where} is {given}, and has no {name!r}{cure}")
        if name not in inner or name == "kind":
            fields = ", ".join(field for field in inner if field != "kind")
            raise ValueError(f"{where} has no {name!r}; it has {fields}")
        if depth == len(path) - 1:
            kinds = KINDS.get(name, ()) if depth == 0 else ()
            is_kind = isinstance(value, str) and bool(kinds) and (name != "init" or value in kinds)
            inner[name] = Recipe.described(name, value) if is_kind else value
        inner = inner[name]
