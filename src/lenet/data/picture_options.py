"""How pictures become images of one size: their size, their colours, and which of ink and paper is 0.

Every sample of a data set is treated alike: where its pictures are inverted, all of them are. Nothing is cropped,
centred or stretched in contrast.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lenet.data.errors import MAX_VALUES, DataError
from lenet.image.decode import decode_sample
from lenet.image.errors import PictureError
from lenet.image.measure import border_pixels
from lenet.spec.checks import is_whole

Bytes = NDArray[np.uint8]
Invert = bool | Literal["pictures"] | None

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
    invert : bool or "pictures", optional
        Whether 0 and 255 change places; with ``pictures`` they do in files of pictures, and not in arrays of pixels. By
        default the grey pictures of a data set are inverted if most of them have a light border, since their ink is
        dark: 0 is paper and 255 is ink. Arrays and colours stay as they are.

    Raises
    ------
    ValueError
        For other values; the message says what was expected.
    """

    size: int | tuple[int, int] | None = None
    fit: str = "resize"
    color: str = "grey"
    invert: Invert = None

    def __post_init__(self) -> None:
        """Check the options."""
        try:
            sides = self._sides
        except (TypeError, ValueError):
            sides = (0, 0)
        if sides is not None and not all(is_whole(side) and 1 <= side <= MAX_SIZE_PX for side in sides):
            raise ValueError(f"size is {self.size!r}; expected 1 to {MAX_SIZE_PX} pixels, or height and width")
        for name, value, known in (("fit", self.fit, FITS), ("color", self.color, COLORS)):
            if value not in known:
                raise ValueError(f"{name} is {value!r}; expected {' or '.join(known)}")
        is_word = isinstance(self.invert, str) and self.invert == "pictures"
        if not (is_word or self.invert is None or isinstance(self.invert, bool)):
            raise ValueError(f"invert is {self.invert!r}; expected true, false, pictures or none")
        if self.fit != FITS[0] and self.size is None:
            raise ValueError(f"fit is {self.fit!r} without a size; expected a size, such as size=28 (--size 28)")

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
        parts += ["inverted" if self.invert else "not inverted"] if isinstance(self.invert, bool) else []
        return "".join(f", {part}" for part in parts)

    def image(self, picture: str | os.PathLike[str] | bytes, name: str | None = None) -> Bytes:
        """Return a picture, encoded in a file or in bytes, as an image (height, width) or (3, height, width).

        `name` is what messages call it; by default its path. A picture alone is inverted if its border is light, unless
        `invert` says otherwise.

        Raises
        ------
        DataError
            If it is not a picture; the message begins with its name.
        """
        pictures = Pictures(self)
        pictures.add(picture, name or ("bytes" if isinstance(picture, bytes) else os.fsdecode(picture)))
        return pictures.images()[0]

    def images(self, images: Bytes) -> Bytes:
        """Return images of one size, (n, height, width) or (n, 3, height, width), as the options say."""
        if not len(images):
            return images
        if images.ndim == 4 and self.color == "grey":
            images = np.stack([cv2.cvtColor(_colors_last(image), cv2.COLOR_RGB2GRAY) for image in images])
        elif images.ndim == 3 and self.color == "rgb":
            images = np.repeat(images[:, None], 3, axis=1)
        if self.invert is True:
            images = 255 - images
        if self._sides is None or images.shape[-2:] == self._sides:
            return images
        self.check_count(len(images), images[0].size)
        return np.stack([_planes_first(self.padded(self.scaled(_colors_last(image)))) for image in images])

    def check_count(self, count: int, values: int) -> None:
        """Refuse more than `MAX_VALUES` values in `count` images, each of the size or of so many values."""
        of_size = self._sides and self._sides[0] * self._sides[1] * (3 if self.color == "rgb" else 1)
        if count * (of_size or values) > MAX_VALUES:
            raise DataError(f"{count} images of {of_size or values} values; expected at most {MAX_VALUES} together")

    def scaled(self, image: Bytes) -> Bytes:
        """Return an image (height, width) or (height, width, 3) in the size that is wanted, or one that fits in it."""
        if self._sides is None or image.shape[:2] == self._sides:
            return image
        height, width = self._sides
        if self.fit == "resize":
            return _scaled(image, height, width)
        scale = min(1.0, height / image.shape[0], width / image.shape[1])
        return _scaled(image, max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale)))

    def padded(self, image: Bytes) -> Bytes:
        """Return an image that `scaled` returned with paper around it, in the size that is wanted."""
        if self._sides is None or image.shape[:2] == self._sides:
            return image
        height, width = self._sides
        top, left = (height - image.shape[0]) // 2, (width - image.shape[1]) // 2
        padded = np.zeros((height, width, *image.shape[2:]), np.uint8)
        padded[top : top + image.shape[0], left : left + image.shape[1]] = image
        return padded


class Pictures:
    """Files of pictures that become the images of a data set: added one by one, and then inverted all or none."""

    def __init__(self, options: PictureOptions) -> None:
        self._options = options
        self._scaled: list[Bytes] = []
        self._light = 0
        self._size: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._scaled)

    def add(self, picture: str | os.PathLike[str] | bytes, name: str) -> None:
        """Add a picture, encoded in a file or in bytes.

        Raises
        ------
        DataError
            If it is not a picture, its size is another than that of those before it, or they become too many. The
            message begins with its name.
        """
        options = self._options
        try:
            levels = decode_sample(picture, name, rgb=options.color == "rgb")
        except PictureError as error:
            raise DataError(str(error)) from error
        except OSError as error:
            raise DataError(f"{name}: not a picture ({error.strerror or error})") from error
        if options.size is None and self._scaled and levels.shape != self._size:
            size, wanted = (f"{shape[1]}x{shape[0]}" for shape in (levels.shape, self._size))
            raise DataError(
                f"{name}: {size} pixels; those before it have {wanted}: give a size, such as size=28 (--size 28)"
            )
        self._size = levels.shape
        self._light += options.color == "grey" and _is_light(border_pixels(levels))
        self._scaled.append(options.scaled(levels))
        options.check_count(len(self), self._scaled[-1].size)

    @property
    def inverted(self) -> bool:
        """Whether 0 and 255 change places: as the options say, or if most borders are light."""
        return 2 * self._light > len(self) if self._options.invert is None else bool(self._options.invert)

    @property
    def options(self) -> PictureOptions:
        """The options, with what was decided: later pictures are to be treated like these, whatever arrays are."""
        if self._options.invert is None and self._options.color != "grey":
            return self._options
        return replace(self._options, invert="pictures" if self.inverted else False)

    def __str__(self) -> str:
        """Say what differs from the default, and why pictures were inverted or not, as the end of a sentence."""
        options = self._options
        if options.invert is None and options.color != "grey":
            return str(options)
        said = str(replace(options, invert=self.inverted))
        if options.invert is not None or self._light in (0, len(self)):
            return said
        return f"{said} as {self._light} of {len(self)} borders are light"

    def images(self) -> Bytes:
        """Return the images (n, height, width) or (n, 3, height, width); there is at least one."""
        images: Sequence[Bytes] = [255 - image for image in self._scaled] if self.inverted else self._scaled
        return np.stack([_planes_first(self._options.padded(image)) for image in images])


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
