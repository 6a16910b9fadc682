"""Values that files keep as a dictionary, with the name of their class under ``kind``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self


class Tagged:
    """What all data classes of a recipe have; they are frozen dataclasses of plain numbers."""

    former_names: ClassVar[Mapping[str, str]] = {}
    """What earlier files call some fields, and what these are called now."""

    def to_dict(self) -> dict[str, Any]:
        """Return the class's name and the fields as plain numbers, strings and dictionaries."""
        return {"kind": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the value of this class that `to_dict` described; TypeError for unknown or missing fields."""
        return cls(**{cls.former_names.get(key, key): value for key, value in data.items() if key != "kind"})
