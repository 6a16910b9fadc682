"""Optional packages: which extra of lenet installs them, and the error where one is missing."""

from __future__ import annotations

from importlib.util import find_spec

EXTRAS = {
    "matplotlib": "figures",
    "pyarrow": "parquet",
    "pypdfium2": "pdf",
    "sklearn": "sklearn",
    "onnx": "onnx",
    "torch": "torch",
}
"""The extra that installs each optional package, by the name under which the package is imported."""


def is_installed(package: str) -> bool:
    """Return whether an optional package is installed."""
    return find_spec(package) is not None


def missing(package: str, what: str) -> ModuleNotFoundError:
    """Return the error to raise where `what` needs a package that is not installed; it has the pip command."""
    return ModuleNotFoundError(f"{what} needs {package}: pip install 'lenet[{EXTRAS[package]}]'", name=package)
