"""How pictures become images of one size: their size, their colours, and which of ink and paper is 0.

Every sample of a data set is treated alike; nothing is cropped, centred or stretched in contrast.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.data.idx import MAX_VALUES, DataError
from lenet.image.decode import PictureError, decode_sample
from lenet.image.measure import border_pixels

Bytes = NDArray[np.uint8]

FITS, COLORS = ("resize", "pad"), ("grey", "rgb")
MAX_SIZE_PX = 4096


@dataclass(frozen=True)
class PictureOptions:
    """How pictures become images.

    Parameters
    ----------
    size : int or (int, int), optional
        The side of square images in pixels, or height and width. By default the pictures' own, which is then the same
        for all.
    fit : {"resize", "pad"}
        ``resize`` scales to the size, whatever the proportions. ``pad`` keeps the proportions: larger pictures are
        scaled down until they fit, and the rest of the image is paper (0).
    color : {"grey", "rgb"}
        Grey levels, or red, green and blue as three maps.
    invert : bool, optional
        Whether 0 and 255 change places. By default grey pictures from files of pictures are inverted where their border
        is light, since their ink is dark: 0 is paper and 255 is ink. Arrays and colours stay as they are.

    Raises
    ------
    ValueError
        For other values; the message says what was expected.
    """

    size: int | tuple[int, int] | None = None
    fit: str = "resize"
    color: str = "grey"
    invert: bool | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        try:
            sides = self._sides
        except (TypeError, ValueError):
            sides = (0, 0)
        if sides is not None and not all(isinstance(side, int) and 1 <= side <= MAX_SIZE_PX for side in sides):
            raise ValueError(f"size is {self.size!r}; expected 1 to {MAX_SIZE_PX} pixels, or height and width")
        for name, value, known in (("fit", self.fit, FITS), ("color", self.color, COLORS)):
            if value not in known:
                raise ValueError(f"{name} is {value!r}; expected {' or '.join(known)}")

    @property
    def _sides(self) -> tuple[int, int] | None:
        if self.size is None or isinstance(self.size, int):
            return None if self.size is None else (self.size, self.size)
        height, width = self.size
        return height, width

    def __str__(self) -> str:
        """Say what differs from the default, as the end of a sentence."""
        parts = []
        if self._sides:
            done = "resized" if self.fit == "resize" else "padded"
            parts.append(f"{done} to {self._sides[0]}x{self._sides[1]}")
        parts += ["in colour"] if self.color == "rgb" else []
        parts += [] if self.invert is None else ["inverted" if self.invert else "not inverted"]
        return "".join(f", {part}" for part in parts)

    def image(self, picture: str | os.PathLike[str] | bytes, name: str) -> Bytes:
        """Return a picture, encoded in a file or in bytes, as an image (height, width) or (3, height, width).

        Raises
        ------
        DataError
            If it is not a picture; the message begins with its name.
        """
        try:
            levels = decode_sample(picture, name, rgb=self.color == "rgb")
        except PictureError as error:
            raise DataError(str(error)) from error
        except OSError as error:
            raise DataError(f"{name}: not a picture ({error.strerror or error})") from error
        automatic = self.color == "grey" and _is_light(border_pixels(levels))
        if automatic if self.invert is None else self.invert:
            levels = 255 - levels
        return _planes_first(self._fitted(levels))

    def images(self, images: Bytes) -> Bytes:
        """Return images of one size, (n, height, width) or (n, 3, height, width), as the options say."""
        if not len(images):
            return images
        if images.ndim == 4 and self.color == "grey":
            images = np.stack([cv2.cvtColor(_colors_last(image), cv2.COLOR_RGB2GRAY) for image in images])
        elif images.ndim == 3 and self.color == "rgb":
            images = np.repeat(images[:, None], 3, axis=1)
        if self.invert:
            images = 255 - images
        if self._sides is None or images.shape[-2:] == self._sides:
            return images
        self._check_count(len(images), images[0].size)
        return np.stack([_planes_first(self._fitted(_colors_last(image))) for image in images])

    def _check_count(self, count: int, values: int) -> None:
        """Refuse more than `MAX_VALUES` values in `count` images, each of the size or of so many values."""
        of_size = self._sides and self._sides[0] * self._sides[1] * (3 if self.color == "rgb" else 1)
        if count * (of_size or values) > MAX_VALUES:
            raise DataError(f"{count} images of {of_size or values} values; expected at most {MAX_VALUES} together")

    def add(self, images: list[Bytes], picture: str | os.PathLike[str] | bytes, name: str) -> None:
        """Append a picture as an image to others; `DataError` if its size is another, or they become too many."""
        image = self.image(picture, name)
        if images and image.shape != images[0].shape:
            size, wanted = (f"{a.shape[-1]}x{a.shape[-2]}" for a in (image, images[0]))
            raise DataError(
                f"{name}: {size} pixels; those before it have {wanted}: give a size, such as size=28 (--size 28)"
            )
        images.append(image)
        self._check_count(len(images), image.size)

    def _fitted(self, image: Bytes) -> Bytes:
        """Return an image (height, width) or (height, width, 3) in the size that is wanted."""
        if self._sides is None or image.shape[:2] == self._sides:
            return image
        height, width = self._sides
        if self.fit == "resize":
            return _scaled(image, height, width)
        scale = min(1.0, height / image.shape[0], width / image.shape[1])
        inner = _scaled(image, max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale)))
        top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
        padded = np.zeros((height, width, *image.shape[2:]), np.uint8)
        padded[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
        return padded


def _is_light(levels: Bytes) -> bool:
    """Return whether more than half of the grey levels are nearer to white."""
    return 2 * int(np.count_nonzero(levels > 127)) > levels.size


def _scaled(image: Bytes, height: int, width: int) -> Bytes:
    smaller = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def _planes_first(image: Bytes) -> Bytes:
    return np.ascontiguousarray(image.transpose(2, 0, 1)) if image.ndim == 3 else image


def _colors_last(image: Bytes) -> Bytes:
    return np.ascontiguousarray(image.transpose(1, 2, 0)) if image.ndim == 3 else image
