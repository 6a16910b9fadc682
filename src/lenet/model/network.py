"""A network that answers: a `Spec` with its weights, its grey levels and its calibration.

A network is a value: its weights cannot be changed in place, only replaced (`Network.with_weights`).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.engine import backend, cpu
from lenet.html import table
from lenet.model import arrays, file, scan
from lenet.model.arrays import Array, Weights, WeightsError
from lenet.model.calibration import Calibration, calibrate, softmax
from lenet.model.initial import initial_weights
from lenet.model.inputs import as_images
from lenet.model.rejection import as_fraction
from lenet.model.trace import Trace
from lenet.recipe import PAPER_1998, Init, Scale
from lenet.spec import Dense, Rbf, Spec, Summary

SMALL_BATCH = 8
"""At most so many images are read on the caller's own thread."""


DIGITS = tuple("0123456789")
"""The names of the classes of a network for digits."""


class Classifier(ABC):
    """What networks and ensembles share: scores, probabilities, a calibration."""

    _calibration: Calibration | None = None

    @property
    def calibration(self) -> Calibration | None:
        """What hold-out images say of its confidence; None: it was never calibrated."""
        return self._calibration

    @property
    @abstractmethod
    def classes(self) -> int:
        """The number of classes."""

    @property
    @abstractmethod
    def provenance(self) -> Mapping[str, Any]:
        """Where the weights come from."""

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes that it was trained on, by their labels; None if they had none."""
        names = self.provenance.get("classes")
        if not isinstance(names, list | tuple) or not 0 < len(names) <= self.classes:
            return None
        return tuple(map(str, names))

    @property
    def classifies_digits(self) -> bool:
        """Whether the classes are the ten digits."""
        return self.all_class_names() == DIGITS

    def all_class_names(self) -> tuple[str, ...]:
        """Return the name of every class; its number where the training data had no name for it."""
        names = self.class_names or ()
        return (*names, *map(str, range(len(names), self.classes)))

    @abstractmethod
    def scores(self, images: ArrayLike, threads: int | None = None) -> Array:
        """Return float32 (n, classes), the largest of which is the answer."""

    @abstractmethod
    def with_calibration(self, calibration: Calibration | None) -> Self:
        """Return the same with another calibration."""

    def predict_proba(self, images: ArrayLike, threads: int | None = None) -> Array:
        """Return float32 (n, classes), the softmax of the scores at the calibration's temperature: rows sum to 1."""
        return self.probabilities(self.scores(images, threads))

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of scores (n, classes): their softmax at the calibration's temperature."""
        return softmax(scores, self.calibration.temperature if self.calibration else 1.0)

    def threshold(self, error: float | str) -> float:
        """Return the rejection threshold for an error among accepted answers, such as 0.01 or ``"1%"``.

        See `Calibration.threshold`.

        Raises
        ------
        ValueError
            If it was never calibrated, or with too few images for such an error.
        """
        if self.calibration is None:
            raise ValueError(
                "this network was never calibrated, so it has no rejection threshold; calibrate it with hold-out "
                "images: network.calibrated(images, labels), or lenet train --validation"
            )
        return self.calibration.threshold(as_fraction(error))

    def calibrated(self, images: ArrayLike, labels: ArrayLike, threads: int | None = None) -> Self:
        """Return the same, calibrated with hold-out images (as `scores` takes them) and their labels."""
        return self.with_calibration(calibrate(self.scores(images, threads), labels))


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
        What hold-out images say of its confidence.

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
        *,
        provenance: Mapping[str, Any] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        weights = {name: np.asarray(array) for name, array in weights.items()}
        arrays.check(spec, weights)
        self._spec, self._scale, self._provenance = spec, scale, dict(provenance or {})
        self._flat = arrays.flatten(spec, weights)
        self._weights = MappingProxyType(arrays.Named(arrays.unflatten(spec, self._flat)))
        self._model: backend.Model | None = None
        self._calibration = calibration

    @staticmethod
    def create(spec: Spec, seed: int = 0, *, init: Init = "glorot", scale: Scale = PAPER_1998) -> Network:
        """Return an untrained network; `init` is the distribution of its weights (see `lenet.recipe.INITS`)."""
        return Network(spec, initial_weights(spec, init, seed), scale)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Network:
        """Read the file of a single network.

        Raises
        ------
        WeightsError
            If the file is cut, too large, not of a single network, or holds other arrays than its network needs, or
            values that are not finite. The message names the file and what was expected.
        FileNotFoundError
            If there is no such file.
        """
        weights, header = file.read(path)
        if "members" in header:
            raise WeightsError(f"{path}: an ensemble; expected a single network (lenet.load opens both)")
        try:
            return Network.from_description(header, weights)
        except file.DESCRIPTION_ERRORS as error:
            raise WeightsError(f"{path}: {error}") from error

    @staticmethod
    def from_description(description: Mapping[str, Any], weights: Weights) -> Network:
        """Return the network of a `description` with these weights; one of `DESCRIPTION_ERRORS` if it is wrong."""
        spec = Spec.from_dict(description["spec"])
        scale = Scale(*map(float, description.get("scale", (PAPER_1998.paper, PAPER_1998.ink))))
        provenance, calibration = file.read_metadata(description)
        return Network(spec, weights, scale, provenance=provenance, calibration=calibration)

    def description(self) -> dict[str, Any]:
        """Return everything except the weights as plain lists, numbers and strings."""
        scale = [self._scale.paper, self._scale.ink]
        metadata = file.metadata(self._provenance, self.calibration)
        return {"spec": self._spec.to_dict(), "scale": scale, **metadata}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file; the same network gives the same bytes."""
        file.write(path, self._weights, {"format": file.FORMAT, **self.description()})

    def with_weights(self, **changes: ArrayLike) -> Network:
        """Return the same network with some arrays replaced: ``net.with_weights(**{"C1.bias": zeros})``.

        The result has no calibration: it would no longer hold.
        """
        new = {name: np.asarray(value, np.float32) for name, value in changes.items()}
        return Network(self._spec, {**self._weights, **new}, self._scale, provenance=self._provenance)

    def with_calibration(self, calibration: Calibration | None) -> Network:
        """Return the same network with another calibration."""
        return Network(self._spec, self._weights, self._scale, provenance=self._provenance, calibration=calibration)

    def with_provenance(self, provenance: Mapping[str, Any]) -> Network:
        """Return the same network with another provenance."""
        return Network(self._spec, self._weights, self._scale, provenance=provenance, calibration=self.calibration)

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
        """Leave the engine's model out of copies and pickles: it is made again when it is needed."""
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

    def summary(self) -> Summary:
        """Return one `Row` per layer: kind, output shape, units, parameters, connections."""
        return self._spec.summary()

    def _repr_html_(self) -> str:
        names = ("preset", "data", "seed", "epochs")
        about: dict[str, Any] = {name: self._provenance[name] for name in names if name in self._provenance}
        if self.calibration:
            about["temperature"] = self.calibration.temperature
        return self.summary()._repr_html_() + (table(list(about), [list(about.values())]) if about else "")

    def _engine(self) -> backend.Model:
        if self._model is None:
            self._model = cpu.model(self._spec, self._flat, self._scale)
        return self._model

    def predict(self, images: ArrayLike, threads: int | None = None) -> NDArray[np.int64]:
        """Return the class of every image, int64 (n,); of equal scores the lowest class.

        Parameters
        ----------
        images : uint8 (n, height, width)
            0 = paper, 255 = ink, at most as large as the network's input; smaller ones are centred on paper.
        threads : int, optional
            See `lenet.engine.cpu.threads_to_use`.
        """
        array = as_images(images, self._spec)
        return self._engine().predict(array, _threads_for(array, threads))

    def scores(self, images: ArrayLike, threads: int | None = None) -> Array:
        """Return float32 (n, classes), the largest of which is the answer.

        They are the output layer's sums before its softmax, or squared distances with their sign turned. The
        scores of an image are the same bits whatever other images are asked about, on any number of threads.
        """
        array = as_images(images, self._spec)
        return self._engine().scores(array, _threads_for(array, threads))

    def trace(self, images: ArrayLike) -> Trace:
        """Return every layer's output for the images: (n, maps, height, width), dense ones (n, units).

        Over images larger than the network's input, the network is a sliding window: every layer, dense ones too, then
        answers at every position, (n, maps, rows, columns): the space displacement network of LeCun et al. 1998,
        section VII.
        """
        array = as_images(images, self._spec, larger=True)
        if array.shape[2] > self._spec.input[1] or array.shape[3] > self._spec.input[2]:
            outputs = scan.layer_outputs(self._spec, self._flat, self._scale, array)
            return Trace({"INPUT": self._input(array), **outputs})
        soft = self._spec.layers[-1].activation == "softmax"
        flat = {layer.name for layer in self._spec.layers if isinstance(layer, Dense | Rbf)}
        shapes = [list(shape[:1] if name in flat else shape) for name, shape in self._spec.shapes.items()]
        values = self._engine().trace(array, soft, shapes)
        outputs = dict(zip(self._spec.shapes, values, strict=True))
        return Trace({"INPUT": self._input(array), **outputs}, self._probabilities_of(values[-1]))

    def _probabilities_of(self, output: Array) -> Array:
        """Return the calibrated probabilities of what the output layer gave, (n, classes)."""
        last = self._spec.layers[-1]
        if last.activation == "softmax":  # its logarithm is the scores, except for a constant
            output = np.log(np.maximum(output, np.finfo(np.float32).tiny))
        return self.probabilities(-output if last.lower_is_better else output)

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
        scan.require_positions(self._spec)
        array = as_images(np.asarray(picture)[None], self._spec, larger=True)
        _, height, width = self._spec.input
        if array.shape[2] < height or array.shape[3] < width:
            given = f"{array.shape[2]}x{array.shape[3]}"
            raise ValueError(f"a picture of {given} to scan; expected at least {height}x{width}")
        outputs = scan.layer_outputs(self._spec, self._flat, self._scale, array, softmax_output=False)
        last = self._spec.layers[-1]
        scores = outputs[last.name][0]
        return -scores if last.lower_is_better else scores

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


def _threads_for(images: NDArray[np.uint8], threads: int | None) -> int:
    return 1 if threads is None and len(images) <= SMALL_BATCH else cpu.threads_to_use(threads)
