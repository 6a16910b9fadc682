"""Names of classes and their labels: numbers, names with a number, number words, or any other names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from lenet.data.errors import DataError
from lenet.data.pixels import MAX_CLASSES

NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_WITH_NUMBER = re.compile(r"(?P<prefix>[^\W\d_]*[ _-]?)(?P<number>[0-9]{1,3})")


def numbers_of(names: Iterable[str]) -> dict[str, int] | None:
    """Return the number of each name: ``7``, ``digit_7`` or ``seven``; None unless all are of one of these kinds.

    Names with a number have the same word before it. Numbers are at most 255.
    """
    names = list(names)
    words = {name: NUMBER_WORDS.index(name.lower()) for name in names if name.lower() in NUMBER_WORDS}
    if len(words) == len(names):
        return words
    matches = {name: _WITH_NUMBER.fullmatch(name) for name in names}
    found = {name: (match["prefix"], int(match["number"])) for name, match in matches.items() if match}
    if len(found) < len(names) or len({prefix for prefix, _ in found.values()}) > 1:
        return None
    return {name: number for name, (_, number) in found.items()} if max(n for _, n in found.values()) < 256 else None


def are_numbers(names: Sequence[str]) -> bool:
    """Return whether the name of each label is its number, or there are no names."""
    return not names or numbers_of(names) == {name: label for label, name in enumerate(names)}


def labels_of(names: Iterable[str]) -> dict[str, int]:
    """Return the label of each name: its number where all have one, otherwise its place among the sorted names.

    Raises
    ------
    DataError
        If two names have the same number, or there are more names than labels.

    Examples
    --------
    >>> labels_of(["dog", "cat"])
    {'cat': 0, 'dog': 1}
    >>> labels_of(["digit_3", "digit_10"])
    {'digit_3': 3, 'digit_10': 10}
    """
    names = sorted(names)
    numbers = numbers_of(names) if names else {}
    if numbers is None:
        if len(names) > MAX_CLASSES:
            raise DataError(f"{len(names)} classes; expected at most {MAX_CLASSES}")
        return {name: label for label, name in enumerate(names)}
    names.sort(key=numbers.__getitem__)
    for before, name in pairwise(names):
        if numbers[before] == numbers[name]:
            raise DataError(f"{before} and {name} are both class {numbers[name]}")
    return {name: numbers[name] for name in names}


def names_of(labels: dict[str, int]) -> tuple[str, ...]:
    """Return the name of each label starting with 0; a label without a name is called by its number."""
    by_label = {label: name for name, label in labels.items()}
    return tuple(by_label.get(label, str(label)) for label in range(max(by_label, default=-1) + 1))


def label_among(name: str, label: int, names: tuple[str, ...]) -> int:
    """Return the label of a class among other names; one whose name is its number, such as ``zero``, keeps it.

    Raises
    ------
    DataError
        If it is not among them.
    """
    if name in names:
        return names.index(name)
    if (
        label < len(names)
        and numbers_of([name]) == {name: label}
        and numbers_of([names[label]]) == {names[label]: label}
    ):
        return label
    raise DataError(f"a class is called {name!r}; expected one of {', '.join(names)}, as in training")
