"""Saliency: how the score of a class changes with every pixel of the input (Simonyan, Vedaldi and Zisserman 2013)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lenet.engine import reference
from lenet.model.arrays import Array
from lenet.model.network import Network


def saliency(network: Network, image: ArrayLike, label: int | None = None) -> Array:
    """Return the gradient of a class's score by the input, float32 (maps, height, width) of the network's input.

    Parameters
    ----------
    network : Network
    image : uint8 (height, width), or (maps, height, width)
        0 = paper, 255 = ink; as one of the images that `Network.predict` takes.
    label : int, optional
        The class; by default the answer.

    Returns
    -------
    float32 (maps, height, width)
        By how much the score grows if a pixel goes from paper to ink, if it went on as it starts: positive where more
        ink speaks for the class. Scores are as in `Network.scores`.

    Raises
    ------
    ValueError, TypeError
        If the network does not take such an image, or has no such class.

    Examples
    --------
    >>> import lenet
    >>> from lenet.model.saliency import saliency
    >>> from lenet.reading import normalised
    >>> saliency(lenet.load("lenet5"), normalised("examples/digits/7.png")).shape
    (1, 32, 32)
    """
    batch = np.asarray(image)[None]
    answer = int(network.predict(batch)[0]) if label is None else label
    if not 0 <= answer < network.classes:
        raise ValueError(f"class {answer}; the network has classes 0 to {network.classes - 1}")
    x = network.trace(batch)["INPUT"]
    gradient = reference.input_gradient(network.spec, network.weights, x, np.array([answer]))[0]
    return ((network.scale.ink - network.scale.paper) * gradient).astype(np.float32)
