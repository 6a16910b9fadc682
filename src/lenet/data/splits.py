"""The splits of data sets, training, validation and test, and the names that folders and files have for them."""

from __future__ import annotations

import re

FOLDERS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing", "t10k"),
}
"""Each split's names, in lower case."""

_SPLIT_OF_WORD = {word: split for split, words in FOLDERS.items() for word in words}


def check_split(split: str) -> None:
    """Refuse a name that no split has; ValueError."""
    if split not in FOLDERS:
        raise ValueError(f"split is {split!r}; expected train or test, or validation where the data have it")


def split_of(name: str) -> str | None:
    """Return the split that a file's name says, as ``mnist_test.csv`` does; None if it says none, or two."""
    splits = {_SPLIT_OF_WORD[word] for word in re.split(r"[^a-z0-9]+", name.lower()) if word in _SPLIT_OF_WORD}
    return splits.pop() if len(splits) == 1 else None
