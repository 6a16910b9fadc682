"""Rejection of non-digits, as out-of-distribution inputs: how many a network rejects at a threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lenet.model.network import Classifier
from lenet.synthesis.nondigits import nondigits

TEST_COUNT, TEST_SEED = 2000, 20_000_101
"""How many non-digits networks are tested on, and their seed; trainings have small seeds."""

Bytes = NDArray[np.uint8]


def standard_nondigits(images: Bytes, labels: NDArray[np.integer]) -> Bytes:
    """Return the non-digits that networks are tested on, (2000, height, width), made from digits (n, height, width)."""
    return nondigits(images[:, None], labels, TEST_COUNT, seed=TEST_SEED)[:, 0]


def rejected_fraction(network: Classifier, images: Bytes, threshold: float, *, threads: int | None = None) -> float:
    """Return the fraction of images (n, height, width) for which the confidence is below a threshold."""
    return float((network.predict_proba(images, threads).max(axis=1) < threshold).mean())
