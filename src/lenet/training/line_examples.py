"""What the networks for whole numbers learn from: composed strings and one's own fields, taken apart and labelled.

A candidate (`lenet.reading.cuts`) is a digit if its strokes are one, a mark if they belong to none, and cut wrongly
otherwise; what lies between is left out. A window (`lenet.reading.windows`) shows the digit whose middle is near its
own, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lenet import engine
from lenet.compose import Composed, compose, cut_out, numbers
from lenet.data import Dataset, mnist
from lenet.fields import Field, field_digits, read_fields, varied
from lenet.network import Network
from lenet.reading import windows
from lenet.reading.cuts import Candidate, Parts, candidates_of, parts_of
from lenet.reading.ink import STROKE, ink_of
from lenet.reading.lines import Band, bands
from lenet.reading.pieces import MAPS, MARK, SIDE, WRONG, pictures_of
from lenet.workers import in_one, work_on, workers

COUNT = 14000
"""Strings composed from MNIST's digits."""
AGAIN = 3000
"""The same for networks that were trained on those before."""
MIXED = 2000
"""Strings with fields' digits among MNIST's, where there are fields; twice as many as the others at most."""
MORE, MORE_MIXED, MORE_COPIES = 4000, 6000, 24
"""Strings of MNIST's digits and with fields' digits, and looks at each field, for a network to be unsure of."""
BY_DOUBT = ("windows",)
"""The networks that learn most from fields by what they are unsure of; others by all there is."""
SURE, SURE_KEPT = 0.98, 0.2
"""Examples of which a network is surer than this, and the share of them that is kept all the same."""
AT_ONCE, FEW_FIELDS = 100, 10
"""Strings that are composed, and fields that are shown, in one go, from random numbers of their own."""
WRITTEN, AMONG, SHOWN, ORDER = range(4)
"""What random numbers are for: strings of MNIST's digits, with fields' digits among them, the fields, the order."""
WORDS = 0.08
"""The share of strings that are words of letters and scribbles instead."""
COPIES = 8
"""So often is each field shown, but for once as it is."""
OWN = 0.6
"""The share of a field's digits among those that strings are written with, the others being MNIST's."""
HELD_OUT = 5000
"""MNIST's last training images, which strings for training are not written with."""
WRONGS = 0.4
"""The share of wrongly cut candidates that are kept: there are many."""
SAME, CLEAR, OTHERWISE = 0.55, 0.8, 0.12
"""Shares of common strokes: of the best candidate for a digit at least, of any; of a digit in a mark at most."""
FOREIGN, HALF = 0.08, 0.5
"""A candidate is cut wrongly if more of its strokes belong to no digit, or more of another digit belongs to it."""
EVERY = 5
"""Pixels between the windows that are looked at along a line, besides those at its digits."""
NEAR, NEAREST, FARTHEST = 0.25, 1.0, 4.0
"""How far a window's middle is from its digit's at most: a share of the way to the next digit, within these pixels."""
BLANK = 6
"""Windows with fewer pixels of ink near their middles teach nothing."""

Bytes = NDArray[np.uint8]
Examples = tuple[Bytes, NDArray[np.uint8]]


def labels_of(candidates: Sequence[Candidate], parts: Parts, truth: Composed) -> NDArray[np.intp]:
    """Return what each candidate of a line is: a digit, `MARK` or `WRONG`; -1 where that cannot be told.

    What a candidate has in common with a digit is told by their strokes, or, where digits' boxes are known, by their
    boxes. Pixels of `parts` are pixels of `truth`.
    """
    count = len(truth.digits)
    owner = np.where(truth.owners > 0, truth.owners, count + 1).ravel()
    strokes = np.zeros((len(parts.boxes) + 1, count + 2))
    np.add.at(strokes, (parts.labels.ravel(), owner), 1)
    strokes[0] = 0
    reached, whole = np.cumsum(strokes, axis=0), strokes.sum(axis=0)[1:-1]
    own = np.array([reached[c.last + 1] - reached[c.first] for c in candidates]).reshape(-1, count + 2)
    mine, total = own[:, 1:-1], own.sum(axis=1)
    if truth.boxes is None:
        common = mine / np.maximum(whole + total[:, None] - mine, 1)
    else:
        boxes = np.array([(c.left, c.top, c.right, c.bottom) for c in candidates], np.intp).reshape(-1, 4)
        common = _overlap(boxes, np.array(truth.boxes, np.intp).reshape(-1, 4))
    best = common.max(axis=1, initial=0)
    # A digit together with a mark or with a slender one is neither, however alike their boxes.
    others = (mine > HALF * np.maximum(whole, 1)).sum(axis=1) > 1
    others |= own[:, -1] > FOREIGN * total
    found = np.where((best < SAME) | others, WRONG, -1)
    found[(own[:, -1] > 0.9 * total) & (mine < OTHERWISE * np.maximum(whole, 1)).all(axis=1)] = MARK
    digits = np.array(truth.digits, np.intp)
    clear = (best >= CLEAR) & ~others
    if clear.any():
        found[clear] = digits[common.argmax(axis=1)[clear]]
    for number, digit in enumerate(digits):
        one = int(common[:, number].argmax())
        if common[one, number] >= SAME:
            found[one] = digit
    return found


