"""What engine/python/bindings.cpp offers; `lenet.engine.cpu` is its Python face."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Order = NDArray[np.uint32]
Layers = Sequence[Mapping[str, Any]]

def supported_isas() -> list[str]: ...
def isa(isa: str = "") -> tuple[str, str, int, bool]: ...
def available_threads() -> int: ...
def measure_peak(threads: int, seconds: float, isa: str = "") -> float: ...
def philox(counter: tuple[int, int, int, int], key0: int, key1: int) -> tuple[int, int, int, int]: ...
def draws(input: tuple[int, int, int], layers: Layers, seed: int, step: int, samples: Sequence[int]) -> Floats: ...
def distort(
    images: Bytes,
    distortion: Mapping[str, float],
    seed: int,
    epoch: int,
    samples: Order,
    threads: int = 1,
    isa: str = "",
) -> Bytes: ...
def permutation(seed: int, epoch: int, count: int) -> Order: ...

class Model:
    def __init__(
        self,
        input: tuple[int, int, int],
        layers: Layers,
        weights: Floats,
        scale: tuple[float, float],
        isa: str = "",
    ) -> None: ...
    @property
    def isa(self) -> str: ...
    def scores(self, images: Bytes, threads: int) -> Floats: ...
    def predict(self, images: Bytes, threads: int) -> NDArray[np.int64]: ...
    def trace(self, images: Bytes, soft: bool, shapes: Sequence[Sequence[int]]) -> tuple[Floats, ...]: ...

class Trainer:
    def __init__(
        self,
        input: tuple[int, int, int],
        layers: Layers,
        weights: Floats,
        scale: tuple[float, float],
        loss: Mapping[str, Any],
        update: Mapping[str, Any],
        batch: int,
        seed: int = 0,
        distortion: Mapping[str, float] = ...,
        isa: str = "",
    ) -> None: ...
    def run(
        self, images: Bytes, labels: Bytes | Floats, order: Order, rates: Floats, threads: int, epoch: int = 0
    ) -> tuple[Floats, Bytes]: ...
    def gradient(self, images: Bytes, labels: Bytes | Floats, threads: int) -> tuple[float, Floats]: ...
    def curvature(self, images: Bytes) -> Floats: ...
    def state(self) -> tuple[Floats, Floats, Floats, int]: ...
    def restore(self, weights: Floats, first: Floats, second: Floats, steps: int) -> None: ...
    def weights(self) -> Floats: ...
