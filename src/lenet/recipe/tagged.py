"""Values that files keep as a dictionary, with the name of their class under ``kind``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, ClassVar, Self

from lenet.spec.checks import MAX_NUMBER, is_number, is_whole, require

_OF_TYPE = {
    "float": (is_number, f"a number, at most {MAX_NUMBER:g} in size"),
    "int": (is_whole, "a whole number"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "str": (lambda value: isinstance(value, str), "text"),
}
"""How a field's value is checked, by its type's name, and what is expected of it."""


class Tagged:
    """What all data classes of a recipe have; they are frozen dataclasses of plain numbers."""

    former_names: ClassVar[Mapping[str, str]] = {}
    """What earlier files call some fields, and what these are called now."""

    def __post_init__(self) -> None:
        """Refuse values of other types than the fields have; ValueError."""
        for field in fields(self):  # type: ignore[arg-type]
            name, _, optional = str(field.type).partition(" | ")
            value = getattr(self, field.name)
            if name in _OF_TYPE and not (optional and value is None):
                fits, expected = _OF_TYPE[name]
                require(fits(value), f"{field.name} of {type(self).__name__} is {value!r}; expected {expected}")

    def to_dict(self) -> dict[str, Any]:
        """Return the class's name and the fields as plain numbers, strings and dictionaries."""
        return {"kind": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the value of this class that `to_dict` described; ValueError for unknown or missing fields."""
        values = {cls.former_names.get(key, key): value for key, value in data.items() if key != "kind"}
        known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
        for name in values.keys() - known.keys():
            raise ValueError(f"{cls.__name__} has no {name!r}; it has {', '.join(known)}")
        for name, field in known.items():
            has_default = field.default is not MISSING or field.default_factory is not MISSING
            require(name in values or has_default, f"{cls.__name__} without {name!r}, which it needs")
        return cls(**values)