def _overlap(some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the common area of boxes (n, 4) and (m, 4) by that of both together, (n, m)."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (some, others)]
    return np.asarray(both / np.maximum(areas[0][:, None] + areas[1][None] - both, 1), np.float64)


def _lines(strings: Iterable[Composed]) -> Iterator[tuple[Band, Composed]]:
    """Yield the line of each string, and the string as far as that reaches."""
    for string in strings:
        for band in bands(ink_of(string.picture), single=True):
            yield band, string.part(band.left, band.top, *band.ink.shape)


def candidates_in(strings: Iterable[Composed], random: np.random.Generator) -> Examples:
    """Return the candidates of strings, one line each, as the network sees them, (n, 3, 28, 28), and their labels.

    Those without a label and most of the wrong ones are left out.
    """
    pictures, labels = [np.zeros((0, MAPS, SIDE, SIDE), np.uint8)], [np.zeros(0, np.uint8)]
    for band, string in _lines(strings):
        parts = parts_of(band)
        found = candidates_of(parts, band.height)
        told = labels_of(found, parts, string)
        kept = np.flatnonzero((told >= 0) & ((told != WRONG) | (random.random(len(told)) < WRONGS)))
        pictures.append(pictures_of(band, parts, [found[one] for one in kept]))
        labels.append(told[kept].astype(np.uint8))
    return np.concatenate(pictures), np.concatenate(labels)


def windows_in(strings: Iterable[Composed], random: np.random.Generator) -> Examples:
    """Return windows along strings, one line each, as the network sees them, (n, 1, 32, 32), and what they show."""
    side = windows.SIDE
    pictures, labels = [np.zeros((0, 1, side, side), np.uint8)], [np.zeros(0, np.uint8)]
    for band, string in _lines(strings):
        strip, scale = windows.strip_of(band)
        middles = scale * string.extents().mean(axis=1)
        there = np.flatnonzero(np.isfinite(middles))
        there = there[np.argsort(middles[there], kind="stable")]
        middles, digits = middles[there], np.array(string.digits, np.intp)[there]
        between = np.concatenate([[np.inf], np.diff(middles), [np.inf]])
        near = np.clip(NEAR * np.minimum(between[1:], between[:-1])[: len(middles)], NEAREST, FARTHEST)
        along = np.arange(-random.uniform(0, EVERY), strip.shape[1] - side + EVERY, EVERY)
        columns = np.concatenate([along, middles + random.uniform(-near, near)])
        shown = np.full(len(columns), windows.NONE)
        for middle, reach, digit in zip(middles, near, digits, strict=True):
            shown[np.abs(columns - middle) <= reach] = digit
        seen = windows.windows_at(strip, columns)
        some = (seen[:, 0, :, side // 4 : -side // 4] >= STROKE // 2).sum(axis=(1, 2)) > BLANK
        pictures.append(seen[some])
        labels.append(shown[some].astype(np.uint8))
    return np.concatenate(pictures), np.concatenate(labels)


NETWORKS: Mapping[str, Callable[[Iterable[Composed], np.random.Generator], Examples]] = MappingProxyType(
    {"strings": candidates_in, "windows": windows_in}
)
"""What each network for whole numbers learns from, by the name of its data set."""


@dataclass(frozen=True)
class _Source:
    """What examples are made of, batch by batch: the same whoever makes them.

    The batches are (kind, number, count): so many strings with MNIST's digits, with `fields`' digits among them, or so
    many looks at each of a few fields, the number'th of that kind.
    """

    name: str
    seed: int
    fields: Sequence[Field] = ()
    unsure: Network | None = None

    def of(self, kind: int, number: int, count: int) -> Examples:
        """Return the examples of a batch: all, or mostly those that a network is unsure of."""
        random = _generator(self.seed, kind, number)
        pictures, told = NETWORKS[self.name](self._strings(kind, number, count, random), random)
        if self.unsure is None:
            return pictures, told
        kept = self.unsure.predict_proba(pictures, threads=1).max(axis=1) < SURE
        kept |= random.random(len(told)) < SURE_KEPT
        return pictures[kept], told[kept]

    @cached_property
    def _among(self) -> list[list[Bytes]]:
        """MNIST's digits and the fields' own, `OWN` of them where there are enough."""
        return [
            [*others[: round(len(mine) * (1 / OWN - 1))], *mine] if mine else others
            for mine, others in zip(field_digits(self.fields), _digits_of_mnist(), strict=True)
        ]

    def _strings(self, kind: int, number: int, count: int, random: np.random.Generator) -> Iterator[Composed]:
        if kind == SHOWN:
            for field in self.fields[number * FEW_FIELDS : (number + 1) * FEW_FIELDS]:
                whole = field.composed()
                yield whole
                for _ in range(count):
                    yield varied(whole, random)
            return
        digits = _digits_of_mnist() if kind == WRITTEN else self._among
        for _ in range(count):
            words = kind == WRITTEN and random.random() < WORDS
            yield compose(digits, [] if words else numbers(random), random)


def training(
    fields: Sequence[Field] = (),
    seed: int = 0,
    count: int = COUNT,
    name: str = "strings",
    threads: int | None = None,
) -> Examples:
    """Return pictures, uint8 (n, maps, height, width), and labels of strings written with MNIST's and fields' digits.

    Parameters
    ----------
    fields : sequence of Field
        May be empty.
    seed : int
        The same seed and fields give the same pictures.
    count : int
        Strings to compose from MNIST's digits.
    name : str
        One of `NETWORKS`.
    threads : int, optional
        Processes to share the work, see `lenet.engine.threads_to_use`.
    """
    source = _Source(name, seed, tuple(fields))
    return _made(source, _batches(fields, count, min(MIXED, 2 * count), COPIES), threads)


def unsure_of(
    network: Network, fields: Sequence[Field], seed: int = 0, name: str = "strings", threads: int | None = None
) -> Examples:
    """Return examples as from `training`, of many more strings, but mostly those that a network is unsure of.

    Whether one is kept hangs on its picture alone, never on its label, so that what is uncertain by nature stays so.

    Parameters
    ----------
    network : Network
        With the classes of the examples.
    fields, seed, name, threads
        As for `training`.
    """
    source = _Source(name, seed, tuple(fields), network)
    return _made(source, _batches(fields, MORE, MORE_MIXED, MORE_COPIES), threads)


def _batches(fields: Sequence[Field], written: int, mixed: int, copies: int) -> list[tuple[int, int, int]]:
    """Return the batches of so many strings of MNIST's digits, and, where there are fields, with theirs among them."""
    found = [(WRITTEN, at // AT_ONCE, min(AT_ONCE, written - at)) for at in range(0, written, AT_ONCE)]
    if fields:
        found += [(AMONG, at // AT_ONCE, min(AT_ONCE, mixed - at)) for at in range(0, mixed, AT_ONCE)]
        found += [(SHOWN, number, copies) for number in range(-(-len(fields) // FEW_FIELDS))]
    return found


def _made(source: _Source, batches: Sequence[tuple[int, int, int]], threads: int | None) -> Examples:
    """Return the examples of all batches in an order of their own."""
    count = min(engine.threads_to_use(threads), len(batches))
    if count < 2 or in_one():
        made = [source.of(*batch) for batch in batches]
    else:
        with workers(count, source) as pool:
            made = list(pool.map(partial(work_on, _Source.of), *zip(*batches, strict=True)))
    pictures, told = (np.concatenate(own) for own in zip(*made, strict=True))
    order = _generator(source.seed, ORDER).permutation(len(told))
    return pictures[order], told[order]


def _generator(seed: int, kind: int, number: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, number, kind, 1999]))


@lru_cache(1)
def _digits_of_mnist() -> list[list[Bytes]]:
    images, labels = mnist("train")
    return cut_out(images[:-HELD_OUT], labels[:-HELD_OUT])


def load(
    source: str, begin: Network | None = None, unsure: bool = False, seed: int = 0, threads: int | None = None
) -> Dataset:
    """Return what a network learns from as a data set: its name, and after a colon a directory of one's own fields.

    A network that goes on from the weights of another, `begin`, needs fewer of MNIST's strings beside the fields, or
    learns mostly what the other is `unsure` of (`unsure_of`). The seed is that of the strings' digits, hands and paper.

    Raises
    ------
    ValueError
        For `unsure` without a network that may be so, or without fields.
    """
    name, _, place = source.partition(":")
    fields = read_fields(place) if place else []
    about = f", and {len(fields)} fields" if fields else ""
    if unsure:
        if begin is None or not fields:
            raise ValueError(f"unsure of {source!r}; expected fields of one's own and a network to begin with")
        about += ", what the network to begin with is unsure of"
        examples = unsure_of(begin, fields, seed, name, threads)
    else:
        count = AGAIN if begin is not None and fields else COUNT
        examples = training(fields, seed, count, name, threads)
    return Dataset(*examples, f"{name} of MNIST digits{about}", place)
