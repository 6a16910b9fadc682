"""Pairs of IDX files, images and labels, in a directory: by MNIST's names, and by those of EMNIST and QMNIST.

A name may begin with that of the data set: ``emnist-letters-train-images-idx3-ubyte.gz``. Where a directory has several
data sets, the path ends with the beginning of the names: ``DIR/emnist-letters``.
"""

from __future__ import annotations

import re
from pathlib import Path

from lenet.data.emnist import corrected, is_emnist
from lenet.data.errors import DataError
from lenet.data.idx import read_idx, read_idx_integers
from lenet.data.pixels import Samples, as_bytes, as_label_bytes
from lenet.data.splits import FOLDERS

_IMAGES = re.compile(r"(?P<prefix>.*?)(?P<split>[a-z0-9]+)-images[-.]idx3-ubyte(\.gz)?")


def prefixes(directory: Path) -> set[str]:
    """Return the beginnings of the names of IDX files of images in a directory; MNIST's is empty."""
    if not directory.is_dir():
        return set()
    matches = [_IMAGES.fullmatch(file.name) for file in directory.iterdir()]
    splits = {word for words in FOLDERS.values() for word in words}
    return {match["prefix"] for match in matches if match and match["split"] in splits}


def named_prefix(place: Path) -> str | None:
    """Return the beginning of names that a path such as ``DIR/emnist-letters`` ends with; None if it is none."""
    return f"{place.name}-" if f"{place.name}-" in prefixes(place.parent) else None


def read_pair(directory: Path, split: str, prefix: str | None = None) -> Samples:
    """Read the images and labels of a split.

    Parameters
    ----------
    prefix : str, optional
        The beginning of the files' names; by default MNIST's, or the only one that there is.

    Raises
    ------
    DataError
        If a file is not there, is broken, or they do not belong together.
    """
    if prefix is None:
        there = sorted(prefixes(directory))
        if len(there) > 1 and "" not in there:
            names = ", ".join(name.rstrip("-") for name in there)
            raise DataError(f"{directory}: has {names}; name one of them: {directory / there[0].rstrip('-')}")
        prefix = there[0] if there else ""
    images_path = _find(directory, prefix, split, ("images-idx3-ubyte",))
    labels_path = _find(directory, prefix, split, ("labels-idx1-ubyte", "labels-idx2-int"))
    images = read_idx(images_path)
    columns = "idx2-int" in labels_path.name
    labels = read_idx_integers(labels_path) if columns else read_idx(labels_path)
    for path, array, axes in ((images_path, images, 3), (labels_path, labels, 2 if columns else 1)):
        if array.ndim != axes:
            raise DataError(f"{path}: {array.ndim} axes; expected {axes}, as its name says")
    if columns:  # QMNIST has the class, and seven columns on the writer and the place in NIST's files
        labels = labels[:, :1].ravel()
    if len(images) != len(labels):
        raise DataError(f"{directory}: {len(images)} images and {len(labels)} labels in {split}")
    place = images_path
    try:
        levels = as_bytes(images)
        place = labels_path
        samples = Samples(levels, as_label_bytes(labels, len(images)))
    except DataError as error:
        raise DataError(f"{place}: {error}") from error
    return corrected(samples, images_path.name) if is_emnist(images_path.name) else samples


def _find(directory: Path, prefix: str, split: str, endings: tuple[str, ...]) -> Path:
    """Return the file of a split, gzipped or not, with a dash or a dot before ``idx``; MNIST's test set is t10k."""
    words = FOLDERS[split]
    for word in words:
        for ending in endings:
            for spelling in (ending, ending.replace("-idx", ".idx")):
                for suffix in ("", ".gz"):
                    path = directory / f"{prefix}{word}-{spelling}{suffix}"
                    if path.is_file():
                        return path
    usual = "t10k" if split == "test" and not prefix else split
    raise DataError(f"{directory}: no file called {prefix}{usual}-{endings[0]}, with or without .gz")
