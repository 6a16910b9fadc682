"""A network that answers: a `Spec` with its `Weights`, and a `Trace` of what every layer makes of an image.

A network is a value: its weights cannot be changed in place, only replaced (`Network.with_weights`).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet import engine
from lenet import weights as weights_
from lenet.calibration import Calibration, calibrate, probabilities
from lenet.recipe import PAPER_1998, Init, Scale
from lenet.spec import Contrast, Dense, Rbf, Spec
from lenet.weights import Array, Weights

FEW = 8
"""So few images are read on the caller's thread."""


def as_images(images: ArrayLike, spec: Spec, larger: bool = False) -> NDArray[np.uint8]:
    """Return images as a contiguous uint8 array (n, maps, height, width) that `spec` can take.

    Parameters
    ----------
    images : uint8 (n, height, width), or (n, maps, height, width)
        0 = paper, 255 = ink; any other whole-number type will do if its values are in that range. Images
        smaller than the network's input are centred on paper.
    larger : bool
        Whether images at least as large as the input are fine too.

    Raises
    ------
    ValueError, TypeError
        For another type, shape, size or range; the message says what was given and what was expected.
    """
    maps, height, width = spec.input
    expected = f"uint8 (n, {'' if maps == 1 else f'{maps}, '}{height}, {width}) or smaller, 0 = paper, 255 = ink"
    array = np.asarray(images)
    if array.dtype != np.uint8:
        array = _to_bytes(array, expected)
    if array.ndim == 3 and maps == 1:
        array = array[:, None]
    if array.ndim != 4 or array.shape[1] != maps:
        raise ValueError(f"images of shape {np.shape(images)}; expected {expected}")
    fits = 1 <= array.shape[2] <= height and 1 <= array.shape[3] <= width
    if not fits and not (larger and array.shape[2] >= height and array.shape[3] >= width):
        why = _too_large_for(spec, *array.shape[2:])
        raise ValueError(f"images of {array.shape[2]}x{array.shape[3]}{why}; expected {expected}")
    return np.ascontiguousarray(array)


def _too_large_for(spec: Spec, height: int, width: int) -> str:
    """Return which layer cannot take what comes of a picture larger than the input, as the end of a sentence."""
    shape = (spec.input[0], max(height, spec.input[1]), max(width, spec.input[2]))
    for layer, usual in spec.steps():
        if isinstance(layer, Dense | Rbf):
            seen, got = ("x".join(map(str, s[1:])) for s in (usual, shape))
            return f", of which {layer.name} would get {got} values a map and sees {seen}" if seen != got else ""
        shape = layer.output(shape)
    return ""


def _to_bytes(array: NDArray[Any], expected: str) -> NDArray[np.uint8]:
    if array.dtype.kind not in "iu":
        detail = ""
        if array.dtype.kind == "f" and array.size:
            bad = int((~np.isfinite(array)).sum())
            detail = f" with {bad} values that are not finite" if bad else f" from {array.min():g} to {array.max():g}"
        raise TypeError(f"images are {array.dtype}{detail}; expected {expected}")
    if array.size and (array.min() < 0 or array.max() > 255):
        raise ValueError(f"pixels from {array.min()} to {array.max()}; expected {expected}")
    return array.astype(np.uint8)


class Classifier(ABC):
    """What all that answers has: scores, and probabilities by its calibration."""

    calibration: Calibration | None = None
    """What images held out say of its confidence; None: nobody asked."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """The number of classes."""

    @abstractmethod
    def scores(self, images: ArrayLike, threads: int | None = None) -> Array:
        """Return float32 (n, classes), the largest of which is the answer."""

    @abstractmethod
    def with_calibration(self, calibration: Calibration | None) -> Self:
        """Return the same with another calibration."""

    def predict_proba(self, images: ArrayLike, threads: int | None = None) -> Array:
        """Return float32 (n, classes), the softmax of the scores at the calibration's temperature: rows sum to 1."""
        return self.shares(self.scores(images, threads))

    def shares(self, scores: Array) -> Array:
        """Return the probabilities that scores (n, classes) stand for."""
        return probabilities(scores, self.calibration.temperature if self.calibration else 1.0)

    def threshold(self, error: float) -> float:
        """Return the confidence from which on at most this share of answers is wrong: see `Calibration.threshold`.

        Raises
        ------
        ValueError
            If it was never calibrated, or with too few images for such a promise.
        """
        if self.calibration is None:
            raise ValueError("a network that was never calibrated knows no threshold; train it with images held out")
        return self.calibration.threshold(error)

    def calibrated(self, images: ArrayLike, labels: ArrayLike, threads: int | None = None) -> Self:
        """Return the same, calibrated with images (as `scores` has them) and labels that it was not trained on."""
        return self.with_calibration(calibrate(self.scores(images, threads), labels))


