"""Images side by side: samples of a data set, mistakes, distorted images, patches that excite maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lenet.data.pixels import CHANNELS, as_bytes, as_planes
from lenet.evaluation.evaluate import Evaluation, Mistake
from lenet.model.network import Network
from lenet.model.patches import receptive_field, strongest_patches
from lenet.model.rejection import as_percent
from lenet.plots.figure import (
    ALARM,
    DARK,
    GREY,
    MUTED,
    PathLike,
    Picture,
    Sheet,
    balanced_columns,
    drawable,
    finished,
    new_figure,
)

MAX_CAPTION = 16
"""Letters below a mistake in the usual size; more are smaller."""


def samples(
    images: ArrayLike, labels: Sequence[Any] | NDArray[Any], path: PathLike | None = None, *, columns: int = 10
) -> Picture:
    """Draw images with their labels row by row.

    Parameters
    ----------
    images : (n, height, width), (n, pixels) or (n, maps, height, width), channels first or last
        Bytes, 0 = paper and 255 = ink, or floats from 0 to 1; three maps are drawn as red, green and blue.
    labels : (n,)
        Whole numbers or names.
    path : path, optional
        Where the picture goes.
    columns : int
        How many in a row.

    Raises
    ------
    ValueError
        If there are no images.
    """
    images = _as_images(images)
    if not len(images):
        raise ValueError("no samples to draw")
    if columns < 1:
        raise ValueError(f"{columns} columns; expected at least 1")
    rows = -(-len(images) // columns)
    figure = new_figure(0.8 * columns, 0.95 * rows)
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(k, columns)
        box = ((column + 0.08) / columns, 1 - (row + 0.97) / rows, 0.84 / columns, 0.75 / rows)
        axes = figure.add_axes(box)
        axes.imshow(drawable(image), cmap=GREY, vmin=0, vmax=255, interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(str(label), fontsize=9, pad=2)
    return finished(figure, path)


def distortions(
    examples: Mapping[str, NDArray[np.uint8]],
    answers: Mapping[str, NDArray[np.float32]],
    path: PathLike | None = None,
    *,
    names: Sequence[str] | None = None,
) -> Picture:
    """Draw images in rows, under each a network's answer and its confidence.

    Parameters
    ----------
    examples : mapping
        By the name of the row: uint8 (n, height, width) or (n, maps, height, width), 0 = paper and 255 = ink.
    answers : mapping
        By the same names: probabilities (n, classes).
    path : path, optional
        Where the picture goes.
    names : sequence of str, optional
        Of the classes; by default their numbers.
    """
    columns, rows, left = max(map(len, examples.values())), len(examples), 1.2
    width, height = left + 0.8 * columns, 0.98 * rows
    figure = new_figure(width, height)
    for row, (name, images) in enumerate(examples.items()):
        figure.text((left - 0.1) / width, 1 - (row + 0.42) / rows, name, ha="right", va="center", fontsize=10)
        for column, (image, probabilities) in enumerate(zip(images, answers[name], strict=True)):
            place = ((left + 0.8 * column + 0.06) / width, 1 - (row + 0.78) / rows, 0.68 / width, 0.68 / height)
            axes = figure.add_axes(place)
            axes.imshow(drawable(image), cmap=GREY, vmin=0, vmax=255, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            for side in axes.spines.values():
                side.set(color="#cccccc")
            confidence = float(probabilities.max())
            answer = int(probabilities.argmax())
            axes.set_xlabel(f"{names[answer] if names else answer}  {100 * confidence:.0f} %", fontsize=7, labelpad=1)
            axes.xaxis.label.set_color(DARK if confidence >= 0.9 else ALARM)
    return finished(figure, path)


def mistakes(
    images: ArrayLike,
    worst: Sequence[Mistake] | Evaluation,
    path: PathLike | None = None,
    *,
    subject: str = "",
    names: Sequence[str] | None = None,
) -> Picture:
    """Draw images that were classified wrongly, each with its label, its answer and the answer's probability.

    Parameters
    ----------
    images : as for `samples`
        All of those that were evaluated.
    worst : sequence of Mistake, or Evaluation
        As `Evaluation.worst`, in the order in which they are drawn.
    names : sequence of str, optional
        Of the classes; by default their numbers.
    path : path, optional
        Where the picture goes.
    subject : str
        Which network and data set these are, for the line below the title.

    Raises
    ------
    ValueError
        If there are no mistakes.
    """
    worst = worst.worst if isinstance(worst, Evaluation) else worst
    if not worst:
        raise ValueError("no mistakes to draw: every answer was right")
    images = _as_images(images)
    last = max(mistake.index for mistake in worst)
    if last >= len(images):
        raise ValueError(f"a mistake of image {last}, and {len(images)} images; expected all that were evaluated")
    columns = min(len(worst), 10) if len(worst) < 10 else balanced_columns(len(worst), 10)
    size, gap, below, margin = 0.95, 0.16, 0.52, 0.4
    rows = -(-len(worst) // columns)
    width = max(columns * (size + gap) - gap, 5) + 2 * margin
    sheet = Sheet(width, 0.95 + rows * (size + below) + 0.15)
    sheet.head(margin, f"The {len(worst)} worst mistakes" if len(worst) > 1 else "The worst mistake", subject)
    for number, mistake in enumerate(worst):
        row, column = divmod(number, columns)
        left, top = margin + column * (size + gap), 0.9 + row * (size + below)
        sheet.grey((left, top, size, size), drawable(images[mistake.index]), (0, 255), f"image {mistake.index}")
        label, answer_name = (names[k] if names else k for k in (mistake.label, mistake.answer))
        answer = f"{label}, taken for {answer_name}"
        middle = left + size / 2
        small = min(8.0, 8.0 * MAX_CAPTION / len(answer))
        sheet.text(middle, top + size + 0.05, answer, fontsize=small, weight="bold", ha="center")
        note = f"{as_percent(mistake.probability)}, image {mistake.index}"
        sheet.text(middle, top + size + 0.22, note, fontsize=6.5, color=MUTED, ha="center")
    return finished(sheet.figure, path)


def patches(
    network: Network,
    images: ArrayLike,
    name: str,
    path: PathLike | None = None,
    *,
    count: int = 9,
    subject: str = "",
) -> Picture:
    """Draw for each map of a layer the parts of images that excite it most, the strongest first.

    Parameters
    ----------
    network : Network
    images : uint8 (n, height, width)
        0 = paper, 255 = ink; n at least `count`.
    name : str
        The layer's, such as ``C1``.
    path : path, optional
        Where the picture goes.
    count : int
        How many patches for each map, each of another image.
    subject : str
        Which images these are, for the line below the title.

    Raises
    ------
    ValueError, TypeError
        If no layer has that name, there are too few images, or the network does not take them.
    """
    strongest = strongest_patches(network, images, name, count)
    maps, side = len(strongest.patches), int(np.ceil(count**0.5))
    height, width = receptive_field(network.spec, name).size
    columns = balanced_columns(maps, 8)
    cell, gap, margin = min(0.48, 9.6 / columns / (side + 0.7)), 0.03, 0.5
    block = side * (cell + gap)
    across, down = block + 0.3, -(-count // side) * (cell + gap) + 0.42
    sheet = Sheet(max(columns * across, 6.0) + 2 * margin, 1.0 + -(-maps // columns) * down + 0.2)
    note = f"the {count} strongest parts of {height}x{width} pixels"
    sheet.head(margin, f"What excites each map of {name} most", note, subject)
    for number, of_map in enumerate(strongest.patches):
        row, column = divmod(number, columns)
        left, top = margin + column * across, 1.2 + row * down
        sheet.text(left + block / 2, top - 0.05, f"{number}", fontsize=9, weight="bold", ha="center", va="bottom")
        for at, patch in enumerate(of_map):
            y, x = divmod(at, side)
            place = (left + x * (cell + gap), top + y * (cell + gap), cell, cell)
            sheet.grey(place, drawable(patch), (0, 255), f"{name} {number} {at}")
    return finished(sheet.figure, path)


def _as_images(images: ArrayLike) -> NDArray[np.uint8]:
    """Return images in any accepted form as bytes (n, height, width) or (n, maps, height, width)."""
    array = as_bytes(np.asarray(images))
    several_maps = array.ndim == 4 and array.shape[1] not in CHANNELS and array.shape[3] not in CHANNELS
    return array if several_maps or not array.size else as_planes(array)
