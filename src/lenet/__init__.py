"""Fast, faithful LeNet-5 and its variants, with a reader for handwritten numbers.

>>> import lenet
>>> print(lenet.read("examples/digits/7.png"))
7

Everything public is an attribute of this package; its module is imported when the attribute is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lenet._version import __version__

if TYPE_CHECKING:
    from lenet import data, export, plots
    from lenet.evaluation.evaluate import Evaluation, evaluate
    from lenet.model.calibration import Calibration
    from lenet.model.ensemble import Ensemble
    from lenet.model.network import Network
    from lenet.model.pretrained import load
    from lenet.model.trace import Trace
    from lenet.reading import Reader, Reading, read, read_many
    from lenet.recipe import (
        Adam,
        Averaging,
        Constant,
        CrossEntropy,
        Distillation,
        Distortion,
        Inverse,
        LevenbergMarquardt,
        Map,
        MeanSquared,
        OneCycle,
        Patience,
        Recipe,
        Scale,
        Sgd,
        Steps,
        Truncated,
    )
    from lenet.spec import Contrast, Conv, DeformPool, Dense, Dropout, Pool, Rbf, Spec, Subsample
    from lenet.training.fit import Epoch, fit, train
    from lenet.training.history import History
    from lenet.zoo.preset import Preset
    from lenet.zoo.presets import presets

_PUBLIC = {
    "lenet.evaluation.evaluate": "Evaluation evaluate",
    "lenet.model.calibration": "Calibration",
    "lenet.model.ensemble": "Ensemble",
    "lenet.model.network": "Network",
    "lenet.model.pretrained": "load",
    "lenet.model.trace": "Trace",
    "lenet.reading": "Reader Reading read read_many",
    "lenet.recipe": (
        "Adam Averaging Constant CrossEntropy Distillation Distortion Inverse LevenbergMarquardt Map MeanSquared "
        "OneCycle Patience Recipe Scale Sgd Steps Truncated"
    ),
    "lenet.spec": "Contrast Conv DeformPool Dense Dropout Pool Rbf Spec Subsample",
    "lenet.training.fit": "Epoch fit train",
    "lenet.training.history": "History",
    "lenet.zoo.preset": "Preset",
    "lenet.zoo.presets": "presets",
}
"""The public names of each module."""
_PACKAGES = ("data", "export", "plots")
"""The public packages."""
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = [  # the same names again, for tools that read them without running this file
    "Adam",
    "Averaging",
    "Calibration",
    "Constant",
    "Contrast",
    "Conv",
    "CrossEntropy",
    "DeformPool",
    "Dense",
    "Distillation",
    "Distortion",
    "Dropout",
    "Ensemble",
    "Epoch",
    "Evaluation",
    "History",
    "Inverse",
    "LevenbergMarquardt",
    "Map",
    "MeanSquared",
    "Network",
    "OneCycle",
    "Patience",
    "Pool",
    "Preset",
    "Rbf",
    "Reader",
    "Reading",
    "Recipe",
    "Scale",
    "Sgd",
    "Spec",
    "Steps",
    "Subsample",
    "Trace",
    "Truncated",
    "__version__",
    "data",
    "evaluate",
    "export",
    "fit",
    "load",
    "plots",
    "presets",
    "read",
    "read_many",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used."""
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, those too that were not used yet."""
    return sorted({*globals(), *__all__})
