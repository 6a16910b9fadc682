"""Reading pictures: decode -> ink -> a 28x28 digit -> `Reading`. For now, one digit per picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.calibration import as_share, nondigit
from lenet.files import load
from lenet.network import Classifier
from lenet.reading.decode import PictureError, decode
from lenet.reading.normalise import ink_of, to_digit
from lenet.reading.result import Digit, Line, Reading

__all__ = ["Digit", "Line", "PictureError", "Reading", "normalised", "read"]


def normalised(picture: Any) -> NDArray[np.uint8]:
    """Return the one digit of a picture as the networks see it: uint8 (28, 28), 0 = paper and 255 = ink."""
    return to_digit(ink_of(decode(picture)))


def read(picture: Any, network: Classifier | None = None, reject: str | float | None = None) -> Reading:
    """Read the one digit of a picture, in ink dark or light, of any size.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
        See `lenet.reading.decode.decode`.
    network : Network or Ensemble, optional
        Any of ten classes; by default the best that comes with the package.
    reject : float or str, optional
        Accept only what is so sure that at most this share of answers is wrong: 0.01 or ``"1%"``; by default anything
        is accepted.

    Raises
    ------
    ValueError
        If the network's calibration supports no such promise.
    PictureError
        If it is no picture, or broken, or too large.
    OSError
        If a file cannot be opened.
    """
    network = network or load()
    least = 0.0 if reject is None else network.threshold(as_share(reject))
    ink = ink_of(decode(picture))
    if ink.box is None:
        return Reading((), accepted=False, reason="empty")
    shares = network.predict_proba(to_digit(ink)[None])[0]
    order = np.argsort(-shares, kind="stable")
    others = tuple((int(label), float(shares[label])) for label in order[1:])
    left, top, width, height = (ink.shrink * value for value in ink.box)
    digit = Digit(int(order[0]), float(shares[order[0]]), (left, top, width, height), others)
    if digit.confidence >= least:
        return Reading((Line((digit,)),), accepted=True)
    reason = "not_a_digit" if float(nondigit(shares[None])[0]) > 0.5 else "ambiguous"
    return Reading((Line((digit,)),), accepted=False, reason=reason)
