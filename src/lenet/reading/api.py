"""Reading pictures: decode -> ink -> lines -> windows -> cuts -> 28x28 digits -> best path -> `Reading`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.network import Classifier
from lenet.reading.decode import PictureError, decode
from lenet.reading.digit import only_digit, to_digit
from lenet.reading.draw import explained
from lenet.reading.ink import ink_of
from lenet.reading.many import read_many
from lenet.reading.reader import Reader
from lenet.reading.result import Digit, Line, Reading

__all__ = ["Digit", "Line", "PictureError", "Reader", "Reading", "normalised", "read", "read_many"]


def normalised(picture: Any) -> NDArray[np.uint8]:
    """Return the one digit of a picture as the networks see it: uint8 (28, 28), 0 = paper and 255 = ink."""
    return to_digit(only_digit(ink_of(decode(picture)).image))


def read(
    picture: Any,
    network: Classifier | None = None,
    reject: str | float | None = None,
    *,
    mode: str = "auto",
    length: int | None = None,
    grid: tuple[int, int] | None = None,
    checksum: str | None = None,
    explain: str | Path | None = None,
) -> Reading:
    """Read the digits in a picture, in ink dark or light, of any size.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
        See `lenet.reading.decode.decode`.
    network : Network or Ensemble, optional
        Reads single digits: a picture that has only one, ``mode="digit"``, and the cells of a grid. Any of ten classes;
        by default the best that comes with the package.
    reject : float or str, optional
        Accept only what is so sure that at most this share of answers, whole lines of digits, is wrong: 0.01 or
        ``"1%"``; by default whatever has digits is accepted.
    mode : {"auto", "digit", "line", "page"}
        What is in the picture: whatever is found, one digit, one line, lines.
    length : int, optional
        How many digits a line has.
    grid : (int, int), optional
        Rows and columns of a form that fills the picture, with at most a digit in each cell.
    checksum : {"luhn", "iban", "isbn"}, optional
        Only numbers with the right check digit are read; of an IBAN, all but its letters.
    explain : path, optional
        A directory for pictures of what each step made of it.

    Raises
    ------
    ValueError
        If an argument is none of these, or the network's calibration supports no such promise.
    PictureError
        If it is no picture, or broken, or too large.
    OSError
        If a file cannot be opened.
    """
    reader = Reader(network, reject, mode, length, grid, checksum)
    if explain is not None:
        return explained(picture, Path(explain), reader)
    (page,) = reader.pages([decode(picture)])
    return page.reading
