"""The numbers of a network: how they are first drawn, and the file that keeps them.

`Weights` is a mapping from the paper's names to float32 arrays: ``"C1.weight"``, ``"C1.bias"``, ... A file is a
safetensors file whose header holds, under the key ``lenet``, one JSON text: the spec, the grey levels and
where the weights come from. Nothing in a file is ever executed, and nothing in it is believed before it is checked.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from errno import ENOENT
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.calibration import Calibration
from lenet.recipe import INITS, PAPER_1998, Init, Scale, Truncated
from lenet.spec import Conv, DeformPool, Layer, Pool, Shape, Spec, Subsample

Array = NDArray[np.float32]
Weights = Mapping[str, Array]

FORMAT = 1
LARGEST_FILE = 1 << 30
"""A file of more bytes than this is refused: no LeNet comes near."""


NO_DESCRIPTION = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a description raises that is none."""


class WeightsError(ValueError):
    """A file or a mapping does not hold the weights of the network it should."""


def draw(spec: Spec, init: Init, seed: int) -> dict[str, Array]:
    """Draw the first weights, each array from a stream of its own.

    Weights are drawn as `init` says (see `lenet.recipe.INITS` and `lenet.recipe.Truncated`), biases are 0 unless it
    says otherwise, a subsampling's coefficients make it a mean, and deformation pooling has no penalty. The numbers
    come from the raw output of Philox (4x64, ten rounds), which NumPy promises to keep.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed!r}; expected a whole number from 0 to 2**64 - 1")
    if not isinstance(init, Truncated) and init not in INITS:
        raise ValueError(f"init {init!r} is none of {', '.join(INITS)}, nor Truncated")
    weights: dict[str, Array] = {}
    for layer, shape in spec.steps():
        for short, size in layer.arrays(shape).items():
            raw = np.random.Philox(key=np.array([int(seed), len(weights)], np.uint64)).random_raw(math.prod(size))
            unit = ((raw >> np.uint64(11)) * 2.0**-52 - 1.0).reshape(size)  # uniform on [-1, 1)
            if isinstance(layer, Subsample) and short == "weight":
                array = np.full(size, 1.0 / layer.window**2)
            elif isinstance(layer, DeformPool):
                array = np.zeros(size)
            elif isinstance(init, Truncated):
                fixed = short == "bias" and init.bias is not None
                array = np.full(size, init.bias, np.float64) if fixed else init.sigma * _normal(unit)
            elif short == "bias":
                array = np.zeros(size)
            else:
                array = unit * _bound(init, spec, layer, shape)
            weights[f"{layer.name}.{short}"] = array.astype(np.float32)
        _zero_unconnected(layer, shape, weights)
    return weights


def _normal(unit: NDArray[Any]) -> NDArray[np.float64]:
    """Turn numbers uniform on [-1, 1) into ones from the standard normal distribution cut at -2 and 2."""
    grid = np.linspace(-2, 2, 4097)
    below = np.array([math.erf(x / math.sqrt(2)) for x in grid]) / math.erf(math.sqrt(2))
    return np.interp(unit, below, grid)


def _bound(init: str, spec: Spec, layer: Layer, shape: Shape) -> float:
    fan_in, fan_out = layer.fan_in(shape), layer.fan_out(shape)
    if init == "theano":
        if layer is spec.layers[-1]:
            return 0.0
        behind = spec.layers[spec.layers.index(layer) + 1]
        fan_out //= behind.window**2 if isinstance(behind, Pool) else 1
    bounds = {
        "lecun1998": 2.4 / fan_in,
        "lecun1998-root": 2.4 / math.sqrt(fan_in),
        "he": math.sqrt(6 / fan_in),
        "caffe": math.sqrt(3 / fan_in),
    }
    return bounds.get(init, math.sqrt(6 / (fan_in + fan_out)))


def _connected(layer: Conv, shape: Shape) -> NDArray[np.bool_]:
    mask = np.zeros((layer.maps, shape[0]), bool)
    for m, row in enumerate(layer.inputs_of(shape)):
        mask[m, list(row)] = True
    return mask


def _zero_unconnected(layer: Layer, shape: Shape, weights: dict[str, Array]) -> None:
    if isinstance(layer, Conv) and layer.table is not None:
        weights[f"{layer.name}.weight"][~_connected(layer, shape)] = 0


def check(spec: Spec, weights: Weights) -> None:
    """Raise `WeightsError` unless `weights` are finite float32 arrays of just the names and shapes of `spec`."""
    missing, extra = sorted(set(spec.arrays) - set(weights)), sorted(set(weights) - set(spec.arrays))
    if missing or extra:
        raise WeightsError(
            f"arrays missing: {', '.join(missing) or 'none'}; arrays of no layer: {', '.join(extra) or 'none'}"
        )
    for name, shape in spec.arrays.items():
        array = weights[name]
        if array.shape != shape or array.dtype != np.float32:
            raise WeightsError(f"{name} is {array.dtype} {array.shape}; expected float32 {shape}")
        if not np.isfinite(array).all():
            raise WeightsError(f"{name} has {int((~np.isfinite(array)).sum())} values that are not finite")
    for layer, shape in spec.steps():
        if isinstance(layer, Conv) and layer.table is not None:
            if weights[f"{layer.name}.weight"][~_connected(layer, shape)].any():
                raise WeightsError(f"{layer.name}.weight is not zero where the table has no connection")


def flatten(spec: Spec, weights: Weights) -> Array:
    """Return all arrays one after the other, in the order of `Spec.arrays`."""
    parts = [weights[name].ravel() for name in spec.arrays]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def unflatten(spec: Spec, flat: Array) -> dict[str, Array]:
    """Return the arrays as views of `flat`, which cannot be written to afterwards."""
    weights, at = {}, 0
    flat.flags.writeable = False
    for name, shape in spec.arrays.items():
        weights[name] = flat[at : at + math.prod(shape)].reshape(shape)
        at += math.prod(shape)
    return weights


def write(path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> None:
    """Write arrays and a header to a safetensors file, or leave what was there: never half a file."""
    from safetensors.numpy import save as to_bytes

    text = json.dumps(header, sort_keys=True, separators=(",", ":"))
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    replace_file(path, to_bytes(arrays, {"lenet": text}))


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file whole, or leave what was there, whatever happens meanwhile."""
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and the header that `write` wrote; `WeightsError` if the file is not whole or not ours."""
    from safetensors import safe_open

    if not Path(path).is_file():
        raise (
            WeightsError(f"{path}: not a file")
            if Path(path).exists()
            else FileNotFoundError(ENOENT, "No such file", str(path))
        )
    size = os.stat(path).st_size
    if size > LARGEST_FILE:
        raise WeightsError(f"{path}: {size} bytes; expected at most {LARGEST_FILE}")
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}
    except OSError:
        raise
    except Exception as error:  # the reader has many ways of failing on a broken file
        raise WeightsError(f"{path}: not a whole safetensors file ({error})") from error
    if "lenet" not in metadata:
        raise WeightsError(f"{path}: no network is described in it; expected a file written by lenet")
    try:
        header = json.loads(metadata["lenet"])
        version = header["format"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WeightsError(f"{path}: its description cannot be read ({error})") from error
    if version != FORMAT:
        raise WeightsError(f"{path}: format {version!r}; this version of lenet reads format {FORMAT}")
    return arrays, header


def about(provenance: Mapping[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    """Return what a header says besides the network itself."""
    known = {} if calibration is None else {"calibration": calibration.to_dict()}
    return {"provenance": dict(provenance), **known}


def read_about(header: Mapping[str, Any]) -> tuple[dict[str, Any], Calibration | None]:
    """Return what `about` wrote."""
    known = header.get("calibration")
    return dict(header.get("provenance", {})), None if known is None else Calibration.from_dict(known)


def describe(
    spec: Spec, scale: Scale, provenance: Mapping[str, Any], calibration: Calibration | None
) -> dict[str, Any]:
    """Return a network without its weights as plain lists, numbers and strings."""
    return {"spec": spec.to_dict(), "scale": [scale.paper, scale.ink], **about(provenance, calibration)}


def described(
    header: Mapping[str, Any], arrays: Weights
) -> tuple[Spec, Weights, Scale, dict[str, Any], Calibration | None]:
    """Return the parts of a network that `describe` described; ValueError, KeyError or TypeError if it is none."""
    spec = Spec.from_dict(header["spec"])
    scale = Scale(*map(float, header.get("scale", (PAPER_1998.paper, PAPER_1998.ink))))
    check(spec, arrays)
    return spec, arrays, scale, *read_about(header)


def load(path: str | os.PathLike[str]) -> tuple[Spec, Weights, Scale, dict[str, Any], Calibration | None]:
    """Return the parts of the network in a file.

    Raises
    ------
    WeightsError
        If the file is cut, too large, not ours, or holds other arrays than its network needs, or values that
        are not finite. The message names the file and what was expected.
    FileNotFoundError
        If there is no such file.
    """
    arrays, header = read(path)
    if "members" in header:
        raise WeightsError(f"{path}: an ensemble; expected a single network (lenet.open_file reads both)")
    try:
        return described(header, arrays)
    except NO_DESCRIPTION as error:
        raise WeightsError(f"{path}: {error}") from error
