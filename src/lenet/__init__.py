"""LeNet-5, whole: the 1998 network and every textbook form of it, trained in seconds on a CPU.

>>> import lenet
>>> net = lenet.load()
>>> print(lenet.read("seven.png", net))  # doctest: +SKIP
7
"""

from lenet import data
from lenet.calibration import Calibration
from lenet.ensemble import Ensemble
from lenet.entry import Preset
from lenet.evaluate import Evaluation, evaluate
from lenet.files import load, open_file
from lenet.network import Network, Trace
from lenet.presets import presets
from lenet.reading import Reading, read
from lenet.recipe import Recipe
from lenet.spec import Contrast, Conv, DeformPool, Dense, Pool, Rbf, Spec, Subsample
from lenet.train import Epoch, fit, train

__version__ = "0.1.0"

__all__ = [
    "Calibration",
    "Contrast",
    "Conv",
    "DeformPool",
    "Dense",
    "Ensemble",
    "Epoch",
    "Evaluation",
    "Network",
    "Pool",
    "Preset",
    "Rbf",
    "Reading",
    "Recipe",
    "Spec",
    "Subsample",
    "Trace",
    "data",
    "evaluate",
    "fit",
    "load",
    "open_file",
    "presets",
    "read",
    "train",
]
