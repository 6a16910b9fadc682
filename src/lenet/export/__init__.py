"""The same networks in other frameworks. A calibration's temperature stays here: what they return are scores."""

from __future__ import annotations

from typing import Any

from lenet.network import Network


def single(network: Any) -> Network:
    """Return the network; TypeError if it is something else, such as an ensemble, which has no single set of layers."""
    if not isinstance(network, Network):
        raise TypeError(f"a {type(network).__name__}; expected a single Network")
    return network
