"""A data set by its name or its path: MNIST, scikit-learn's digits, or one's own files in one of the usual formats.

`Dataset.origin` says what was read and from where; no data set ever takes another's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from lenet.data.archive import read_archive
from lenet.data.dataset import Dataset
from lenet.data.digits import digits
from lenet.data.emnist import corrected, is_emnist
from lenet.data.errors import DataError
from lenet.data.folder import SUFFIXES, has_classes, read_folder, split_folders
from lenet.data.idx_directory import named_prefix, prefixes, read_pair
from lenet.data.mnist import locate, mnist
from lenet.data.parquet import read_parquet
from lenet.data.picture_options import Invert, PictureOptions
from lenet.data.pixels import Samples
from lenet.data.splits import check_split, split_of
from lenet.data.table import read_table
from lenet.data.theano_pickle import read_pickle

SOURCES = ("mnist", "digits")
TABLES, PARQUET = (".csv", ".csv.gz"), ".parquet"


def load(
    source: str,
    split: str,
    *,
    size: int | tuple[int, int] | None = None,
    fit: str = "resize",
    color: str = "grey",
    invert: Invert = None,
) -> Dataset:
    """Return a split of a data set.

    Parameters
    ----------
    source : str
        - ``mnist``, or ``digits``;
        - a directory with a folder of pictures for each class, alone or in folders called ``train`` and ``test``;
        - a directory of IDX files with the names of MNIST's, EMNIST's or QMNIST's; where it has several data sets, the
          path goes on with the beginning of the names: ``DIR/emnist-letters``;
        - a file ``.csv``, ``.parquet`` or ``.npz``, or a directory with one for each split; the Theano tutorial's
          ``mnist.pkl.gz``.
    split : {"train", "test", "validation"}
        Where the data have no splits, all of them are ``train``; the name of a file may say which split it is.
    size, fit, color, invert
        How pictures become images: see `lenet.data.PictureOptions`. They hold for arrays of pixels, too.

    Returns
    -------
    Dataset
        Folders' names are its `classes`. Where all are numbers (``7``, ``digit_7``, ``seven``), these are the labels;
        otherwise the labels are 0, 1, 2, ... in the order of the sorted names. Its `pictures` are the options that were
        used, for a load of another split or of other pictures.

    Raises
    ------
    DataError
        If the files are not there, broken, or do not belong together. The message names the file and the place in it.
    ModuleNotFoundError
        If scikit-learn, for ``digits``, or pyarrow, for Parquet, is not installed.

    Examples
    --------
    >>> import lenet
    >>> lenet.data.load("digits", "test", size=32, fit="pad").images.shape
    (359, 32, 32)
    """
    options = PictureOptions(size, fit, color, invert)
    check_split(split)
    if source == "mnist":
        images, labels = mnist(split)
        return Dataset(options.images(images), labels, f"MNIST {split}{options}", str(locate()), pictures=options)
    if source == "digits":
        images, labels = digits(split)
        name = f"scikit-learn's digits, {split}, scaled up to 28x28"
        return Dataset(options.images(images), labels, f"{name}{options}", pictures=options)
    path = Path(source)
    if path.is_file():
        samples, name, place = _file(path, split, options), f"{split} of {path.name}", path
    elif path.is_dir():
        (samples, place), name = _directory(path, split, options), split
    else:
        samples, name, place = _pair(path, split, options), split, path
    pictures = samples.pictures
    said = str(pictures or options)
    used = pictures.options if pictures else options
    return Dataset(samples.images, samples.labels, f"{name}{said}", str(place), samples.classes, used)


def options_of(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with which pictures became images in a network's training, by the network's provenance."""
    kept = provenance.get("pictures")
    names = [field.name for field in fields(PictureOptions)]
    return {name: kept[name] for name in names if name in kept} if isinstance(kept, dict) else {}


def _array(samples: Samples, options: PictureOptions, place: Path) -> Samples:
    """Return samples that were arrays of pixels as the options say."""
    try:
        return samples._replace(images=options.images(samples.images))
    except DataError as error:
        raise DataError(f"{place}: {error}") from error


def _file(path: Path, split: str, options: PictureOptions) -> Samples:
    if ".pkl" in path.name or ".pickle" in path.name:
        return _array(read_pickle(path, split), options, path)
    if path.name.endswith(".npz"):
        return _array(read_archive(path, split), options, path)
    if path.name.endswith((*TABLES, PARQUET)):
        _check_only(path, split)
        return _of_one_split([path], options)
    if "-idx" in path.name or ".idx" in path.name:
        raise DataError(
            f"{path}: one of a pair of IDX files; expected their directory, or one such as DIR/emnist-letters"
        )
    raise DataError(f"{path}: expected a name that ends in .pkl.gz, .npz, .csv or .parquet, or a directory")


def _of_one_split(paths: list[Path], options: PictureOptions) -> Samples:
    """Return the samples of a table, or of one or more Parquet files, that have one split."""
    if paths[0].name.endswith(PARQUET):
        return read_parquet(paths, options)
    samples = read_table(paths[0])
    return _array(corrected(samples, paths[0].name) if is_emnist(paths[0].name) else samples, options, paths[0])


def _directory(path: Path, split: str, options: PictureOptions) -> tuple[Samples, Path]:
    """Return the samples in a directory, and where in it they were."""
    if prefixes(path):
        return _array(read_pair(path, split), options, path), path
    folders = split_folders(path)
    if any(map(has_classes, folders.values())):
        if split not in folders:
            names = ", ".join(folder.name for folder in folders.values())
            raise DataError(f"{path}: has no {split} split; it has {names}")
        return read_folder(folders[split], options, list(folders.values())), folders[split]
    if has_classes(path):
        _check_only(path, split)
        return read_folder(path, options), path
    files = sorted(file for file in path.iterdir() if file.name.endswith((*TABLES, PARQUET)))
    of_split = [file for file in files if split_of(file.name) == split]
    if of_split and (len(of_split) == 1 or all(file.name.endswith(PARQUET) for file in of_split)):
        return _of_one_split(of_split, options), of_split[0] if len(of_split) == 1 else path
    if files:
        names = ", ".join(file.name for file in files[:4])
        raise DataError(f"{path}: has {names}; expected one whose name says {split}, or name the file")
    if any(file.suffix.lower() in SUFFIXES for file in path.iterdir()):
        raise DataError(f"{path}: pictures, but no folder for each class; expected such as cat/1.png and dog/1.png")
    return _array(read_pair(path, split), options, path), path


def _pair(path: Path, split: str, options: PictureOptions) -> Samples:
    """Return the samples of IDX files in a directory, the path of which goes on with the beginning of their names."""
    prefix = named_prefix(path)
    if prefix is None:
        raise DataError(f"{path}: neither {', nor '.join(SOURCES)}, nor a file or directory of data")
    return _array(read_pair(path.parent, split, prefix), options, path)


def _check_only(path: Path, split: str) -> None:
    """Refuse a split of data that have one only: it can be called train, or as the name says."""
    if split not in ("train", split_of(path.name)):
        only = split_of(path.name) or "train"
        raise DataError(f"{path}: has no {split} split; all of it is {only} (--split {only})")
