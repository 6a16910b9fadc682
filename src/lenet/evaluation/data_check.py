"""Whether digits are upright, their ink is ink and their labels are theirs: what a pretrained network says of a sample.

The rule. At most `SAMPLE` images are classified as they are, transposed, inverted, and both; the answers are compared
with the labels, and with labels that are shifted by one. If the best of these agrees with at least `MIN_AGREEMENT` of
the sample, and with `MIN_GAIN` more of it than the data as they are, what it changes is warned about. If none agrees,
but the network is confident of `MIN_CONFIDENT` of its answers, the images are digits, and their labels are others'.
Nothing is said of data that have other classes than the ten digits: letters and clothes are not read with confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet.image.normalise import SIZE_PX, normalised_digit
from lenet.model.network import Classifier
from lenet.model.pretrained import load

SAMPLE, MIN_SAMPLE, MAX_SIDE_PX = 500, 50, 128
MIN_AGREEMENT, MIN_GAIN = 0.8, 0.3
"""Fractions of the sample; 0.3 of 50 images is more than four standard errors."""
MIN_CONFIDENT, CONFIDENT, MAX_CHANCE = 0.9, 0.9, 0.25
"""Labels do not belong to the images if at least the first fraction of answers has the second probability, and at most
the third fraction of answers agrees with the labels, where a tenth agrees by chance."""

Bytes = NDArray[np.uint8]
Labels = NDArray[np.integer]

SHIFTS = (0, -1, 1)
"""What is added to the labels, modulo 10."""
WRONG_LABELS = {
    (0, -1): "labels are one too large, and 0 for a 9: take (labels - 1) % 10",
    (0, 1): "labels are one too small, and 9 for a 0: take (labels + 1) % 10",
    (1, 0): "labels are 10 for a 0: take labels % 10",
    (1, -1): "labels are shifted by one, from 1 to 10: take labels - 1",
    (1, 1): "labels are one too small, and 10 for a 1: take (labels + 1) % 10",
}
"""What is wrong with labels, by the first of them, 0 or 1, and the shift that puts them right."""


@dataclass(frozen=True)
class _View:
    """The sample changed in one way."""

    transposed: bool
    inverted: bool

    def of(self, images: Bytes) -> Bytes:
        changed = images.swapaxes(1, 2) if self.transposed else images
        changed = 255 - changed if self.inverted else changed
        if changed.shape[1:] == (SIZE_PX, SIZE_PX):
            return np.ascontiguousarray(changed)
        return np.stack([normalised_digit(np.ascontiguousarray(image)) for image in changed])


VIEWS = tuple(_View(transposed, inverted) for inverted in (False, True) for transposed in (False, True))
"""The first is the data as they are."""


def warnings_of(images: Bytes, labels: Labels, network: Classifier | None = None) -> tuple[str, ...]:
    """Return warnings of digits that are transposed or inverted, and of labels that are shifted or shuffled.

    Parameters
    ----------
    images : uint8 (n, height, width)
        0 = paper, 255 = ink. Coloured images and larger ones than `MAX_SIDE_PX` are not checked.
    labels : whole numbers (n,)
        Checked only if ten of them occur, 0 to 9 or 1 to 10.
    network : Network or Ensemble, optional
        Classifies digits; by default the pretrained network `lenet.load` returns.

    Returns
    -------
    tuple of str
        Each says what is wrong, what the sample showed, and what to do. Empty if nothing is wrong.

    Examples
    --------
    >>> import lenet
    >>> images, labels = lenet.data.digits("train")
    >>> warnings_of(images, labels)
    ()
    >>> len(warnings_of(255 - images, labels))
    1
    """
    present = np.unique(labels)
    first = int(present[0]) if len(present) else 0
    are_digits = len(present) == 10 and first in (0, 1) and present[-1] == first + 9
    if images.ndim != 3 or not are_digits or len(images) < MIN_SAMPLE or max(images.shape[1:]) > MAX_SIDE_PX:
        return ()
    chosen = np.unique(np.linspace(0, len(images) - 1, SAMPLE).astype(np.intp))
    sample, of_sample = images[chosen], np.asarray(labels[chosen], np.intp)
    network = load() if network is None else network
    probabilities = {view: network.predict_proba(view.of(sample)) for view in VIEWS}
    agreement = {
        (view, shift): float(((of_sample + shift) % 10 == answers.argmax(axis=1)).mean())
        for view, answers in probabilities.items()
        for shift in SHIFTS
    }
    best = max(agreement, key=agreement.__getitem__)
    as_they_are = 0.0 if first else agreement[VIEWS[0], 0]  # labels from 1 to 10 are never right as they are
    if agreement[best] >= max(MIN_AGREEMENT, as_they_are + MIN_GAIN):
        before, after = f"{as_they_are:.0%} as they are", f"{agreement[best]:.0%} after that"
        shown = f"of {len(chosen)} labels the pretrained network agrees with {before}, with {after}"
        return tuple(f"{finding} ({shown})" for finding in _findings(*best, first))
    confident = max(float((answers.max(axis=1) >= CONFIDENT).mean()) for answers in probabilities.values())
    if confident >= MIN_CONFIDENT and agreement[best] <= MAX_CHANCE:
        return (
            f"labels do not belong to their images: were they shuffled apart? (the pretrained network is confident of "
            f"{confident:.0%} of {len(chosen)} digits, and agrees with {agreement[best]:.0%} of their labels)",
        )
    return ()


def _findings(view: _View, shift: int, first: int) -> list[str]:
    """Return what is wrong, and what puts it right."""
    findings = ["images are transposed: images.swapaxes(1, 2) puts them upright"] if view.transposed else []
    if view.inverted:
        findings.append("images are inverted, with paper as 255: 255 - images, or invert=True (--invert)")
    return [*findings, *([WRONG_LABELS[first, shift]] if (first, shift) in WRONG_LABELS else [])]
