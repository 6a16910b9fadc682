"""A line seen through a window that moves along it: a network for windows is swept over the line in one pass.

It is the paper's space displacement network (LeCun et al. 1998, section VII): a convolutional network over a wide input
is itself at every place, and the places share its sums. It needs no cuts, and so sees digits where cuts go wrong; what
it sees seconds the candidates or speaks against them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet import engine
from lenet.network import Network
from lenet.reading.cuts import Candidate
from lenet.reading.lines import Band, at_scale
from lenet.reading.pieces import MARK
from lenet.spec import Contrast, Layer, Rbf

SIDE, BODY = 32, 20
"""The window's sides and the height of a digit in it, in pixels."""
STEP = 2
"""Pixels from one window to the next."""
NONE = 10
"""The class after the ten digits: no digit has its middle in the window's."""
STRETCH = 64
"""Pixels of a line that the network is swept over at once; all stretches of all lines go side by side."""
MIDDLE, ELSEWHERE = 0.15, 0.4
"""Windows nearer to a candidate's middle than this see its digit, those farther away see none: shares of its width."""
SOME, ROOM = 0.05, 0.5
"""From this probability on there may be a digit; where one stands, windows as far apart as this, in heights, see it."""
LEAST = 3e-4
"""No window is surer than this that something is not there."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Shares = NDArray[np.floating[Any]]


def strip_of(band: Band) -> tuple[Bytes, float]:
    """Return a line as windows see it, (32, its width and 32 more), and its scale.

    The window from column k on has the line's column k / scale in its middle.
    """
    return at_scale(band, BODY, SIDE)


def windows_at(strip: Bytes, columns: NDArray[np.floating[Any]]) -> Bytes:
    """Return the windows with these columns of the line, scaled, in their middles: (n, 1, 32, 32)."""
    first = np.clip(np.round(columns).astype(np.intp), 0, strip.shape[1] - SIDE)
    return np.stack([strip[:, at : at + SIDE] for at in first])[:, None]


@dataclass(frozen=True)
class Seen:
    """What windows see along a line: probabilities (windows, 11), and the line's scale.

    Window k has the line's column k times `STEP`, scaled, in its middle.
    """

    shares: Floats
    scale: float

    def several(self, left: int, right: int) -> bool:
        """Tell whether the line may have more than one digit from a column to another, or one that no window knows."""
        first, last = math.ceil(left * self.scale / STEP), math.floor(right * self.scale / STEP)
        some = np.flatnonzero(self.shares[first : last + 1, NONE] < 1 - SOME)
        return not len(some) or int(some[-1] - some[0]) * STEP > ROOM * BODY

    def seconded(self, candidates: Sequence[Candidate], shares: Shares) -> Shares:
        """Return what candidates are by both networks: the product of their probabilities, so far as windows tell.

        `shares` are (candidates, 12): ten digits, mark, cut wrongly. A digit is seen in the candidate's middle, and no
        digit elsewhere in it. A mark or what is cut wrongly has none in its middle.
        """
        if not len(candidates):
            return shares
        ends = np.array([(c.left, c.right) for c in candidates]) * (self.scale / STEP)
        middle, width = ends.mean(axis=1), ends[:, 1] - ends[:, 0]
        last, floor = len(self.shares) - 1, np.maximum(self.shares, LEAST)
        reach = np.maximum(0.75, MIDDLE * width)
        near, inside = _between(np.ceil(middle - reach), np.floor(middle + reach), last)
        central = np.where(inside[..., None], floor[near], 0).max(axis=1)
        span, inside = _between(np.ceil(ends[:, 0]), np.floor(ends[:, 1]), last)
        aside = inside & (np.abs(span - middle[:, None]) >= np.maximum(2, ELSEWHERE * width)[:, None])
        elsewhere = np.where(aside, floor[span, NONE], 1).min(axis=1)
        out = shares * central[:, [*range(NONE), NONE, NONE]]
        out[:, :MARK] *= elsewhere[:, None]
        return np.asarray(out / out.sum(axis=1, keepdims=True), np.float64)


class Sweep:
    """A network for windows, ready to be swept over lines."""

    def __init__(self, network: Network) -> None:
        if network.spec.input != (1, SIDE, SIDE) or network.classes != NONE + 1:
            given = f"{network.classes} classes of {'x'.join(map(str, network.spec.input))} values"
            raise ValueError(f"a network for windows with {given}; expected {NONE + 1} of 1x{SIDE}x{SIDE}")
        self.network = network
        # The network's own steps are `period` pixels. Its last pooling begins in each column, so that what lies before
        # is there for all windows; where their steps are still too long, it is swept again from the columns between.
        self.period = STRETCH // max(1, engine.swept_places(network.spec, SIDE, SIDE + STRETCH)[1] - 1)
        strides = [layer["stride"] for layer in engine.layers(network.spec) if "stride" in layer]
        offsets = strides[-1] if strides and self.period % (STEP * strides[-1]) == 0 else 1
        self.between = self.period // offsets
        self.width = STRETCH + SIDE - self.between
        places = engine.swept_places(network.spec, SIDE, self.width)
        if self.period % STEP or places != (1, STRETCH // self.period) or any(map(_sees_borders, network.spec.layers)):
            raise ValueError(f"{network} is no network to sweep: its windows have to be alike, a few pixels apart")
        self.engine = engine.swept(network.spec, network.flat, network.scale, SIDE, self.width, offsets=offsets)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the engine's part out of pickles."""
        return Sweep, (self.network,)

    def over(self, lines: Sequence[Band], threads: int | None = None) -> list[Seen]:
        """Return what windows see along lines, two pixels apart."""
        if not lines:
            return []
        strips = [strip_of(band) for band in lines]
        counts = [(strip.shape[1] - SIDE) // STEP + 1 for strip, _ in strips]
        stretches = [-(-count * STEP // STRETCH) for count in counts]
        cut = np.zeros((self.between // STEP, sum(stretches), 1, SIDE, self.width), np.uint8)
        at = 0
        for (strip, _), own in zip(strips, stretches, strict=True):
            wide = np.pad(strip, ((0, 0), (0, own * STRETCH + SIDE - strip.shape[1])))
            for first in range(0, own * STRETCH, STRETCH):
                for shift, pictures in enumerate(cut):
                    pictures[at, 0] = wide[:, first + shift * STEP :][:, : self.width]
                at += 1
        scores = self.engine.scores(cut.reshape(-1, 1, SIDE, self.width), engine.threads_to_use(threads))
        places = scores.reshape(*cut.shape[:2], self.period // self.between, NONE + 1, STRETCH // self.period)
        shares = self.network.shares(places.transpose(1, 4, 2, 0, 3).reshape(-1, NONE + 1))
        each = np.split(shares, np.cumsum(stretches)[:-1] * (STRETCH // STEP))
        return [Seen(own[:count], scale) for own, count, (_, scale) in zip(each, counts, strips, strict=True)]


def _sees_borders(layer: Layer) -> bool:
    """Tell whether what a layer gives depends on more than the window."""
    kept = getattr(layer, "padding", "valid") == "same" or getattr(layer, "border", "") == "keep"
    return kept or isinstance(layer, Contrast | Rbf)


def _between(first: Shares, last: Shares, most: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return numbers of windows from first to last, (n, as many as there are at most), and which of them count."""
    low = np.clip(first.astype(np.intp), 0, most)
    high = np.maximum(np.clip(last.astype(np.intp), 0, most), low)
    numbers = low[:, None] + np.arange(int((high - low).max()) + 1)
    return np.minimum(numbers, most), numbers <= high[:, None]
