"""The codes of radial basis functions, and how far what the network gives for an image is from each."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lenet.model.network import Network
from lenet.plots.figure import DARK, GREY, Floats, PathLike, Picture, Sheet, finished, limit_of
from lenet.spec import Rbf, Spec

BITMAP = (12, 7)
"""Rows and columns of the codes of LeNet-5 as pictures."""
WIDTH, HEIGHT, GAP, MARGIN = 0.77, 1.32, 0.26, 0.5
"""Inches of a code, between codes, around them."""


def codes(spec: Spec, path: PathLike | None = None) -> Picture:
    """Draw the code of every class as a picture: +1 is black, -1 is white.

    Parameters
    ----------
    spec : Spec
        Its output layer is `Rbf`, such as that of the preset ``lenet5-1998``.
    path : path, optional
        Where the picture goes.

    Raises
    ------
    ValueError
        If the output layer has no codes.

    Examples
    --------
    >>> import lenet
    >>> figure = lenet.plots.codes(lenet.presets["lenet5-1998"].spec)
    """
    output = _output(spec)
    sheet = Sheet(_width(len(output.codes)), HEIGHT + 1.8)
    sheet.head(MARGIN, f"The codes of {output.name}", f"what {_below(spec)} should give for each class, unit by unit")
    limit = limit_of(np.array(output.codes))
    _draw_codes(sheet, MARGIN, 1.05, output, limit)
    sheet.colour_bar(MARGIN, 1.05 + HEIGHT + 0.35, (-limit, limit), GREY)
    return finished(sheet.figure, path)


def code_distances(network: Network, image: ArrayLike, path: PathLike | None = None, *, subject: str = "") -> Picture:
    """Draw what the layer below the output gives for an image, and its squared distance to the code of every class.

    Parameters
    ----------
    network : Network
        Its output layer is `Rbf`.
    image : uint8 (height, width)
        See `lenet.plots.layers`.
    path : path, optional
        Where the picture goes.
    subject : str
        What the image is, for the line below the title.

    Raises
    ------
    ValueError, TypeError
        If the output layer has no codes, or the network does not take such an image.
    """
    output, below = _output(network.spec), _below(network.spec)
    trace = network.trace(np.asarray(image)[None])
    values, distances = trace[below][0].ravel(), trace[output.name][0]
    answer, left = int(distances.argmin()), MARGIN + WIDTH + 0.7
    sheet = Sheet(_width(len(output.codes)) + WIDTH + 0.7, HEIGHT + 1.9)
    note = f"the numbers below the codes are squared distances to the output of {below}"
    sheet.head(MARGIN, f"Answer: {answer}, whose code is the closest", subject, note)
    limit = max(limit_of(values), limit_of(np.array(output.codes)))
    levels = (-limit, limit)
    sheet.grey((MARGIN, 1.15, WIDTH, HEIGHT), as_bitmap(values), levels, below)
    sheet.text(MARGIN + WIDTH / 2, 1.1, below, fontsize=11, ha="center", va="bottom")
    sheet.colour_bar(MARGIN, 1.15 + HEIGHT + 0.35, levels, GREY, below)
    _draw_codes(sheet, left, 1.15, output, limit, distances)
    return finished(sheet.figure, path)


def _draw_codes(
    sheet: Sheet, left: float, top: float, output: Rbf, limit: float, distances: Floats | None = None
) -> None:
    """Draw the codes side by side, and below each its distance; the closest one is marked."""
    answer = None if distances is None else int(distances.argmin())
    for label, code in enumerate(output.codes):
        place = (left + label * (WIDTH + GAP), top, WIDTH, HEIGHT)
        sheet.grey(place, as_bitmap(np.array(code)), (-limit, limit), f"code {label}")
        style: dict[str, str] = {"weight": "bold", "color": DARK} if label == answer else {}
        sheet.text(place[0] + WIDTH / 2, top - 0.05, str(label), fontsize=11, ha="center", va="bottom", **style)
        if label == answer:
            sheet.frame(place, DARK, 3)
        if distances is not None:
            sheet.text(place[0] + WIDTH / 2, top + HEIGHT + 0.07, f"{distances[label]:.1f}", ha="center", **style)


def as_bitmap(values: Floats) -> Floats:
    """Return values (n,) as the rows of a picture, 7 in each as the paper draws them; other numbers in one column."""
    return values.reshape(BITMAP if values.size == BITMAP[0] * BITMAP[1] else (-1, 1))


def _output(spec: Spec) -> Rbf:
    last = spec.layers[-1]
    if not isinstance(last, Rbf):
        raise ValueError(f"the output layer {last.name} is {last.kind} and has no codes; that of lenet5-1998 has")
    return last


def _below(spec: Spec) -> str:
    return ["INPUT", *spec.shapes][-2]


def _width(classes: int) -> float:
    return 2 * MARGIN + classes * (WIDTH + GAP) - GAP
