"""Networks and ensembles by name or by path: those that come with the package, and files that `save` wrote.

The file of a pretrained network says by which command, seed and commit it was made.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from lenet.model import file
from lenet.model.arrays import WeightsError
from lenet.model.ensemble import Ensemble
from lenet.model.network import Network
from lenet.zoo.presets import presets

DEFAULT = "reader"
"""The pretrained network that `load` returns without a name."""

FILES = {
    "reader": "reader.safetensors",
    "lenet5": "ensemble.safetensors",
    "ensemble": "ensemble.safetensors",
    "candidates": "candidates.safetensors",
    "sliding-window": "sliding-window.safetensors",
}
"""The files of the pretrained networks; ``lenet5`` is the first member of the ensemble."""


def load(name_or_path: str | os.PathLike[str] | None = None) -> Network | Ensemble:
    """Return a pretrained network by its name, or the network or ensemble in a file.

    Parameters
    ----------
    name_or_path : str or path, optional
        ``reader`` (the default: the most accurate single network), ``lenet5``, ``ensemble`` (five networks of lenet5),
        ``candidates`` and ``sliding-window`` (for whole numbers); or a file that `Network.save` or `Ensemble.save`
        wrote. A name comes before a file that is called the same.

    Raises
    ------
    FileNotFoundError
        If it is neither a name nor a file; the message lists the names.
    WeightsError
        If the file is broken, or of something else. The message names the file and what was expected.

    Examples
    --------
    >>> import lenet
    >>> lenet.load("lenet5")
    <Network C1 S2 C3 S4 C5 F6 OUTPUT, 60,806 parameters>
    """
    name = DEFAULT if name_or_path is None else os.fspath(name_or_path)
    if name in FILES:
        model = _pretrained(FILES[name])
        return model.networks[0] if name == "lenet5" and isinstance(model, Ensemble) else model
    if not name or not Path(name).exists():
        hint = f"; `lenet train --preset {name}` trains the preset of that name" if name in presets else ""
        raise FileNotFoundError(
            f"{name or repr(name)}: no such file, and no pretrained network; those are {', '.join(FILES)}{hint}"
        )
    return _read(name)


@cache
def _pretrained(file_name: str) -> Network | Ensemble:
    with as_file(files("lenet") / "model" / "weights" / file_name) as path:
        return _read(path)


def _read(path: str | os.PathLike[str]) -> Network | Ensemble:
    weights, header = file.read(path)
    try:
        if "members" in header:
            return Ensemble.from_description(header, weights)
        return Network.from_description(header, weights)
    except file.DESCRIPTION_ERRORS as error:
        raise WeightsError(f"{path}: {error}") from error
