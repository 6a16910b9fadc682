"""Pictures of networks, data and trainings, drawn with matplotlib (the extra ``figures``).

Each function returns matplotlib's ``Figure``, which a notebook shows, and writes it to a file if a path is given; the
end of the path's name says in which format: ``.png``, ``.svg``, ``.pdf``.

>>> import lenet
>>> network = lenet.load("lenet5")
>>> figure = lenet.plots.kernels(network)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lenet.extras import is_installed, missing

if TYPE_CHECKING:
    from lenet.plots.activations import layer, layers
    from lenet.plots.gallery import distortions, mistakes, patches, samples
    from lenet.plots.gradients import saliency
    from lenet.plots.rbf import code_distances, codes
    from lenet.plots.training import curves, reproduced, training_accuracies
    from lenet.plots.weights import connection_table, kernels

__all__ = [
    "code_distances",
    "codes",
    "connection_table",
    "curves",
    "distortions",
    "kernels",
    "layer",
    "layers",
    "mistakes",
    "patches",
    "reproduced",
    "saliency",
    "samples",
    "training_accuracies",
]

_NAMES = {
    "lenet.plots.activations": "layer layers",
    "lenet.plots.gallery": "distortions mistakes patches samples",
    "lenet.plots.gradients": "saliency",
    "lenet.plots.rbf": "code_distances codes",
    "lenet.plots.training": "curves reproduced training_accuracies",
    "lenet.plots.weights": "connection_table kernels",
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a function when it is first used, since matplotlib is an optional package."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not is_installed("matplotlib"):
        raise missing("matplotlib", "drawing")
    return getattr(import_module(_MODULE_OF[name]), name)
