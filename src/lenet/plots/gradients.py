"""Saliency maps: which pixels speak for the answer, and which against it."""

from __future__ import annotations

from numpy.typing import ArrayLike

from lenet.model.network import Network
from lenet.model.saliency import saliency as gradient_of
from lenet.plots.figure import GREY, MUTED, PathLike, Picture, Sheet, finished, limit_of
from lenet.plots.verdict import traced, verdict

SIZE, GAP, MARGIN = 3.6, 0.4, 0.5
"""Inches of each panel, between panels, and around them."""


def saliency(
    network: Network,
    image: ArrayLike,
    path: PathLike | None = None,
    *,
    label: int | None = None,
    subject: str = "",
) -> Picture:
    """Draw the gradient of a class's score by the pixels, beside the image.

    Parameters
    ----------
    network : Network
    image : uint8 (height, width)
        See `lenet.plots.layers`. Of an input of several maps, the gradients are summed.
    path : path, optional
        Where the picture goes.
    label : int, optional
        The class whose score it is; by default the answer.
    subject : str
        What the image is, for the line below the title.

    Raises
    ------
    ValueError, TypeError
        If the network does not take such an image, or has no such class.
    """
    trace, probabilities = traced(network, image)
    answer = verdict(network, probabilities)
    label = answer.answer if label is None else label
    inputs = trace["INPUT"][0].mean(axis=0)
    gradient = gradient_of(network, image, label).sum(axis=0)
    limit, levels = limit_of(gradient), (network.scale.paper, network.scale.ink)
    sheet = Sheet(2 * SIZE + GAP + 2 * MARGIN, SIZE + 1.75)
    sheet.head(MARGIN, answer.title, subject)
    top, right = 1.15, MARGIN + SIZE + GAP
    for left, title in ((MARGIN, "the input"), (right, f"gradient of the score of {label} by each pixel")):
        sheet.text(left + SIZE / 2, top - 0.07, title, fontsize=10, ha="center", va="bottom")
    sheet.grey((MARGIN, top, SIZE, SIZE), inputs, levels, "INPUT")
    sheet.map((right, top, SIZE, SIZE), gradient, limit, "gradient")
    outline = sheet.axes((right, top, SIZE, SIZE))
    outline.contour(inputs, levels=[(levels[0] + levels[1]) / 2], colors="black", linewidths=0.8)
    outline.set(xlim=(-0.5, inputs.shape[1] - 0.5), ylim=(inputs.shape[0] - 0.5, -0.5))
    outline.set_axis_off()
    sheet.colour_bar(MARGIN, top + SIZE + 0.22, levels, GREY, "INPUT")
    sheet.value_bar(right, top + SIZE + 0.22, limit, "gradient")
    sheet.text(right + 0.95, top + SIZE + 0.08, _legend(label), fontsize=8, color=MUTED, linespacing=1.35)
    return finished(sheet.figure, path)


def _legend(label: int) -> str:
    return f"red: more ink here raises the score of {label}\nblue: more ink here lowers it"
