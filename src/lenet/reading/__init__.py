"""Reading pictures: decode -> ink -> a 28x28 digit -> `Reading`. For now, one digit per picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.files import load
from lenet.network import Classifier
from lenet.reading.decode import PictureError, decode
from lenet.reading.normalise import ink_of, to_digit
from lenet.reading.result import Digit, Line, Reading

__all__ = ["Digit", "Line", "PictureError", "Reading", "normalised", "read"]


def normalised(picture: Any) -> NDArray[np.uint8]:
    """Return the one digit of a picture as the networks see it: uint8 (28, 28), 0 = paper and 255 = ink."""
    return to_digit(ink_of(decode(picture)))


def read(picture: Any, network: Classifier | None = None) -> Reading:
    """Read the one digit of a picture, in ink dark or light, of any size.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
        See `lenet.reading.decode.decode`.
    network : Network or Ensemble, optional
        Any of ten classes; by default the best that comes with the package.

    Raises
    ------
    PictureError
        If it is no picture, or broken, or too large.
    OSError
        If a file cannot be opened.
    """
    network = network or load()
    ink = ink_of(decode(picture))
    if ink.box is None:
        return Reading((), accepted=False, reason="empty")
    shares = network.predict_proba(to_digit(ink)[None])[0]
    order = np.argsort(-shares, kind="stable")
    others = tuple((int(label), float(shares[label])) for label in order[1:])
    left, top, width, height = (ink.shrink * value for value in ink.box)
    digit = Digit(int(order[0]), float(shares[order[0]]), (left, top, width, height), others)
    return Reading((Line((digit,)),), accepted=True)
