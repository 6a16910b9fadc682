"""scikit-learn's bundled digits: 1,797 images of 8x8 pixels, for a machine without a network connection.

Each is scaled up to 20x20 and centred by its mass in 28x28 pixels, as MNIST's digits are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def digits(split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images, uint8 (n, 28, 28), 0 = paper and 255 = ink, and labels, uint8 (n,).

    The bundled set has no split of its own: every fifth sample is for ``test`` (360), the others for ``train`` (1,437).

    Raises
    ------
    ModuleNotFoundError
        Without scikit-learn; the message has the command that installs it.
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("the digits data set needs scikit-learn: pip install 'lenet[sklearn]'") from error
    from PIL import Image

    if split not in ("train", "test"):
        raise ValueError(f"split is {split!r}; expected train or test")
    bunch = load_digits()
    test = np.arange(len(bunch.target)) % 5 == 4
    chosen = test if split == "test" else ~test
    grey = np.clip(bunch.images[chosen] * (255 / 16), 0, 255).round().astype(np.uint8)
    large = [np.asarray(Image.fromarray(image).resize((20, 20), Image.Resampling.BICUBIC)) for image in grey]
    return np.stack([centred(image) for image in large]), bunch.target[chosen].astype(np.uint8)


def centred(image: NDArray[np.uint8], size: int = 28) -> NDArray[np.uint8]:
    """Return the image on paper of `size` by `size` pixels, its centre of mass in the middle, as far as it fits."""
    height, width = image.shape
    total = max(float(image.sum()), 1.0)
    places = []
    for axis, length in ((1, height), (0, width)):
        mass = image.sum(axis=axis, dtype=np.float64) @ (np.arange(length) + 0.5) / total
        places.append(int(np.clip(np.floor(size / 2 - mass + 0.5), 0, size - length)))
    top, left = places
    out = np.zeros((size, size), np.uint8)
    out[top : top + height, left : left + width] = image
    return out
