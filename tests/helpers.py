"""Functions that several tests call: inputs in the reference's terms, small data, a child's environment."""

import os
from typing import Any

import numpy as np

from lenet import Scale, Spec


def as_input(spec: Spec, images: np.ndarray, scale: Scale) -> np.ndarray:
    """Return byte images as the first layer sees them, float64."""
    maps, height, width = spec.input
    images = images.reshape(len(images), maps, *images.shape[-2:])
    top, left = (height - images.shape[2]) // 2, (width - images.shape[3]) // 2
    full = np.full((len(images), maps, height, width), scale.paper, np.float64)
    full[:, :, top : top + images.shape[2], left : left + images.shape[3]] += images * ((scale.ink - scale.paper) / 255)
    return full


def child_environment(**extra: str) -> dict[str, str]:
    """Return this process's environment with some variables set, for a child process."""
    return {**os.environ, **extra}


def strokes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images of a stroke in one of three places, its class: what a network learns in a moment."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, count).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        y = 5 + 7 * label + random.integers(-1, 2)
        image[y : y + 3, 6:22] = random.integers(150, 256)
    return images, labels


def axes_of(figure: Any) -> dict[str, Any]:
    """Return a figure's axes by their labels, except colour scales and the axes of the whole sheet."""
    axes = {axes.get_label(): axes for axes in figure.axes}
    return {label: one for label, one in axes.items() if label != "sheet" and not label.startswith("scale of")}


def images_of(figure: Any) -> dict[str, Any]:
    """Return the images on a sheet by their labels."""
    (sheet,) = [axes for axes in figure.axes if axes.get_label() == "sheet"]
    return {image.get_label(): image for image in sheet.images}


def values_of(image: Any) -> np.ndarray:
    """Return what an image shows, (height, width)."""
    return np.ma.getdata(image.get_array())


def texts_of(figure: Any) -> list[str]:
    """Return the texts that stand on a figure outside of its axes."""
    return [text.get_text() for text in figure.texts]
