"""Pictures decoded to grey levels: files of allowed formats, bytes, arrays and PIL images.

Limits are checked before memory is used. Transparent pixels are put on white, as most viewers show them. The EXIF
orientation tag is applied. Of an animation the first frame is read. A coloured picture becomes its lightness, or the
one of its red, green and blue channels in which ink has more contrast: yellow on white is dark in blue alone. In a data
set it becomes its lightness, or keeps the three channels.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from lenet.image.levels import as_levels
from lenet.image.measure import grey_quantiles

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
MAX_PIXELS = 100_000_000
"""Pictures of more pixels than this are refused before they are unpacked."""

MIN_CONTRAST_GAIN = 1.25
"""A colour channel is taken instead of the lightness if the ink's contrast is this many times larger in it."""
MIN_INK_FRACTION = 0.002
"""The fraction of the pixels that is enough to be ink."""
Grey = NDArray[np.uint8]


class PictureError(ValueError):
    """A picture cannot be decoded; the message names it."""


def decode(picture: Any) -> Grey:
    """Return a picture's grey levels, uint8 (height, width), 0 = black and 255 = white.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
        An array is (height, width), (height, width, 3) or (height, width, 4): grey levels or colours of 8 to 16 bits,
        floats from 0 to 1 or from 0 to 255, or bool. See `lenet.image.levels.as_levels` for what is refused.

    Raises
    ------
    PictureError
        If it is not a picture of an allowed format, cut, too large, or an array of another shape or type.
    OSError
        If a file cannot be opened.
    """
    if isinstance(picture, np.ndarray):
        return _guarded("array", _from_array, picture)
    if isinstance(picture, Image.Image):
        return _guarded("picture", _from_image, picture, "picture", _channel_of_most_contrast)
    if isinstance(picture, bytes | bytearray | memoryview):
        return _open(io.BytesIO(bytes(picture)), "bytes", _channel_of_most_contrast)
    if isinstance(picture, str | os.PathLike):
        with open(picture, "rb") as file:
            return _open(file, os.fspath(picture), _channel_of_most_contrast)
    raise PictureError(f"a {type(picture).__name__} is not a picture; expected a path, bytes, an array or a PIL image")


def decode_sample(picture: str | os.PathLike[str] | bytes, name: str, *, rgb: bool = False) -> Grey:
    """Return a sample of a data set: its lightness, uint8 (height, width), or with `rgb` uint8 (height, width, 3).

    All samples of a data set are decoded alike, whatever their contrast. 0 = black and 255 = white.

    Parameters
    ----------
    picture : path or bytes
    name : str
        What messages call the picture.

    Raises
    ------
    PictureError, OSError
        As `decode` does.
    """
    convert = _as_rgb if rgb else _lightness
    if isinstance(picture, bytes):
        return _open(io.BytesIO(picture), name, convert)
    with open(picture, "rb") as file:
        return _open(file, name, convert)


def _open(file: Any, name: str | bytes, convert: Callable[[Any], Grey]) -> Grey:
    shown = os.fsdecode(name)

    def opened() -> Grey:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes that are checked below
            with Image.open(file, formats=FORMATS) as image:
                return _from_image(image, shown, convert)

    return _guarded(shown, opened)


def _guarded(shown: str, read: Callable[..., Grey], *arguments: Any) -> Grey:
    """Call `read`; whatever it raises on a broken picture or another file becomes a `PictureError`."""
    try:
        return read(*arguments)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"{shown}: not a picture; expected one of {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{shown}: too large; expected at most {MAX_PIXELS} pixels") from None
    except Exception as error:  # Pillow's plugins raise whatever they come across
        raise PictureError(f"{shown}: the picture is broken or cut ({error})") from error


def _from_image(image: Any, name: str, convert: Callable[[Any], Grey]) -> Grey:
    width, height = image.size
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise PictureError(f"{name}: {width}x{height} pixels; expected 1 to {MAX_PIXELS}")
    image.load()
    image = _oriented(image)
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        image = Image.fromarray(_to_bytes(np.asarray(image), name))
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        seen = Image.new("RGB", image.size, "white")
        seen.paste(image, mask=image.getchannel("A"))
        image = seen
    return convert(image.convert("L" if image.mode in ("1", "L") else "RGB"))


def _lightness(image: Any) -> Grey:
    return np.asarray(image.convert("L"))


def _as_rgb(image: Any) -> Grey:
    return np.asarray(image.convert("RGB"))


def _oriented(image: Any) -> Any:
    """Return the picture turned and mirrored as its EXIF orientation tag says, if it has a readable one."""
    turns = (
        Transpose.FLIP_LEFT_RIGHT,
        Transpose.ROTATE_180,
        Transpose.FLIP_TOP_BOTTOM,
        Transpose.TRANSPOSE,
        Transpose.ROTATE_270,
        Transpose.TRANSVERSE,
        Transpose.ROTATE_90,
    )
    try:
        orientation = image.getexif().get(0x0112)
    except Exception:  # the tags are broken, the picture need not be
        orientation = None
    return image.transpose(turns[orientation - 2]) if orientation in range(2, 9) else image


def _channel_of_most_contrast(image: Any) -> Grey:
    """Return a coloured picture's lightness, or the colour channel in which rare levels differ more from the median."""
    if image.mode == "L":
        return np.asarray(image)
    channels = (image.convert("L"), *image.split())
    quantiles = [
        grey_quantiles(np.asarray(channel), MIN_INK_FRACTION, 0.5, 1 - MIN_INK_FRACTION) for channel in channels
    ]
    spread = [max(middle - low, high - middle) for low, middle, high in quantiles]
    best = int(np.argmax(spread[1:])) + 1
    return np.asarray(channels[best] if spread[best] > MIN_CONTRAST_GAIN * spread[0] else channels[0])


def _from_array(array: NDArray[Any]) -> Grey:
    shape = array.shape
    side = math.isqrt(array.size)
    if shape in ((array.size,), (1, array.size)) and side * side == array.size > 1:
        raise PictureError(
            f"an array of shape {shape} is not a picture; expected (height, width). If it is flattened: "
            f"reshape({side}, {side})"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in (1, 3, 4)) or min(shape, default=0) < 1:
        raise PictureError(
            f"an array of shape {shape} is not a picture; expected (height, width) or (height, width, 3 or 4)"
        )
    if shape[0] * shape[1] > MAX_PIXELS:
        raise PictureError(f"{shape[1]}x{shape[0]} pixels; expected at most {MAX_PIXELS}")
    grey = _to_bytes(array, "array")
    if array.ndim == 2 or shape[2] == 1:
        return grey.reshape(shape[:2])
    return _from_image(Image.fromarray(grey), "array", _channel_of_most_contrast)


def _to_bytes(array: NDArray[Any], name: str) -> Grey:
    if array.dtype == np.uint8 and array.max(initial=0) != 1:
        return np.ascontiguousarray(array)
    if array.dtype.kind in "iu" and array.min() >= 0 and 255 < array.max() <= 65535:
        bits = next(bits for bits in (10, 12, 16) if array.max() < 1 << bits)  # as cameras and scanners have them
        return np.right_shift(array, bits - 8).astype(np.uint8)
    try:
        return as_levels(array, "uint8, uint16, bool, or 0 to 1")
    except (TypeError, ValueError) as error:
        raise PictureError(f"{name}: {error}") from error
