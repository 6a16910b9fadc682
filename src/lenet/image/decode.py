"""Pictures decoded to grey levels: files of allowed formats, bytes, arrays and PIL images.

Limits are checked before memory is used. Transparent pixels are put on white, as most viewers show them; where nothing
would be seen then, the opacity is the ink, or the colours are. The EXIF orientation tag is applied. Of an animation the
first frame that is not blank is read. A coloured picture becomes its lightness, or the one of its red, green and blue
channels in which ink has more contrast: yellow on white is dark in blue alone. In a data set it becomes its lightness,
or keeps the three channels.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from lenet.extras import is_installed
from lenet.image.errors import PictureError
from lenet.image.levels import as_levels
from lenet.image.measure import grey_quantiles
from lenet.image.pages import Openable, pages_of

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000", "ICO", "AVIF")
"""Recognised by how they begin. TGA is not: it is tried where the name says so."""
ANIMATIONS = ("GIF", "PNG", "WEBP", "AVIF")
"""Formats in which several pictures of a file are one animation."""
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
"""How HEIC files, which need the package pillow-heif, say what they are."""
MAX_BLANK_FRAMES = 100
"""Frames of an animation that are looked through for the first one that is not blank."""
MAX_PIXELS = 100_000_000
"""Pictures of more pixels than this are refused before they are unpacked."""

MIN_CONTRAST_GAIN = 1.25
"""A colour channel is taken instead of the lightness if the ink's contrast is this many times larger in it."""
MIN_CONTRAST = 24
"""A picture whose levels differ by less than this is blank."""
MIN_INK_FRACTION = 0.002
"""The fraction of the pixels that is enough to be ink."""
Grey = NDArray[np.uint8]


def decode(picture: Any) -> Grey:
    """Return a picture's grey levels, uint8 (height, width), 0 = black and 255 = white.

    Parameters
    ----------
    picture : path, bytes, array, PIL image or page of a file
        Of a file with several pages the first is decoded; `lenet.image.pages.pages_of` has the others. An array is
        (height, width), (height, width, 3) or (height, width, 4): grey levels or colours of 8 to 16 bits, floats from 0
        to 1 or from 0 to 255, or bool. See `lenet.image.levels.as_levels` for what is refused.

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
    if isinstance(picture, bytearray | memoryview):
        picture = bytes(picture)
    if isinstance(picture, bytes | str | os.PathLike):
        picture = pages_of(picture)[0]
    if isinstance(picture, Openable):
        return _decode_opened(picture)
    if isinstance(picture, bytes):
        return _open(io.BytesIO(picture), "bytes", _channel_of_most_contrast)
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


def _decode_opened(picture: Openable) -> Grey:
    def opened() -> Grey:
        with picture.opened() as image:
            return _from_image(image, str(picture), _channel_of_most_contrast)

    return _guarded(str(picture), opened)


def _open(file: Any, name: str | bytes, convert: Callable[[Any], Grey]) -> Grey:
    shown = os.fsdecode(name)

    def opened() -> Grey:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes that are checked below
            with Image.open(file, formats=_formats(file, shown)) as image:
                _seek_first_frame(image, shown)
                return _from_image(image, shown, convert)

    return _guarded(shown, opened)


def _formats(file: Any, shown: str) -> tuple[str, ...]:
    """Return the formats to try; `PictureError` for HEIC, which needs a plug-in, without it."""
    begin = file.read(12)
    file.seek(0)
    if begin[4:8] == b"ftyp" and begin[8:12] in HEIC_BRANDS:
        if not is_installed("pillow_heif"):
            raise PictureError(f"{shown}: HEIC; export it as PNG or JPEG, or pip install pillow-heif")
        import_module("pillow_heif").register_heif_opener()
        return ("HEIF",)
    formats = (*FORMATS, "TGA") if shown.lower().endswith(".tga") else FORMATS
    # Earlier versions of Pillow have no plug-in for AVIF.
    return formats if is_installed("PIL.AvifImagePlugin") else tuple(name for name in formats if name != "AVIF")


def _seek_first_frame(image: Any, name: str) -> None:
    """Go to the first frame of an animation that is not of one colour; to the first one if all are."""
    if image.format not in ANIMATIONS or not getattr(image, "is_animated", False):
        return
    _check_size(image.size, name)
    for frame in range(min(image.n_frames, MAX_BLANK_FRAMES)):
        image.seek(frame)
        if len(set(image.convert("L").getextrema())) > 1:
            return
    image.seek(0)


def _check_size(size: tuple[int, int], name: str) -> None:
    """Raise `PictureError` for a picture without pixels or with too many."""
    width, height = size
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise PictureError(f"{name}: {width}x{height} pixels; expected 1 to {MAX_PIXELS}")


def _guarded(shown: str, read: Callable[..., Grey], *arguments: Any) -> Grey:
    """Call `read`; whatever it raises on a broken picture or another file becomes a `PictureError`."""
    try:
        return read(*arguments)
    except (PictureError, ModuleNotFoundError):
        raise
    except UnidentifiedImageError:
        raise PictureError(
            f"{shown}: not a picture; expected one of {', '.join(FORMATS)}, TGA, HEIC: export it as PNG"
        ) from None
    except Image.DecompressionBombError:
        raise PictureError(f"{shown}: too large; expected at most {MAX_PIXELS} pixels") from None
    except Exception as error:  # Pillow's plugins raise whatever they come across
        raise PictureError(f"{shown}: the picture is broken or cut ({error})") from error


def _from_image(image: Any, name: str, convert: Callable[[Any], Grey]) -> Grey:
    _check_size(image.size, name)
    image.load()
    image = _oriented(image)
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        image = Image.fromarray(_to_bytes(np.asarray(image), name))
    if "A" in image.getbands() or "transparency" in image.info:
        image = _without_alpha(image.convert("RGBA"))
    return convert(image.convert("L" if image.mode in ("1", "L") else "RGB"))


def _without_alpha(image: Any) -> Any:
    """Return a picture with an alpha channel as it is seen on white, or where that is blank, what else shows most."""
    alpha = image.getchannel("A")
    colours = image.convert("RGB")
    low, high = alpha.getextrema()
    if high == 0:
        return colours  # all of it is transparent: the channel has no meaning
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(colours, mask=alpha)
    if low < high and _contrast(on_white) < MIN_CONTRAST:
        return Image.eval(alpha, lambda level: 255 - level)  # white on nothing: what is opaque is the ink
    return on_white


def _contrast(image: Any) -> int:
    low, high = image.convert("L").getextrema()
    return int(high - low)


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
