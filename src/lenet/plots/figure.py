"""What all pictures have in common: sheets laid out in inches, colour scales, frames, and how they are written."""

from __future__ import annotations

import io
import os
import warnings
from errno import ENOENT
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter
from numpy.typing import NDArray

from lenet.image.colours import NEGATIVE, POSITIVE, ZERO

DPI = 150
DARK, LIGHT, ALARM = "#1f4e79", "#b9cde0", "#c55a11"
"""Of the answer, of the other classes, of what is not confident or wrong."""
FRAME, MUTED = "#999999", "#666666"
"""Of the frames around maps, and of what is written small."""
GREY = "gray_r"
"""The colour scale of pictures: paper is white, ink is black."""

CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Heiti TC",
    "Microsoft YaHei",
    "SimHei",
)
"""Fonts for letters that matplotlib's own font lacks, if they are there."""

PathLike = str | os.PathLike[str]
Floats = NDArray[np.floating[Any]]


def diverging_colours() -> Colormap:
    """Return the colour scale of values: blue below 0, white at 0, red above."""
    stops = [tuple(channel / 255 for channel in colour) for colour in (NEGATIVE, ZERO, POSITIVE)]
    return LinearSegmentedColormap.from_list("diverging", stops)


class Picture(Figure):
    """A figure that a notebook shows as it is, whether or not pyplot was imported."""

    def _repr_png_(self) -> bytes:
        """Return the figure as the bytes of a PNG file."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI // 2)
        return buffer.getvalue()


def new_figure(width: float, height: float) -> Picture:
    """Return an empty figure of a size in inches, with a canvas that draws PNG files."""
    figure = Picture(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def finished(figure: Picture, path: PathLike | None) -> Picture:
    """Return the figure; write it to the path if there is one, as PNG unless its name ends otherwise.

    Names of classes and files are text as it is: a dollar sign in them begins no formula. The numbers at ticks may be
    formulas, such as powers of ten.
    """
    numbers = {id(label) for axes in figure.axes for label in _numbers_at_ticks(axes)}
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if id(text) in numbers:
            continue
        text.set_parse_math(False)
        written = text.get_text()
        text.set_text(written.encode(errors="replace").decode())  # a file's name may be no text
        if not written.isascii():
            text.set_fontfamily([*text.get_fontfamily(), *other_fonts()])
    if path is not None:
        if not Path(path).parent.is_dir():
            raise FileNotFoundError(ENOENT, "No such directory; make it first", str(Path(path).parent))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # no font of this machine has it
            # Without a format, matplotlib would add .png to a name without an end.
            figure.savefig(path, dpi=DPI, format=Path(path).suffix[1:] or "png")
    return figure


@lru_cache(1)
def other_fonts() -> tuple[str, ...]:
    """Return those fonts of this machine that have Chinese, Japanese and Korean letters."""
    return tuple(name for name in CJK_FONTS if name in font_manager.get_font_names())


def _numbers_at_ticks(axes: Axes) -> list[Text]:
    """Return the labels of ticks that matplotlib writes; not those that have names."""
    own = [axis for axis in (axes.xaxis, axes.yaxis) if not isinstance(axis.get_major_formatter(), FixedFormatter)]
    ticks = [tick for axis in own for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())]
    return [label for tick in ticks for label in (tick.label1, tick.label2)]


def drawable(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image (height, width) or (maps, height, width) as it is drawn, three maps (height, width, 3).

    Three maps are red, green and blue. One is grey; of any other number, the mean is drawn.
    """
    if image.ndim == 2:
        return image
    if len(image) == 3:
        return np.ascontiguousarray(image.transpose(1, 2, 0))
    return np.rint(image.mean(axis=0)).astype(np.uint8)


def limit_of(values: Floats) -> float:
    """Return the largest distance from 0, at which the colours of these values are the darkest; 1 if all are 0."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0)) or 1.0


Place = tuple[float, float, float, float]
"""Left, top, width and height in inches from the top left corner of a sheet."""


class Sheet:
    """A figure whose places are in inches from its top left corner.

    Maps are images of one pair of axes that covers the figure: a pair for each would take many times as long to draw.

    Parameters
    ----------
    width, height : float
        In inches.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = new_figure(width, height)
        self._whole = self.axes((0, 0, width, height))
        self._whole.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
        self._whole.set_axis_off()
        self._whole.set_label("sheet")

    def axes(self, place: Place) -> Axes:
        """Return axes in a place of the sheet."""
        left, top, width, height = place
        return self.figure.add_axes(
            (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        )

    def text(self, left: float, top: float, text: str, **style: Any) -> None:
        """Write text whose upper left corner is there, unless the style aligns it otherwise."""
        style = {"ha": "left", "va": "top", "fontsize": 9, **style}
        self.figure.text(left / self.width, 1 - top / self.height, text, **style)

    def head(self, left: float, title: str, *notes: str, color: str = "black") -> None:
        """Write the sheet's title, and below it what else is to be said, side by side; empty notes are left out."""
        self.text(left, 0.18, title, fontsize=15, weight="bold", color=color)
        self.text(left, 0.5, ";  ".join(filter(None, notes)), color=MUTED, linespacing=1.3)

    def map(self, place: Place, values: Floats, limit: float, label: str) -> None:
        """Draw a map (height, width) with a frame; the label names its image."""
        self._image(place, label, values, cmap=diverging_colours(), vmin=-limit, vmax=limit)

    def grey(self, place: Place, values: NDArray[Any], levels: tuple[float, float], label: str) -> None:
        """Draw a picture in grey with a frame; `levels` are those of paper, white, and of ink.

        A picture (height, width, 3) is drawn in its colours: see `drawable`.
        """
        self._image(place, label, values, cmap=GREY, vmin=levels[0], vmax=levels[1])

    def _image(self, place: Place, label: str, values: Any, **style: Any) -> None:
        left, top, width, height = place
        extent = left, left + width, top + height, top
        self._whole.imshow(values, extent=extent, aspect="auto", interpolation="nearest", label=label, **style)
        self.frame(place)

    def frame(self, place: Place, colour: str = FRAME, thickness: float = 0.6) -> None:
        """Draw a frame; its thickness is in points."""
        left, top, width, height = place
        self._whole.add_patch(Rectangle((left, top), width, height, fill=False, color=colour, linewidth=thickness))

    def colour_bar(
        self, left: float, middle: float, levels: tuple[float, float], colours: Colormap | str, label: str = ""
    ) -> None:
        """Draw a small colour scale from one level to the other, its middle at a height of the sheet."""
        axes = self.axes((left, middle - 0.11, 0.75, 0.08))
        axes.set_label(f"scale of {label}")
        scale = ScalarMappable(Normalize(*levels), colours)
        bar = self.figure.colorbar(scale, cax=axes, orientation="horizontal")
        ticks = sorted({levels[0], 0.0, levels[1]}) if levels[0] < 0 < levels[1] and colours != GREY else list(levels)
        bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
        axes.tick_params(labelsize=6.5, length=2, pad=1.5, color=FRAME)
        bar.outline.set(edgecolor=FRAME, linewidth=0.6)

    def value_bar(self, left: float, middle: float, limit: float, label: str = "") -> None:
        """Draw the colour scale of values up to a distance from 0."""
        self.colour_bar(left, middle, (-limit, limit), diverging_colours(), label)


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as it is written in text, such as 6 x 28 x 28."""
    return " x ".join(map(str, shape))


def balanced_columns(count: int, most: int) -> int:
    """Return into how many columns, at most `most`, to lay `count` things so that the rows are about equally long."""
    rows = -(-count // most)
    return -(-count // rows)
