"""LeNet-5, whole: the 1998 network and every textbook form of it, trained in seconds on a CPU.

>>> import lenet
>>> net = lenet.load()
>>> print(lenet.read("seven.png", net))  # doctest: +SKIP
7
"""

from lenet import data
from lenet.evaluate import Evaluation, evaluate
from lenet.network import Network, Trace, load
from lenet.presets import Preset, presets
from lenet.reading import Reading, read
from lenet.recipe import Recipe
from lenet.spec import Contrast, Conv, DeformPool, Dense, Pool, Rbf, Spec, Subsample
from lenet.train import Epoch, fit, train

__version__ = "0.1.0"

__all__ = [
    "Contrast",
    "Conv",
    "DeformPool",
    "Dense",
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
    "presets",
    "read",
    "train",
]
