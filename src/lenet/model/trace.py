"""Every layer's output for some images."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from html import escape

import numpy as np
from PIL import Image

from lenet.image.colours import diverging
from lenet.model.arrays import Array
from lenet.model.rejection import as_percent

MAX_MAPS, MAX_WIDTH_PX = 16, 640
"""What a notebook shows of a layer: maps in a row, and the width of its picture."""


class Trace(Mapping[str, Array]):
    """Every layer's output for some images: ``trace["C1"]`` is float32 (n, 6, 28, 28).

    ``trace["INPUT"]`` is what the first layer was given, after the grey levels and the paper around. A softmax
    layer's output is its probabilities, before the temperature that `predict_proba` knows of. A notebook shows the
    layers of the first image.

    Attributes
    ----------
    probabilities : float32 (n, classes), or None
        The network's, as `Network.predict_proba` returns them; None where the images are larger than its input.
    """

    def __init__(self, outputs: Mapping[str, Array], probabilities: Array | None = None) -> None:
        self._outputs, self.probabilities = dict(outputs), probabilities

    def __getitem__(self, name: str) -> Array:
        """Return a layer's output; KeyError naming the layers if there is none of that name."""
        if name not in self._outputs:
            raise KeyError(f"no layer is called {name!r}; there are {', '.join(self._outputs)}")
        return self._outputs[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the layers' names, starting with the input."""
        return iter(self._outputs)

    def __len__(self) -> int:
        """Return the number of layers, the input included."""
        return len(self._outputs)

    def __repr__(self) -> str:
        """Show the shapes."""
        return f"Trace({', '.join(f'{name} {array.shape}' for name, array in self._outputs.items())})"

    def _repr_html_(self) -> str:
        """Return a table with the layers of the first image: names, shapes, and pictures of their values."""
        count = len(next(iter(self.values()), ()))
        if not count:
            return f"<code>{escape(repr(self))}</code>"
        rows = [f"<caption>image 0 of {count}{self._answer()}; blue below 0, red above</caption>"]
        for name, values in self.items():
            shape = " x ".join(map(str, values.shape[1:]))
            limit = float(np.abs(values[0]).max()) or 1.0
            image = _image_element(_tiled(values[0]), limit)
            rows.append(f"<tr><th>{escape(name)}</th><td>{shape}</td><td>{image}</td><td>up to {limit:.2g}</td></tr>")
        return f"<table>{''.join(rows)}</table>"

    def _answer(self) -> str:
        if self.probabilities is None:
            return ""
        answer = int(self.probabilities[0].argmax())
        return f", answer {answer}, probability {escape(as_percent(float(self.probabilities[0, answer])))}"


def _tiled(values: Array) -> Array:
    """Lay maps (maps, height, width) out in rows, with a pixel of 0 between them; units (n,) in one row."""
    maps = values.reshape(1, 1, -1) if values.ndim == 1 or values.shape[1:] == (1, 1) else values
    columns = min(len(maps), MAX_MAPS)
    rows = -(-len(maps) // columns)
    framed = np.zeros((rows * columns, maps.shape[1] + 1, maps.shape[2] + 1), np.float32)
    framed[: len(maps), :-1, :-1] = maps
    tiled = framed.reshape(rows, columns, *framed.shape[1:]).swapaxes(1, 2)
    return tiled.reshape(rows * framed.shape[1], -1)[:-1, :-1]


def _image_element(values: Array, limit: float) -> str:
    """Return an HTML image of values (height, width), its pixels enlarged, with its data inside."""
    buffer = io.BytesIO()
    Image.fromarray(diverging(values, limit)).save(buffer, format="PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    height, width = values.shape
    pixel = max(1, min(5, MAX_WIDTH_PX // width))
    style = (
        f"width:{pixel * width}px;height:{max(16, pixel * height)}px;image-rendering:pixelated;border:1px solid #999"
    )
    return f'<img src="data:image/png;base64,{data}" style="{style}" alt=""/>'
