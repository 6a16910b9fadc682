"""The file of a network or an ensemble: a safetensors file with its description in the header.

The header holds, under the key ``lenet``, one JSON text: the spec, the grey levels, the calibration and where the
weights come from. Nothing in a file is ever executed, and nothing in it is used before it is checked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from errno import ENOENT
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save as to_bytes

from lenet.model.arrays import WeightsError
from lenet.model.calibration import Calibration

FORMAT = 1
MAX_FILE_BYTES = 1 << 30
"""A larger file is refused: no LeNet comes near."""

DESCRIPTION_ERRORS = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a wrong description raises."""


def write(path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> None:
    """Write arrays and a header to a safetensors file, whole or not at all."""
    text = json.dumps(header, sort_keys=True, separators=(",", ":"))
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    replace_file(path, to_bytes(arrays, {"lenet": text}))


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file whole, or leave the earlier one as it was, whatever happens meanwhile."""
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(ENOENT, "No such directory; make it first", str(target.parent))
    partial = partial_path(target, os.getpid())
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def partial_path(target: Path, process: object) -> Path:
    """Return where a process writes a file before it takes its place."""
    return target.with_name(f".{target.name}.{process}.partial")


def read(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and the header that `write` wrote; `WeightsError` if the file is cut or not of lenet."""
    if not Path(path).exists():
        raise FileNotFoundError(ENOENT, "No such file", str(path))
    if not Path(path).is_file():
        networks = [file for file in sorted(Path(path).glob("*.safetensors")) if file.name != "checkpoint.safetensors"]
        hint = f"; a directory with {networks[0]}" if networks else ""
        raise WeightsError(f"{path}: not a file{hint}")
    size = os.stat(path).st_size
    if size > MAX_FILE_BYTES:
        raise WeightsError(f"{path}: {size} bytes; expected at most {MAX_FILE_BYTES}")
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            texts = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}
    except OSError:
        raise
    except Exception as error:  # the reader has many ways of failing on a broken file
        raise WeightsError(f"{path}: not a whole safetensors file ({error})") from error
    if "lenet" not in texts:
        raise WeightsError(f"{path}: no network is described in it; expected a file written by lenet")
    try:
        header = json.loads(texts["lenet"])
        version = header["format"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WeightsError(f"{path}: its description cannot be read ({error})") from error
    if version != FORMAT:
        raise WeightsError(f"{path}: format {version!r}; this version of lenet reads format {FORMAT}")
    return arrays, header


def metadata(provenance: Mapping[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    """Return the part of a header that networks and ensembles share."""
    calibrated = {} if calibration is None else {"calibration": calibration.to_dict()}
    return {"provenance": dict(provenance), **calibrated}


def read_metadata(header: Mapping[str, Any]) -> tuple[dict[str, Any], Calibration | None]:
    """Return the provenance and the calibration that `metadata` wrote."""
    calibration = header.get("calibration")
    return dict(header.get("provenance", {})), None if calibration is None else Calibration.from_dict(calibration)
