"""Opening networks and ensembles: from a file, or those that come with the package.

The file of a network that comes with the package says by which command, seed and commit it was made.
"""

from __future__ import annotations

import os
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from lenet import weights as weights_
from lenet.ensemble import Ensemble
from lenet.network import Network
from lenet.weights import NO_DESCRIPTION, WeightsError

BEST = "reader"
"""The one that `load` returns when nobody says which."""


def open_file(path: str | os.PathLike[str]) -> Network | Ensemble:
    """Read the file of a network or of an ensemble.

    Raises
    ------
    WeightsError
        If the file is neither, or broken. The message names the file and what was expected.
    FileNotFoundError
        If there is no such file.
    """
    arrays, header = weights_.read(path)
    try:
        if "members" not in header:
            return Network.described(header, arrays)
        members = []
        for at, member in enumerate(header["members"]):
            own = {name.removeprefix(f"{at}."): a for name, a in arrays.items() if name.startswith(f"{at}.")}
            members.append(Network.described(member, own))
        if sum(len(member.weights) for member in members) != len(arrays):
            raise ValueError("arrays that belong to no member")
        return Ensemble(members, *weights_.read_about(header))
    except NO_DESCRIPTION as error:
        raise WeightsError(f"{path}: {error}") from error


def shipped() -> list[str]:
    """Return the names of the networks that come with the package."""
    return sorted(entry.name.removesuffix(".safetensors") for entry in _directory().iterdir() if entry.is_file())


def _directory() -> Traversable:
    return files("lenet") / "shipped"


def load(name: str | None = None) -> Network | Ensemble:
    """Return a network that comes with the package; without a name, the best all-round one.

    Raises
    ------
    ValueError
        If none of that name is there; the message says which are.
    """
    name = BEST if name is None else name
    if name not in shipped():
        raise ValueError(f"no network called {name!r} comes with the package; there are {', '.join(shipped())}")
    with as_file(_directory() / f"{name}.safetensors") as path:
        return open_file(path)
