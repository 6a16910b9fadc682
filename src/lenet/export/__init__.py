"""The same networks in other frameworks: PyTorch modules and ONNX models.

A calibration's temperature stays here: what they return are scores.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lenet.export.onnx import to_onnx
    from lenet.export.torch import from_torch, to_torch

__all__ = ["from_torch", "to_onnx", "to_torch"]

_MODULES = {"from_torch": "lenet.export.torch", "to_onnx": "lenet.export.onnx", "to_torch": "lenet.export.torch"}


def __getattr__(name: str) -> Any:
    """Import a function when it is first used, since each needs an optional package."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
