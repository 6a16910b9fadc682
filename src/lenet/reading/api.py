"""Reading as two functions: one picture, or many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.engine import cpu
from lenet.image.decode import decode
from lenet.image.normalise import normalised_digit
from lenet.image.pages import pages_of
from lenet.reading.batch import read_batches
from lenet.reading.digit import only_digit
from lenet.reading.explain import explained
from lenet.reading.page.ink import ink_of
from lenet.reading.reader import Model, Reader, digit_inks
from lenet.reading.result import Reading


def normalised(picture: Any) -> NDArray[np.uint8]:
    """Return the one digit of a picture as the networks see it: uint8 (28, 28), 0 = paper and 255 = ink.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
        See `lenet.image.decode.decode`.
    """
    return normalised_digit(only_digit(ink_of(decode(picture)).image))


def normalised_digits(picture: Any) -> NDArray[np.uint8]:
    """Return the digits of a picture as the networks see them: uint8 (n, 28, 28), 0 = paper and 255 = ink.

    They are those that `read` reads, in reading order; a picture without digits has its ink as one.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
        See `lenet.image.decode.decode`.

    Examples
    --------
    >>> import lenet
    >>> from lenet.reading import normalised_digits
    >>> lenet.load("lenet5").predict(normalised_digits("examples/numbers/24709.png")).tolist()
    [2, 4, 7, 0, 9]
    """
    (page,) = Reader().pages([decode(picture)])
    return np.stack([normalised_digit(ink) for ink, _ in digit_inks(page)])


def read(
    picture: Any,
    model: Model | None = None,
    *,
    mode: str = "auto",
    length: int | None = None,
    grid: tuple[int, int] | str | None = None,
    checksum: str | None = None,
    pattern: str | None = None,
    reject: str | float | None = None,
    explain: str | Path | None = None,
) -> Reading:
    """Read the digits in a picture, in ink dark or light, of any size.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
        See `lenet.image.decode.decode`.
    model : Network, Ensemble, name or path, optional
        The classifier for single digits, of ten classes: for a picture that has only one, ``mode="digit"``, and the
        cells of a grid. By default the pretrained ``reader``.
    mode : {"auto", "digit", "line", "page"}
        What the picture shows: anything, one digit, one line, several lines.
    length : int, optional
        How many digits a line has.
    grid : (int, int) or "auto", optional
        Rows and columns of a form or a table that fills the picture; ``"auto"``: those that its walls show. What is in
        each cell is in `Reading.cells`.
    checksum : {"luhn", "iban", "isbn"}, optional
        Only numbers with the right check digit are read; of an IBAN, all except its letters.
    pattern : str, optional
        What a line looks like: ``#`` for a digit, and signs, such as ``##/##/####``.
    reject : float or str, optional
        The error wanted among accepted answers, whole lines of digits, such as 0.01 or ``"1%"``. Readings whose
        confidence is below the rejection threshold for it are not accepted. By default every reading with digits is.
    explain : path, optional
        A directory for pictures of each step's result.

    Returns
    -------
    Reading

    Raises
    ------
    ValueError
        If an argument is unknown, or the network's calibration does not support such an error.
    PictureError
        If the picture is broken, too large, or not a picture.
    OSError
        If a file cannot be opened.

    Examples
    --------
    >>> import lenet
    >>> print(lenet.read("examples/numbers/24709.png"))
    24709
    """
    reader = Reader(model, reject=reject, mode=mode, length=length, grid=grid, checksum=checksum, pattern=pattern)
    if explain is not None:
        return explained(picture, Path(explain), reader)
    (page,) = reader.pages([decode(picture)])
    return page.reading


def _pages(picture: Any) -> list[Any]:
    """Return the pages of a file with several; a file that cannot be opened as it is, so that reading it says why."""
    try:
        return pages_of(picture)
    except (OSError, ValueError, ModuleNotFoundError):
        return [picture]


def read_many(
    pictures: Iterable[Any],
    model: Model | None = None,
    *,
    mode: str = "auto",
    length: int | None = None,
    grid: tuple[int, int] | str | None = None,
    checksum: str | None = None,
    pattern: str | None = None,
    reject: str | float | None = None,
    threads: int | None = None,
) -> Iterator[Reading | Exception]:
    """Read many pictures on all cores, yielding for each in order its `Reading`, or the exception that says why not.

    The pages of a PDF document, or of a TIFF file with several pictures, are read one by one.

    Parameters
    ----------
    pictures : iterable
        Paths, bytes, arrays or PIL images.
    model, mode, length, grid, checksum, pattern, reject
        As for `read`.
    threads : int, optional
        Cores to use; by default all that are available.

    Raises
    ------
    ValueError
        At once, if an argument is unknown, or the network's calibration does not support such an error.

    Examples
    --------
    >>> import lenet
    >>> [str(result) for result in lenet.read_many(["examples/digits/3.png", "examples/digits/4.png"])]
    ['3', '4']
    """
    reader = Reader(model, reject=reject, mode=mode, length=length, grid=grid, checksum=checksum, pattern=pattern)
    return read_batches([page for picture in pictures for page in _pages(picture)], reader, cpu.threads_to_use(threads))
