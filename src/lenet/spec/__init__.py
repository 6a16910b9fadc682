"""A network as data: layers, their shapes, parameters and connections. No weights and no arithmetic on images."""

from lenet.spec.layers import LEAK, SCALED_TANH, Conv, Dense, Dropout, Layer, Rbf, Shape, Table
from lenet.spec.network import Row, Spec, Summary
from lenet.spec.pooling import Contrast, DeformPool, Pool, Subsample

__all__ = [
    "LEAK",
    "SCALED_TANH",
    "Contrast",
    "Conv",
    "DeformPool",
    "Dense",
    "Dropout",
    "Layer",
    "Pool",
    "Rbf",
    "Row",
    "Shape",
    "Spec",
    "Subsample",
    "Summary",
    "Table",
]
