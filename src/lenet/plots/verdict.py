"""Whether a network's answer is accepted: what pictures say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lenet.model.arrays import Array
from lenet.model.inputs import as_images
from lenet.model.network import DIGITS, Classifier, Network
from lenet.model.rejection import as_percent, rejection_reason
from lenet.model.trace import Trace

DEFAULT_ERROR = 0.001
"""The error among accepted answers for which the rejection threshold is taken, where the caller names none."""
UNCALIBRATED_THRESHOLD = 0.5
"""The threshold of a network whose calibration has none for `DEFAULT_ERROR`: other classes together are likelier."""


@dataclass(frozen=True)
class Verdict:
    """A network's answer for an image.

    Attributes
    ----------
    probabilities : float32 (classes,)
        Calibrated, where the network is.
    answer : int
        The likeliest class.
    reason : str
        Why the answer is not accepted: ``ambiguous`` or ``not_a_digit``, as in a `Reading`; empty if it is.
    explanation : str
        The threshold, and where it comes from, as a line of text.
    names : tuple of str
        Of the classes.
    """

    probabilities: Array
    answer: int
    reason: str
    explanation: str
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        """The answer as a line of text."""
        probability = f"{self.names[self.answer]}   probability {as_percent(float(self.probabilities[self.answer]))}"
        if self.reason == "not_a_digit":
            none = "no digit" if self.names == DIGITS else "none of the classes"
            return f"Probably {none}, likeliest {probability}"
        return f"{'Not confident' if self.reason else 'Answer'}: {probability}"


def traced(network: Network, image: ArrayLike) -> tuple[Trace, Array]:
    """Return every layer's output for an image, and the probabilities of its classes, float32 (classes,).

    Raises
    ------
    ValueError, TypeError
        If the network does not take such an image; one larger than its input is none, either.
    """
    trace = network.trace(as_images(np.asarray(image)[None], network.spec))
    assert trace.probabilities is not None, "an image as large as the input"
    return trace, trace.probabilities[0]


def verdict(network: Classifier, probabilities: Array, reject: float | None = None) -> Verdict:
    """Return what is said of a network's answer: whether it is accepted, and why.

    Parameters
    ----------
    network : Network or Ensemble
    probabilities : float32 (classes,)
        What the network gave for an image: see `Trace.probabilities` and `Network.predict_proba`.
    reject : float, optional
        The error wanted among accepted answers, 0 to 1. Without it, the rejection threshold is that for an error of
        0.1 %, or 50 % if the network was not calibrated or its calibration does not support that; `explanation` says
        which.

    Raises
    ------
    ValueError
        If the calibration does not support such an error.
    """
    threshold, source = _threshold(network, reject)
    reason = rejection_reason(probabilities, threshold)
    if reason:
        explanation = f"not accepted: below the rejection threshold of {as_percent(threshold)} ({source})"
    elif threshold == 0:
        explanation = f"accepted, as every answer is ({source})"
    else:
        explanation = f"accepted: it reaches the rejection threshold of {as_percent(threshold)} ({source})"
    return Verdict(probabilities, int(probabilities.argmax()), reason, explanation, network.all_class_names())


def _threshold(network: Classifier, reject: float | None) -> tuple[float, str]:
    """Return the rejection threshold, and where it comes from."""
    if reject is not None:
        return network.threshold(reject), f"an error of {100 * reject:g} % among accepted answers"
    try:
        threshold = network.threshold(DEFAULT_ERROR)
    except ValueError:
        calibrated = "the network was not calibrated"
        if network.calibration is not None:
            calibrated = f"its calibration by {network.calibration.images} images supports none for a small error"
        return UNCALIBRATED_THRESHOLD, calibrated
    return threshold, f"an error of {100 * DEFAULT_ERROR:g} % among accepted answers"
