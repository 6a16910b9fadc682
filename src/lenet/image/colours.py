"""Colours for numbers: negative ones blue, 0 white, positive ones red, the darker the further from 0.

Pictures of layers and weights, in files and in notebooks, have them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NEGATIVE, ZERO, POSITIVE = (33, 102, 172), (255, 255, 255), (178, 24, 43)
"""Red, green and blue, 0 to 255, of the two ends and the middle of the scale."""


def diverging(values: NDArray[np.floating[Any]], limit: float) -> NDArray[np.uint8]:
    """Return the colours of values (...) as red, green and blue, uint8 (..., 3).

    Parameters
    ----------
    values : float (...)
        Those beyond the limit have the colour of the limit.
    limit : float
        The distance from 0, above it, at which a colour is the darkest.

    Examples
    --------
    >>> import numpy as np
    >>> from lenet.image.colours import diverging
    >>> diverging(np.array([-1.0, 0.0, 2.0]), 1.0).tolist()
    [[33, 102, 172], [255, 255, 255], [178, 24, 43]]
    """
    levels = np.clip(np.asarray(values, np.float64) / limit, -1, 1)
    channels = [np.interp(levels, (-1, 0, 1), stops) for stops in zip(NEGATIVE, ZERO, POSITIVE, strict=True)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)
