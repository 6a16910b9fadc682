"""Signs and letters of a few typefaces, as forms and tables have them printed beside digits.

OpenCV brings stroke fonts, two of them scripts, and Pillow a sans-serif typeface. Both have ASCII characters only.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]

ASCII_OF_SIGN = {"−": "-"} | {character: character for character in "+=()/:.,%$#OoIlSsBbGgqZzA"}
"""The characters that the typefaces have for signs and letters with names."""
LETTERS = "CDEFHJKLMNPQRTUVWXYacdefhijkmnprtuvwxy"
"""Letters that resemble no digit."""
OTHER_CHARACTERS = "!?&@;\"'~<>{}[]*_"
"""Signs that have no name here."""
STROKE_FONTS = 8
"""OpenCV's fonts."""
STROKE_CAPITAL_FRACTION, CAPITAL_FRACTION = 0.75, 0.71
"""The height of capitals of OpenCV's fonts and of Pillow's typeface, in sizes of the font."""
FONT_SIZE_PX = 96
"""The size at which Pillow's typeface is drawn, before it is scaled."""


def printed(
    text: str, size: float, pen: float, random: np.random.Generator, above: float = 0.3, below: float = 0.5
) -> Floats:
    """Return the ink of a character of one of the typefaces, 0 to 1, a little slanted and widened.

    Parameters
    ----------
    text : str
        An ASCII character.
    size : float
        The height of a digit, and of capitals, in pixels.
    pen : float
        The width of strokes in pixels; Pillow's typeface has its own.
    above, below : float
        What the picture has above a capital's top and below the baseline, in heights of a digit.
    """
    wide, slant = np.exp(random.normal(0, 0.15)), random.normal(0, 0.1)
    font = int(random.integers(2 * STROKE_FONTS))
    picture = np.zeros((round((above + 1 + below) * size), int(2.4 * size) + 6), np.uint8)
    base = (above + 1) * size
    if font < STROKE_FONTS:
        thickness = max(1, round(pen))
        scale = cv2.getFontScaleFromHeight(font, round(size / STROKE_CAPITAL_FRACTION), thickness)
        cv2.putText(picture, text, (int(0.6 * size), round(base)), font, scale, 255, thickness, cv2.LINE_AA)
    else:
        glyph = _glyph(text)
        scale = size / (CAPITAL_FRACTION * FONT_SIZE_PX)
        at = (0.6 * size, base - scale * FONT_SIZE_PX * 1.2)
        if scale < 0.9:  # against aliasing
            glyph = np.asarray(cv2.GaussianBlur(glyph, (0, 0), 0.4 / scale), np.uint8)
        place = np.array([[scale, 0, at[0]], [0, scale, at[1]]], np.float32)
        picture = np.asarray(cv2.warpAffine(glyph, place, picture.shape[::-1], flags=cv2.INTER_LINEAR), np.uint8)
    shear = np.array([[wide, -slant, 0.6 * size * (1 - wide) + slant * base], [0, 1, 0]], np.float32)
    sheared = cv2.warpAffine(picture, shear, picture.shape[::-1], flags=cv2.INTER_LINEAR)
    return sheared.astype(np.float32) / np.float32(255)


@lru_cache(128)
def _glyph(text: str) -> NDArray[np.uint8]:
    """Return the ink of a character of Pillow's typeface; its baseline is 1.2 sizes of the font below its top."""
    picture = Image.new("L", (round(1.2 * FONT_SIZE_PX), round(1.6 * FONT_SIZE_PX)))
    font = ImageFont.load_default(FONT_SIZE_PX)
    ImageDraw.Draw(picture).text((4, round(1.2 * FONT_SIZE_PX)), text, fill=255, font=font, anchor="ls")
    return np.asarray(picture)
