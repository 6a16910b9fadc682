"""Several networks that answer as one: the mean of their probabilities, in one file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.model import file
from lenet.model.arrays import Array, Weights
from lenet.model.calibration import Calibration
from lenet.model.network import Classifier, Network


class Ensemble(Classifier):
    """Networks of the same input and classes, averaged.

    Parameters
    ----------
    networks : networks
        At least one. Each has its own temperature, if it was calibrated.
    provenance : mapping, optional
        Where it comes from: plain strings, numbers, lists and dictionaries. Kept in the file.
    calibration : Calibration, optional
        Of the mean.

    Raises
    ------
    ValueError
        If there are none, or they do not take the same images or know the same number of classes.
    """

    def __init__(
        self,
        networks: Iterable[Network],
        *,
        provenance: Mapping[str, Any] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        networks = tuple(networks)
        if not networks:
            raise ValueError("an ensemble of no networks; expected at least one")
        if not all(isinstance(network, Network) for network in networks):
            given = ", ".join(type(network).__name__ for network in networks)
            raise TypeError(f"an ensemble of {given}; expected networks only")
        kinds = {(network.spec.input, network.classes) for network in networks}
        if len(kinds) > 1:
            given = ", ".join(f"{'x'.join(map(str, shape))} and {classes} classes" for shape, classes in sorted(kinds))
            raise ValueError(f"networks of different inputs or classes: {given}")
        self._networks, self._provenance, self._calibration = networks, dict(provenance or {}), calibration

    @property
    def networks(self) -> tuple[Network, ...]:
        """The members."""
        return self._networks

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where it comes from; the members have their own."""
        return MappingProxyType(self._provenance)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self._networks[0].classes

    @property
    def parameters(self) -> int:
        """The number of trainable parameters, all members together."""
        return sum(network.spec.parameters for network in self._networks)

    def __repr__(self) -> str:
        """Show the members and the number of parameters."""
        return f"<Ensemble of {len(self._networks)} networks, {self.parameters:,} parameters>"

    def scores(self, images: ArrayLike, threads: int | None = None) -> Array:
        """Return float32 (n, classes): the logarithm of the mean of the members' probabilities."""
        probabilities = [network.predict_proba(images, threads) for network in self._networks]
        mean = np.mean(probabilities, axis=0, dtype=np.float64)
        return np.log(np.maximum(mean, np.finfo(np.float32).tiny)).astype(np.float32)

    def predict(self, images: ArrayLike, threads: int | None = None) -> NDArray[np.int64]:
        """Return the class of every image, int64 (n,), as `Network.predict` does."""
        return self.scores(images, threads).argmax(axis=1)

    def with_calibration(self, calibration: Calibration | None) -> Ensemble:
        """Return the same ensemble with another calibration."""
        return Ensemble(self._networks, provenance=self._provenance, calibration=calibration)

    def with_provenance(self, provenance: Mapping[str, Any]) -> Ensemble:
        """Return the same ensemble with another provenance."""
        return Ensemble(self._networks, provenance=provenance, calibration=self.calibration)

    @staticmethod
    def from_description(description: Mapping[str, Any], weights: Weights) -> Ensemble:
        """Return the ensemble that `save` described; one of `DESCRIPTION_ERRORS` if the description is wrong."""
        members = []
        for at, member in enumerate(description["members"]):
            prefix = f"{at}."
            arrays = {name.removeprefix(prefix): a for name, a in weights.items() if name.startswith(prefix)}
            members.append(Network.from_description(member, arrays))
        if sum(len(member.weights) for member in members) != len(weights):
            raise ValueError("arrays that belong to no member")
        provenance, calibration = file.read_metadata(description)
        return Ensemble(members, provenance=provenance, calibration=calibration)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all networks to one safetensors file; the same ensemble gives the same bytes."""
        arrays = {
            f"{at}.{name}": array
            for at, network in enumerate(self._networks)
            for name, array in network.weights.items()
        }
        header = {
            "format": file.FORMAT,
            "members": [network.description() for network in self._networks],
            **file.metadata(self._provenance, self.calibration),
        }
        file.write(path, arrays, header)


def single_network(model: Any, name: str = "") -> Network:
    """Return the model if it is one network; TypeError for an ensemble or anything else, which has no layers to show.

    `name` is what the caller calls it, for the message.
    """
    if isinstance(model, Network):
        return model
    subject = f"{name}: " if name else ""
    if not isinstance(model, Ensemble):
        raise TypeError(f"{subject}a {type(model).__name__}; expected a network")
    raise TypeError(
        f"{subject}an ensemble of {len(model.networks)} networks; expected a single network, such as one of the "
        "ensemble's `networks`, or the network.safetensors in a seed-* directory beside its file"
    )
