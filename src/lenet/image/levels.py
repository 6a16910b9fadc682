"""Numbers as grey levels, bytes from 0 to 255. What could be meant in two ways is refused with its cure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FAINT = 16
"""Whole numbers of at most this are no ink that could be seen among 0 to 255: scikit-learn's digits are 0 to 16."""
MANY = 28 * 28
"""So many pixels, as many as an image of MNIST has, are enough to say so."""
AMBIGUOUS_BELOW = 32
"""Floats with a largest value above 1 and below this are neither clearly 0 to 1 nor clearly 0 to 255."""


def as_levels(values: NDArray[Any], expected: str = "0 to 255, or floats from 0 to 1") -> NDArray[np.uint8]:
    """Return numbers as bytes: those from 0 to 255 as they are, floats from 0 to 1 times 255, true as 255.

    Parameters
    ----------
    values : array of any shape
    expected : str
        What was expected, for the messages.

    Raises
    ------
    TypeError
        If they are no numbers.
    ValueError
        If they are beyond 0 to 255 or not finite, or if 0 to 1 and 0 to 255 may both be meant.

    Examples
    --------
    >>> import numpy as np
    >>> as_levels(np.array([0, 0.5, 1])).tolist(), as_levels(np.array([0, 200])).tolist()
    ([0, 128, 255], [0, 200])
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8 and not _is_faint(values):
        return np.ascontiguousarray(values)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"pixels are {values.dtype}; expected {expected}")
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int((~np.isfinite(values)).sum())
        raise ValueError(f"pixels are {values.dtype} with {bad} values that are not finite; expected {expected}")
    if low < 0 or high > 255:
        cure = "scale them to 0 to 1: (x - x.min()) / (x.max() - x.min())"
        raise ValueError(f"pixels from {low:g} to {high:g}; expected {expected}: {cure}")
    if values.dtype.kind in "iu":
        if _is_faint(values):
            given, factor = ("0 and 1", "255") if high == 1 else (f"{low:g} to {high:g}", f"255 / {high:g}")
            cure = f"multiply them by {factor} if {high:g} is ink"
            raise ValueError(f"pixels are {values.dtype}, {given}; expected {expected}: {cure}")
        return np.ascontiguousarray(values, np.uint8)
    if 1 < high < AMBIGUOUS_BELOW:
        raise ValueError(
            f"pixels are {values.dtype} from {low:g} to {high:g}, neither 0 to 1 nor 0 to 255; expected {expected}: "
            "divide them by their largest value if that is ink"
        )
    return _from_unit(values) if high <= 1 else np.rint(values).astype(np.uint8)


def _is_faint(values: NDArray[Any]) -> bool:
    """Return whether whole numbers are probably not 0 to 255: all are 0 or 1, or many are too small to be seen."""
    high = int(values.max(initial=0))
    return high == 1 or (1 < high <= FAINT and values.size >= MANY)


def _from_unit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Turn values from 0 to 1 into bytes: the Theano tutorial's pickle has 256ths, others 255ths."""
    whole = values * np.float32(256)
    of_256 = values.size > 0 and values.max() < 1 and np.array_equal(whole, np.rint(whole))
    return np.rint(whole if of_256 else values * 255).astype(np.uint8)
