"""scikit-learn's bundled digits: 1,797 images of 8x8 pixels, for a machine without a network connection.

Each is scaled up to 20x20 and centred by its mass in 28x28 pixels, as MNIST's digits are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.extras import missing
from lenet.image.normalise import centred


def digits(split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images, uint8 (n, 28, 28), 0 = paper and 255 = ink, and labels, uint8 (n,).

    The bundled set has no split of its own: every fifth sample is for ``test`` (359), the others for ``train`` (1,438).

    Raises
    ------
    ModuleNotFoundError
        Without scikit-learn; the message has the command that installs it.
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        raise missing("sklearn", "the digits data set") from error
    if split not in ("train", "test"):
        raise ValueError(f"split is {split!r}; expected train or test")
    bunch = load_digits()
    test = np.arange(len(bunch.target)) % 5 == 4
    chosen = test if split == "test" else ~test
    grey = np.clip(bunch.images[chosen] * (255 / 16), 0, 255).round().astype(np.uint8)
    large = [np.asarray(Image.fromarray(image).resize((20, 20), Image.Resampling.BICUBIC)) for image in grey]
    return np.stack([centred(image) for image in large]), bunch.target[chosen].astype(np.uint8)
