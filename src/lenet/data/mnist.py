"""The MNIST database: where its files are looked for, how they are verified, and how they are fetched.

Looked for in this order: a directory that the caller names, ``$LENET_DATA``, the user's cache directory, files that
torchvision or Keras keep; then, only where fetching is asked for, downloaded from more than one mirror. Whatever
is found is checked by the SHA-256 of its uncompressed content, and a wrong file is an error, never passed over.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import platformdirs
from numpy.typing import NDArray

from lenet.data.archive import read_archive
from lenet.data.errors import DataError
from lenet.data.idx import read_idx, to_idx

FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the uncompressed files."""

SPLITS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")


def cache_directory() -> Path:
    """Return the user's directory for fetched data; it need not exist."""
    return Path(platformdirs.user_cache_dir("lenet")) / "mnist"


def directories() -> Iterator[Path]:
    """Yield the directories in which MNIST's files are looked for, in order."""
    if os.environ.get("LENET_DATA"):
        yield Path(os.environ["LENET_DATA"])
    yield cache_directory()
    yield Path("data/MNIST/raw")  # where torchvision's examples keep them
    yield Path.home() / ".keras/datasets"


def find_file(name: str, directory: Path) -> Path | None:
    """Return the file called `name` in `directory`, gzipped or not, with a dash or a dot before ``idx``."""
    for spelling in (name, name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            if (path := directory / (spelling + suffix)).is_file():
                return path
    return None


def _content(name: str, directory: Path) -> tuple[NDArray[np.uint8], Path] | None:
    if path := find_file(name, directory):
        return read_idx(path), path
    if (path := directory / "mnist.npz").is_file():
        samples = read_archive(path, "train" if name.startswith("train") else "test")
        return (samples.images if "images" in name else samples.labels), path
    return None


def verified(name: str, directory: Path) -> tuple[NDArray[np.uint8], Path] | None:
    """Return one of `FILES` and the path it came from; None if `directory` has nothing of that name.

    Raises
    ------
    DataError
        If it is there but its content is not the published one.
    """
    content = _content(name, directory)
    if content is None:
        return None
    digest = hashlib.sha256(to_idx(content[0])).hexdigest()
    if digest != FILES[name]:
        raise DataError(
            f"{content[1]}: SHA-256 of the uncompressed content is {digest}; {name} has {FILES[name]}: move it away"
        )
    return content


def locate(directory: str | os.PathLike[str] | None = None) -> Path:
    """Return the first directory that has all four files, or whatever of them it lacks raises.

    Raises
    ------
    DataError
        If no directory has them, naming those looked in and how to fetch them.
    """
    places = [Path(directory)] if directory is not None else list(directories())
    for place in places:
        if all(find_file(name, place) for name in FILES) or (place / "mnist.npz").is_file():
            return place
        if directory is not None or (os.environ.get("LENET_DATA") and place == Path(os.environ["LENET_DATA"])):
            missing = [name for name in FILES if not find_file(name, place)]
            cure = "" if directory else "; LENET_DATA names it: unset it, and `lenet data fetch` downloads them"
            raise DataError(
                f"{place}: no file called {missing[0]}, with or without .gz; expected MNIST's four files{cure}"
            )
    looked = ", ".join(map(str, places))
    raise DataError(
        f"MNIST is not in {looked}; `lenet data fetch` downloads it, LENET_DATA names a directory that has it"
    )


def mnist(split: str, directory: str | os.PathLike[str] | None = None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return MNIST's images, uint8 (n, 28, 28), 0 = paper and 255 = ink, and labels, uint8 (n,).

    Parameters
    ----------
    split : {"train", "test"}
        60,000 or 10,000 samples.
    directory : path, optional
        Where the files are; by default see the module's beginning.

    Raises
    ------
    DataError
        If the files are nowhere, broken, or not the published ones. Nothing is downloaded here: see `fetch`.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected train or test")
    place = locate(directory)
    arrays = []
    for name in SPLITS[split]:
        content = verified(name, place)
        assert content is not None
        arrays.append(content[0])
    return arrays[0], arrays[1]


def fetch(
    directory: Path | None = None,
    mirrors: tuple[str, ...] = MIRRORS,
    report: Callable[[str], None] = lambda message: None,
) -> Path:
    """Verify MNIST where `locate` finds it, or else download it; return the directory.

    Without a directory, it is downloaded into the user's cache. A download that broke off is taken up where it ended.
    Each mirror is tried in turn.

    Raises
    ------
    DataError
        If LENET_DATA names a directory without it, or no mirror gave a file whose content is the published one; the
        message says what each one did.
    """
    if directory is None:
        found = _found(report)
        if found is not None:
            report(f"MNIST is in {found}, as published; nothing to download")
            return found
    directory = directory or cache_directory()
    directory.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if verified(name, directory):
            continue
        failures = []
        for mirror in mirrors:
            report(f"{name}: fetching from {urlsplit(mirror).hostname}")
            try:
                _download(mirror + name + ".gz", directory / f"{name}.gz")
                verified(name, directory)
                break
            except (OSError, ValueError, http.client.HTTPException) as error:  # DataError is a ValueError
                (directory / f"{name}.gz").unlink(missing_ok=True)
                failures.append(f"{mirror}: {error}")
        else:
            cure = "LENET_DATA can name a directory that has the files; --data digits needs none"
            raise DataError(f"{name} could not be fetched: {cure}; {'; '.join(failures)}")
    return directory


def _found(report: Callable[[str], None]) -> Path | None:
    """Return the directory that has the whole of MNIST as published; None if there is none to be found."""
    if os.environ.get("LENET_DATA"):
        place = locate()  # refuses one without it
    else:
        try:
            place = locate()
        except DataError:
            return None
    try:
        for name in FILES:
            verified(name, place)
    except DataError as error:
        if os.environ.get("LENET_DATA"):
            raise
        report(f"{error}; it is downloaded into {cache_directory()}, which comes first")
        return None
    return place


def _download(url: str, target: Path) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
        raise DataError(f"{url}: expected https")
    partial = target.with_name(target.name + ".partial")
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            resumed = answer.status == 206
            with partial.open("ab" if resumed else "wb") as file:
                while block := answer.read(1 << 16):
                    file.write(block)
            expected = answer.headers.get("Content-Length")
            got = partial.stat().st_size - (have if resumed else 0)
            if expected is not None and got != int(expected):
                raise OSError(f"broke off after {got} of {expected} bytes")
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to fetch, or another file's remains: start afresh next time
            partial.unlink(missing_ok=True)
        raise
    os.replace(partial, target)
