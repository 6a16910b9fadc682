"""An entry of the table of LeNets, and the table: presets by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lenet.recipe import Recipe
from lenet.spec import Spec


@dataclass(frozen=True)
class Published:
    """What the source reports.

    Attributes
    ----------
    error : float or None
        On the MNIST test set, in percent; None: not given.
    remark : str
    error_after : tuple of (int, float)
        The same error after some epochs, where the source prints it: of the best network on validation so far.
    accuracy_every : int, optional
        The source plots the training accuracy of the current minibatch, before its step, once in so many steps.
    """

    error: float | None
    remark: str = ""
    error_after: tuple[tuple[int, float], ...] = ()
    accuracy_every: int | None = None

    def __str__(self) -> str:
        """Return the error and the remark as text."""
        error = "" if self.error is None else f"{self.error:g} % test error"
        return ", ".join(filter(None, (error, self.remark))) or "not given"


class Recipes(Mapping[str, Recipe]):
    """Recipes by their purpose. It cannot be changed, and can be hashed, copied and pickled, as a preset can."""

    def __init__(self, **recipes: Recipe) -> None:
        self._recipes = tuple(recipes.items())

    def __getitem__(self, purpose: str) -> Recipe:
        """Return the recipe for a purpose; KeyError that lists the purposes if there is none."""
        recipes = dict(self._recipes)
        if purpose not in recipes:
            raise UnknownPresetError(f"no recipe is called {purpose!r}; expected one of {', '.join(recipes) or 'none'}")
        return recipes[purpose]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the purposes."""
        return (purpose for purpose, _ in self._recipes)

    def __len__(self) -> int:
        """Return the number of recipes."""
        return len(self._recipes)

    def __hash__(self) -> int:
        """Return the hash of all recipes."""
        return hash(self._recipes)

    def __eq__(self, other: Any) -> bool:
        """Return whether the other has the same recipes for the same purposes."""
        return isinstance(other, Recipes) and self._recipes == other._recipes

    def __repr__(self) -> str:
        """Show the purposes."""
        return f"<recipes: {', '.join(self)}>"


@dataclass(frozen=True)
class Preset:
    """A LeNet: a network with its recipes and its source.

    Attributes
    ----------
    spec, recipe
        The network, and the training that its source gives it.
    source : str
        Where it comes from.
    published : Published
        What the source reports.
    origin : {"literature", "project"}
        Whether it has a published source that can be reproduced, or was made for this project.
    open_questions : tuple of str
        What the source leaves unsaid or gets wrong, and what was assumed instead.
    compared_with : str or None
        The preset with which its source compares it.
    recipes : Recipes
        Other recipes by their purpose. ``quick``: the fastest that reaches 99 %; ``best``: the most accurate, however
        long it takes; ``fine_tune``: for trained initial weights and one's own examples; ``remedy``: one that trains
        where the source's own recipe fails.
    """

    spec: Spec
    recipe: Recipe
    source: str
    published: Published
    origin: Literal["literature", "project"] = "literature"
    open_questions: tuple[str, ...] = ()
    compared_with: str | None = None
    recipes: Recipes = field(default_factory=Recipes)


class UnknownPresetError(KeyError, ValueError):
    """No preset has this name; the message lists the names that there are."""

    def __str__(self) -> str:
        """Return the message without the quotes that KeyError puts around it."""
        return str(self.args[0])


class PresetTable(Mapping[str, Preset]):
    """Presets by their names; an unknown name is an error that lists the known ones."""

    def __init__(self, presets: Mapping[str, Preset]) -> None:
        self._presets = dict(presets)

    def __getitem__(self, name: str) -> Preset:
        """Return a preset; `UnknownPresetError` if there is none of that name."""
        if name not in self._presets:
            raise UnknownPresetError(f"no preset is called {name!r}; expected one of {', '.join(self._presets)}")
        return self._presets[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._presets)

    def __len__(self) -> int:
        """Return the number of presets."""
        return len(self._presets)

    def __contains__(self, name: object) -> bool:
        """Return whether there is a preset of that name."""
        return name in self._presets

    def __repr__(self) -> str:
        """Show the names."""
        return f"<presets: {', '.join(self._presets)}>"
