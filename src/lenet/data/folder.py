"""Folders of pictures: a folder for each class, whatever its name; alone, or in folders for training, validation, test.

Only the formats of `lenet.image.decode.FORMATS` are decoded, and sizes are checked before memory is used.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np

from lenet.data.class_names import labels_of, names_of
from lenet.data.dataset import alternating
from lenet.data.errors import DataError
from lenet.data.picture_options import PictureOptions, Pictures
from lenet.data.pixels import Samples
from lenet.data.splits import FOLDERS

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")
"""Where the folders in a directory have files with such names, they are classes."""
NO_PICTURES = ("thumbs.db", "desktop.ini")
"""Files that file managers leave in folders, besides hidden ones."""


def subfolders(directory: Path) -> list[Path]:
    """Return the folders in a directory that are not hidden, by name."""
    return sorted(f for f in directory.iterdir() if f.is_dir() and not f.name.startswith((".", "__")))


def has_classes(directory: Path) -> bool:
    """Return whether a folder in a directory has pictures."""
    return any(file.suffix.lower() in SUFFIXES for folder in subfolders(directory) for file in folder.iterdir())


def split_folders(directory: Path) -> dict[str, Path]:
    """Return the folders of the splits in a directory, by the split: see `FOLDERS`; DataError for two of a split."""
    folders: dict[str, Path] = {}
    for folder in subfolders(directory):
        for split in (split for split, names in FOLDERS.items() if folder.name.lower() in names):
            if split in folders:
                both = f"{folders[split].name} and {folder.name}"
                raise DataError(f"{directory}: {both} are both the {split} split; expected one folder for it")
            folders[split] = folder
    return folders


def read_folder(directory: Path, options: PictureOptions, others: list[Path] | None = None) -> Samples:
    """Read a directory with a folder of pictures for each class.

    The classes alternate, so that the last samples, which become the validation set, are of every class.

    Parameters
    ----------
    others : list of paths, optional
        The directories of the other splits: a class that is missing in one of them has its label all the same.

    Raises
    ------
    DataError
        If a file is no picture, the sizes differ, or there are no pictures.
    """
    names = {_class_of(folder) for place in (directory, *(others or [])) for folder in subfolders(place)}
    try:
        label_by_name = labels_of(names)
    except DataError as error:
        raise DataError(f"{directory}: {error}") from error
    pictures = Pictures(options)
    labels: list[int] = []
    for folder in subfolders(directory):
        for file in _pictures(folder):
            try:
                pictures.add(file, str(file))
            except DataError as error:
                cure = "" if file.suffix.lower() in SUFFIXES else ": a class's folder has pictures only; move it away"
                raise DataError(f"{error}{cure}") from error
            labels.append(label_by_name[_class_of(folder)])
    if not len(pictures):
        raise DataError(f"{directory}: no pictures; expected a folder of them for each class, such as cat and dog")
    label_array = np.array(labels, np.uint8)
    order = alternating(label_array)
    return Samples(pictures.images()[order], label_array[order], names_of(label_by_name), pictures)


def _class_of(folder: Path) -> str:
    """Return the name of the class of a folder; `DataError` if it is no UTF-8.

    Letters with accents are written in two ways, by one character or by two; both are one class.
    """
    try:
        folder.name.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{str(folder)!r}: a folder's name that is not UTF-8; rename it") from error
    return unicodedata.normalize("NFC", folder.name)


def _pictures(folder: Path) -> list[Path]:
    files = sorted(f for f in folder.iterdir() if not f.name.startswith(".") and f.name.lower() not in NO_PICTURES)
    for file in files:
        if file.is_dir():
            raise DataError(f"{file}: a folder in that of a class; expected pictures")
        if not file.is_file():
            raise DataError(f"{file}: not a file; expected pictures")
    if not files:
        raise DataError(f"{folder}: a folder without pictures; expected those of a class, or remove it")
    return files
