"""A training as data: losses, optimizers, schedules, distortions, and the recipe that has one of each."""

from lenet.recipe.distortion import Distortion
from lenet.recipe.losses import CrossEntropy, Loss, Map, MeanSquared
from lenet.recipe.optimizers import Adam, LevenbergMarquardt, Optimizer, Sgd
from lenet.recipe.recipe import INITS, PAPER_1998, Averaging, Distillation, Init, Recipe, Scale, Truncated
from lenet.recipe.schedule import Constant, Inverse, OneCycle, Patience, Schedule, Steps

__all__ = [
    "INITS",
    "PAPER_1998",
    "Adam",
    "Averaging",
    "Constant",
    "CrossEntropy",
    "Distillation",
    "Distortion",
    "Init",
    "Inverse",
    "LevenbergMarquardt",
    "Loss",
    "Map",
    "MeanSquared",
    "OneCycle",
    "Optimizer",
    "Patience",
    "Recipe",
    "Scale",
    "Schedule",
    "Sgd",
    "Steps",
    "Truncated",
]