class Trace(Mapping[str, Array]):
    """Every layer's output for some images: ``trace["C1"]`` is float32 (n, 6, 28, 28).

    ``trace["INPUT"]`` is what the first layer was given, after the grey levels and the paper around. A softmax
    layer's output is its probabilities, before the temperature that `predict_proba` knows of.
    """

    def __init__(self, outputs: Mapping[str, Array]) -> None:
        self._outputs = dict(outputs)

    def __getitem__(self, name: str) -> Array:
        """Return a layer's output; KeyError naming the layers if there is none of that name."""
        if name not in self._outputs:
            raise KeyError(f"no layer is called {name!r}; there are {', '.join(self._outputs)}")
        return self._outputs[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the layers' names, from the input on."""
        return iter(self._outputs)

    def __len__(self) -> int:
        """Return the number of layers, the input included."""
        return len(self._outputs)

    def __repr__(self) -> str:
        """Show the shapes."""
        return f"Trace({', '.join(f'{name} {array.shape}' for name, array in self._outputs.items())})"


class Network(Classifier):
    """A `Spec` with its `Weights`.

    Parameters
    ----------
    spec : Spec
    weights : mapping of str to float32 array
        As `Spec.arrays` names and shapes them.
    scale : Scale
        The grey levels that the weights were trained on.
    provenance : mapping, optional
        Where the weights come from: plain strings, numbers, lists and dictionaries. Kept in the file.
    calibration : Calibration, optional
        What images held out say of its confidence.

    Raises
    ------
    WeightsError
        If the weights are not those of the spec, or not finite.
    """

    def __init__(
        self,
        spec: Spec,
        weights: Weights,
        scale: Scale = PAPER_1998,
        provenance: Mapping[str, Any] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        weights = {name: np.asarray(array) for name, array in weights.items()}
        weights_.check(spec, weights)
        self._spec, self._scale, self._provenance = spec, scale, dict(provenance or {})
        self._flat = weights_.flatten(spec, weights)
        self._weights = MappingProxyType(weights_.unflatten(spec, self._flat))
        self._model: engine.Model | None = None
        self.calibration = calibration

    @staticmethod
    def create(spec: Spec, seed: int = 0, init: Init = "glorot", scale: Scale = PAPER_1998) -> Network:
        """Return an untrained network, its first weights drawn as `init` says (see `lenet.recipe`)."""
        return Network(spec, weights_.draw(spec, init, seed), scale)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Network:
        """Read a network's file; `WeightsError` or OSError if it cannot be read."""
        return Network(*weights_.load(path))

    @staticmethod
    def described(header: Mapping[str, Any], arrays: Weights) -> Network:
        """Return the network that `description` described, with these weights; ValueError if there is none."""
        return Network(*weights_.described(header, arrays))

    def description(self) -> dict[str, Any]:
        """Return everything but the weights as plain lists, numbers and strings."""
        return weights_.describe(self._spec, self._scale, self._provenance, self.calibration)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file; the same network gives the same bytes."""
        weights_.write(path, self._weights, {"format": weights_.FORMAT, **self.description()})

    def with_weights(self, **changes: ArrayLike) -> Network:
        """Return the same network with some arrays replaced: ``net.with_weights(**{"C1.bias": zeros})``.

        What was said of its confidence no longer holds.
        """
        new = {name: np.asarray(value, np.float32) for name, value in changes.items()}
        return Network(self._spec, {**self._weights, **new}, self._scale, self._provenance)

    def with_calibration(self, calibration: Calibration | None) -> Network:
        """Return the same network with another calibration."""
        return Network(self._spec, self._weights, self._scale, self._provenance, calibration)

    def with_provenance(self, provenance: Mapping[str, Any]) -> Network:
        """Return the same network with another story of where it comes from."""
        return Network(self._spec, self._weights, self._scale, provenance, self.calibration)

    @property
    def spec(self) -> Spec:
        """What the network is."""
        return self._spec

    @property
    def weights(self) -> Mapping[str, Array]:
        """Its numbers, by the paper's names; they cannot be written to."""
        return self._weights

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self._spec.classes

    @property
    def scale(self) -> Scale:
        """The grey levels it was trained on."""
        return self._scale

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where the weights come from."""
        return MappingProxyType(self._provenance)

    @property
    def flat(self) -> Array:
        """All weights in one vector, in the order of `Spec.arrays`."""
        return self._flat

    def __repr__(self) -> str:
        """Show the layers and the number of parameters."""
        names = " ".join(layer.name for layer in self._spec.layers)
        return f"<Network {names}, {self._spec.parameters:,} parameters>"

    def __getstate__(self) -> dict[str, Any]:
        """Leave the engine's part out of copies and pickles: it is made again when needed."""
        return {
            "spec": self._spec,
            "weights": dict(self._weights),
            "scale": self._scale,
            "provenance": self._provenance,
            "calibration": self.calibration,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore from `__getstate__`."""
        self.__init__(**state)  # type: ignore[misc]

    def _engine(self) -> engine.Model:
        if self._model is None:
            self._model = engine.model(self._spec, self._flat, self._scale)
        return self._model

    def predict(self, images: ArrayLike, threads: int | None = None) -> NDArray[np.int64]:
        """Return the class of every image, int64 (n,); of equal scores the lowest class.

        Parameters
        ----------
        images : uint8 (n, height, width)
            0 = paper, 255 = ink, at most as large as the network's input; smaller ones are centred on paper.
        threads : int, optional
            See `lenet.engine.threads_to_use`.
        """
        array = as_images(images, self._spec)
        few = threads is None and array.shape[0] <= FEW
        return self._engine().predict(array, 1 if few else engine.threads_to_use(threads))

    def scores(self, images: ArrayLike, threads: int | None = None) -> Array:
        """Return float32 (n, classes), the largest of which is the answer.

        They are the output layer's sums before its softmax, or squared distances with their sign turned. The
        scores of an image are the same bits whatever other images are asked about, on any number of threads.
        """
        array = as_images(images, self._spec)
        few = threads is None and array.shape[0] <= FEW
        return self._engine().scores(array, 1 if few else engine.threads_to_use(threads))

    def trace(self, images: ArrayLike) -> Trace:
        """Return every layer's output for the images: (n, maps, height, width), dense ones (n, units).

        Images larger than the network's input are swept over: every layer, dense ones too, then answers at every
        position, (n, maps, rows, columns) (the space displacement network of LeCun et al. 1998, section VII).
        """
        array = as_images(images, self._spec, larger=True)
        if array.shape[2] > self._spec.input[1] or array.shape[3] > self._spec.input[2]:
            return self._swept(array)
        soft = self._spec.layers[-1].squash == "softmax"
        flat = {layer.name for layer in self._spec.layers if isinstance(layer, Dense | Rbf)}
        shapes = [list(shape[:1] if name in flat else shape) for name, shape in self._spec.shapes.items()]
        outputs = self._engine().trace(array, soft, shapes)
        return Trace({"INPUT": self._input(array), **dict(zip(self._spec.shapes, outputs, strict=True))})

    def scan(self, picture: ArrayLike) -> Array:
        """Return the scores at every position of a larger picture, in one pass.

        Parameters
        ----------
        picture : uint8 (height, width), or (maps, height, width)
            0 = paper, 255 = ink, at least as large as the network's input.

        Returns
        -------
        float32 (classes, rows, columns)
            Entry (row, column) has the scores of the window whose top left corner is `stride` times that, where
            `stride` is the product of the strides of all layers: 4 pixels for LeNet-5. With same padding or kept
            borders, windows see beyond their own, and scores differ from those of the window cut out.

        Raises
        ------
        ValueError, TypeError
            If it is no such picture; the message says what was given and what was expected.
        """
        for layer in self._spec.layers:
            if isinstance(layer, Contrast):
                raise ValueError(f"{layer.name}: contrast normalisation looks at a whole picture; it has no positions")
        array = as_images(np.asarray(picture)[None], self._spec, larger=True)
        _, height, width = self._spec.input
        if array.shape[2] < height or array.shape[3] < width:
            given = f"{array.shape[2]}x{array.shape[3]}"
            raise ValueError(f"a picture of {given} to scan; expected at least {height}x{width}")
        trace = self._swept(array, softmax=False)
        scores = trace[self._spec.layers[-1].name][0]
        return -scores if self._spec.layers[-1].lower_is_better else scores

    def _swept(self, array: NDArray[np.uint8], softmax: bool = True) -> Trace:
        outputs = engine.sweep(self._spec, self._flat, self._scale, array)
        last = self._spec.layers[-1]
        if isinstance(last, Rbf):
            below = outputs[self._spec.layers[-2].name]
            codes = np.array(last.codes, np.float32)
            # Class by class: all differences at once would take ten times the memory.
            outputs[last.name] = np.stack(
                [((below - code[:, None, None]) ** 2).sum(axis=1) for code in codes], axis=1, dtype=np.float32
            )
        elif softmax and last.squash == "softmax":
            outputs[last.name] = probabilities(outputs[last.name])
        return Trace({"INPUT": self._input(array), **outputs})

    @property
    def isa(self) -> str:
        """The instruction set that this network's engine runs on."""
        return str(self._engine().isa)

    def _input(self, array: NDArray[np.uint8]) -> Array:
        step = np.float32((self._scale.ink - self._scale.paper) / 255)
        maps, height, width = self._spec.input
        height, width = max(height, array.shape[2]), max(width, array.shape[3])
        top, left = (height - array.shape[2]) // 2, (width - array.shape[3]) // 2
        full = np.full((len(array), maps, height, width), self._scale.paper, np.float32)
        full[:, :, top : top + array.shape[2], left : left + array.shape[3]] += step * array
        return full
