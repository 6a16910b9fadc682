"""A network as a sliding window over a line, in one pass: where digits have their middles.

This is the paper's space displacement network (LeCun et al. 1998, section VII): a convolutional network over a wide
input is itself at every position, and the positions share their sums. It needs no segmentation, so it sees digits where
segmentation goes wrong. Its probabilities are combined with those of the segmentation candidates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.engine import cpu
from lenet.model import scan
from lenet.model.network import Network
from lenet.reading.line.candidate_images import MARK
from lenet.reading.line.segmentation import Candidate
from lenet.reading.page.lines import InkLine, scaled_line

WINDOW_PX, DIGIT_PX = 32, 20
"""The window's sides, and the height of a digit in it."""
STEP_PX = 2
"""The distance from one window to the next."""
NONE = 10
"""The class after the ten digits: no digit has its middle in the middle of the window."""
TILE_PX = 64
"""A line is scanned in tiles of this width; the tiles of all lines are one batch."""
NEAR_MIDDLE, FAR_FROM_MIDDLE = 0.15, 0.4
"""Windows nearer to a candidate's middle than this see its digit, those farther away see none, in widths of it."""
MIN_DIGIT_PROBABILITY = 0.05
"""With at least this probability a window may see a digit."""
ONE_DIGIT_SPAN = 0.5
"""Windows at most this far apart, in heights of a digit, may see the same digit."""
MIN_PROBABILITY = 3e-4
"""The least probability that a window gives any class, so that one window cannot exclude a candidate."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Probabilities = NDArray[np.floating[Any]]


def strip_of(line: InkLine) -> tuple[Bytes, float]:
    """Return a line as windows see it, (32, scaled width + 33), and its scale.

    The window that begins at column k has the line's column k / scale in its middle.
    """
    return scaled_line(line, DIGIT_PX, WINDOW_PX)


def windows_at(strip: Bytes, columns: NDArray[np.floating[Any]]) -> Bytes:
    """Return the windows that have these columns of the scaled line in their middles: (n, 1, 32, 32)."""
    first = np.clip(np.round(columns).astype(np.intp), 0, strip.shape[1] - WINDOW_PX)
    return np.stack([strip[:, at : at + WINDOW_PX] for at in first])[:, None]


@dataclass(frozen=True)
class LineScan:
    """What windows see along a line.

    Attributes
    ----------
    probabilities : float32 (windows, 11)
        Of the ten digits and `NONE`. Window k has column k times `STEP_PX` of the scaled line in its middle.
    scale : float
        The line's scale.
    """

    probabilities: Floats
    scale: float

    def may_hold_several(self, left: int, right: int) -> bool:
        """Return whether there may be several digits between two columns of the line, or one that no window sees."""
        first, last = math.ceil(left * self.scale / STEP_PX), math.floor(right * self.scale / STEP_PX)
        see_digit = np.flatnonzero(self.probabilities[first : last + 1, NONE] < 1 - MIN_DIGIT_PROBABILITY)
        return not len(see_digit) or int(see_digit[-1] - see_digit[0]) * STEP_PX > ONE_DIGIT_SPAN * DIGIT_PX

    def combined(self, candidates: Sequence[Candidate], probabilities: Probabilities) -> Probabilities:
        """Return the probabilities of candidates by both networks: the normalised products.

        `probabilities` are (candidates, classes): ten digits, then marks, wrong segmentations. A digit is seen in the
        candidate's middle, and no digit elsewhere in it. A mark or a wrong segmentation has no digit in its middle.
        """
        if not len(candidates):
            return probabilities
        ends = np.array([(c.left, c.right) for c in candidates]) * (self.scale / STEP_PX)
        middle, width = ends.mean(axis=1), ends[:, 1] - ends[:, 0]
        last, bounded = len(self.probabilities) - 1, np.maximum(self.probabilities, MIN_PROBABILITY)
        reach = np.maximum(0.75, NEAR_MIDDLE * width)
        near, inside = _between(np.ceil(middle - reach), np.floor(middle + reach), last)
        central = np.where(inside[..., None], bounded[near], 0).max(axis=1)
        span, inside = _between(np.ceil(ends[:, 0]), np.floor(ends[:, 1]), last)
        far = inside & (np.abs(span - middle[:, None]) >= np.maximum(2, FAR_FROM_MIDDLE * width)[:, None])
        elsewhere = np.where(far, bounded[span, NONE], 1).min(axis=1)
        marks = probabilities.shape[1] - NONE
        products = probabilities * central[:, [*range(NONE), *[NONE] * marks]]
        products[:, :MARK] *= elsewhere[:, None]
        return np.asarray(products / products.sum(axis=1, keepdims=True), np.float64)


class SlidingWindow:
    """A network of 32x32 pixels as a sliding window over lines."""

    def __init__(self, network: Network) -> None:
        spec = network.spec
        if spec.input != (1, WINDOW_PX, WINDOW_PX) or network.classes != NONE + 1:
            given = f"{network.classes} classes of {'x'.join(map(str, spec.input))} values"
            raise ValueError(f"a sliding window with {given}; expected {NONE + 1} of 1x{WINDOW_PX}x{WINDOW_PX}")
        self.network = network
        # The network's own positions are `period` pixels apart. Its last pooling begins in each of `offsets` columns,
        # so that the layers below are computed once for all. Where the positions are still too far apart, the network
        # is moved again from the columns between.
        self._period = TILE_PX // max(1, scan.positions(spec, WINDOW_PX, WINDOW_PX + TILE_PX)[1] - 1)
        pooling = scan.last_pooling(spec)
        stride = pooling.step if pooling else 1
        offsets = stride if self._period % (STEP_PX * stride) == 0 else 1
        self._distance = self._period // offsets
        self._width = TILE_PX + WINDOW_PX - self._distance
        positions = scan.positions(spec, WINDOW_PX, self._width)
        bordered = any(map(scan.sees_borders, spec.layers))
        if self._period % STEP_PX or positions != (1, TILE_PX // self._period) or bordered:
            raise ValueError(f"{network} cannot be a sliding window: its positions must be alike, a few pixels apart")
        size = (WINDOW_PX, self._width)
        self._model = scan.scan_model(spec, network.flat, network.scale, size, offsets=offsets)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the engine's model out of pickles."""
        return SlidingWindow, (self.network,)

    def scan(self, lines: Sequence[InkLine], threads: int | None = None) -> list[LineScan]:
        """Return what windows see along lines, `STEP_PX` pixels apart."""
        if not lines:
            return []
        strips = [strip_of(line) for line in lines]
        windows = [(strip.shape[1] - WINDOW_PX) // STEP_PX + 1 for strip, _ in strips]
        tiles = [-(-count * STEP_PX // TILE_PX) for count in windows]
        images = np.zeros((self._distance // STEP_PX, sum(tiles), 1, WINDOW_PX, self._width), np.uint8)
        at = 0
        for (strip, _), count in zip(strips, tiles, strict=True):
            wide = np.pad(strip, ((0, 0), (0, count * TILE_PX + WINDOW_PX - strip.shape[1])))
            for first in range(0, count * TILE_PX, TILE_PX):
                for shift, shifted in enumerate(images):
                    shifted[at, 0] = wide[:, first + shift * STEP_PX :][:, : self._width]
                at += 1
        probabilities = np.split(self._probabilities(images, threads), np.cumsum(tiles)[:-1] * (TILE_PX // STEP_PX))
        return [
            LineScan(of_line[:count], scale)
            for of_line, count, (_, scale) in zip(probabilities, windows, strips, strict=True)
        ]

    def _probabilities(self, images: Bytes, threads: int | None) -> Floats:
        """Return the probabilities of windows in their order along each tile, (tiles * windows, 11).

        `images` are (shifts, tiles, 1, height, width): each tile again from each of some columns.
        """
        flat = images.reshape(-1, *images.shape[2:])
        scores = self._model.scores(flat, cpu.threads_to_use(threads))
        shape = (*images.shape[:2], self._period // self._distance, NONE + 1, TILE_PX // self._period)
        ordered = scores.reshape(shape).transpose(1, 4, 2, 0, 3)
        return self.network.probabilities(ordered.reshape(-1, NONE + 1))


def _between(first: Probabilities, last: Probabilities, most: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the windows from first to last, (n, most windows of any), and which of them are between these."""
    low = np.clip(first.astype(np.intp), 0, most)
    high = np.maximum(np.clip(last.astype(np.intp), 0, most), low)
    numbers = low[:, None] + np.arange(int((high - low).max()) + 1)
    return np.minimum(numbers, most), numbers <= high[:, None]
