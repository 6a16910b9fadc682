"""Training examples of the networks that read whole numbers: composed strings and one's own fields, labelled.

A segmentation candidate (`lenet.reading.line.segmentation`) is a digit if its strokes are one, a mark if they belong to
no digit, and a wrong segmentation otherwise; what lies between is left out. A window of the sliding window
(`lenet.reading.line.sliding_window`) shows the digit whose middle is near its own, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lenet.data import Dataset, mnist
from lenet.data.fields import Field, read_fields
from lenet.engine import cpu
from lenet.image.measure import STROKE_LEVEL
from lenet.image.normalise import SIZE_PX
from lenet.model.network import Network
from lenet.processes import call_with_context, may_start_processes, process_pool
from lenet.reading.line import sliding_window
from lenet.reading.line.candidate_images import (
    MAPS,
    MARK,
    NAMES,
    UNNAMED_CLASSES,
    WRONG,
    candidate_images,
    likeliest_marks,
)
from lenet.reading.line.segmentation import Candidate, Segments, find_candidates, find_segments
from lenet.reading.page.ink import ink_of
from lenet.reading.page.lines import InkLine, find_lines
from lenet.synthesis.compose import Composed, compose, cut_out, numbers
from lenet.synthesis.field_variations import composed_field, field_digits, varied_field

MNIST_STRINGS = 16000
"""Strings composed from MNIST's digits."""
FINE_TUNING_STRINGS = 3000
"""The same for fine-tuning a network that was trained on those before."""
MIXED_STRINGS = 2000
"""Strings with fields' digits among MNIST's, if there are fields; at most two for each string of MNIST's digits."""
HARD_STRINGS, HARD_MIXED_STRINGS, HARD_COPIES = 4000, 6000, 24
"""For hard-example mining: strings of MNIST's digits, strings with fields' digits, and copies of each field."""
HARD_EXAMPLE_NETWORKS = ("sliding-window",)
"""The networks that learn more from fields by hard examples; the others learn more by all examples."""
EASY_CONFIDENCE, EASY_KEPT = 0.98, 0.2
"""Examples with at least this confidence are easy; the fraction of them that is kept all the same."""
BATCH_STRINGS, BATCH_FIELDS = 100, 10
"""Strings that are composed, and fields that are varied, in one batch, with random numbers of their own."""
OF_MNIST, MIXED, OF_FIELDS, ORDER = range(4)
"""What random numbers are for: strings of MNIST's digits, strings with fields' digits, fields, the examples' order."""
WORD_FRACTION = 0.1
"""The fraction of strings that are words of letters and scribbles instead."""
FIELD_COPIES = 8
"""How often each field is shown varied, besides once as it is."""
FIELD_DIGIT_FRACTION = 0.6
"""The fraction of fields' digits among those of which mixed strings are composed; the others are MNIST's."""
HOLD_OUT = 5000
"""MNIST's last training images, of which no training strings are composed."""
WRONG_KEPT = 0.4
"""The fraction of wrong segmentations that is kept: there are many."""
MIN_BEST_OVERLAP, MIN_OVERLAP, MAX_MARK_OVERLAP = 0.55, 0.8, 0.12
"""Limits of the overlap (intersection over union) of a candidate and a digit: the least of a digit's best candidate,
the least of any candidate that is a digit, the largest fraction of a digit in a mark."""
MAX_FOREIGN, MAX_OTHER_DIGIT = 0.08, 0.5
"""A candidate is a wrong segmentation if more of its strokes belong to no digit, or more of another digit is in it."""
WINDOW_STEP_PX = 5
"""The distance of windows along a line, besides those at its digits."""
NEAR_FRACTION, MIN_NEAR_PX, MAX_NEAR_PX = 0.25, 1.0, 4.0
"""The most that a window's middle is from its digit's: a fraction of the way to the next digit, within limits."""
MIN_INK_PX = 6
"""Windows with at most so many pixels of ink near their middles are left out."""

Bytes = NDArray[np.uint8]
Examples = tuple[Bytes, NDArray[np.uint8]]
"""Images, uint8 (n, maps, height, width), and their labels."""


def candidate_labels(candidates: Sequence[Candidate], segments: Segments, truth: Composed) -> NDArray[np.intp]:
    """Return the class of each candidate of a line: a digit, `MARK`, `WRONG` or a named mark; -1 where it is unclear.

    The overlap of a candidate and a digit is that of their strokes, or, where digits' boxes are given, of their boxes.
    Pixels of `segments` are pixels of `truth`.
    """
    count, names = len(truth.digits), len(truth.signs)
    # Columns: paper, digits, other strokes, signs.
    owner = np.where(truth.owners >= 0, truth.owners, count - truth.owners).ravel()
    owner[owner == 0] = count + 1  # strokes that nobody owns are soft edges or rules
    strokes = np.zeros((len(segments.boxes) + 1, count + 2 + names))
    np.add.at(strokes, (segments.labels.ravel(), owner), 1)
    strokes[0] = 0
    cumulative, of_all = np.cumsum(strokes, axis=0), strokes.sum(axis=0)
    areas = np.array([cumulative[c.last + 1] - cumulative[c.first] for c in candidates]).reshape(-1, count + 2 + names)
    of_digits, shared, total = of_all[1 : count + 1], areas[:, 1 : count + 1], areas.sum(axis=1)
    foreign = areas[:, count + 1 :].sum(axis=1)
    if truth.boxes is None:
        overlap = shared / np.maximum(of_digits + total[:, None] - shared, 1)
    else:
        boxes = np.array([(c.left, c.top, c.right, c.bottom) for c in candidates], np.intp).reshape(-1, 4)
        overlap = _box_overlap(boxes, np.array(truth.boxes, np.intp).reshape(-1, 4))
    best = overlap.max(axis=1, initial=0)
    # A digit together with a mark or with a narrow digit is neither, however alike their boxes.
    mixed = (shared > MAX_OTHER_DIGIT * np.maximum(of_digits, 1)).sum(axis=1) > 1
    mixed |= foreign > MAX_FOREIGN * total
    labels = np.where((best < MIN_BEST_OVERLAP) | mixed, WRONG, -1)
    little = (shared < MAX_MARK_OVERLAP * np.maximum(of_digits, 1)).all(axis=1)
    is_mark = (foreign > 0.9 * total) & little
    labels[is_mark] = MARK
    if names:
        _label_signs(labels, is_mark, areas[:, count + 2 :], of_all[count + 2 :], total, truth.signs)
    digits = np.array(truth.digits, np.intp)
    clear = (best >= MIN_OVERLAP) & ~mixed
    if clear.any():
        labels[clear] = digits[overlap.argmax(axis=1)[clear]]
    for index, digit in enumerate(digits):
        candidate = int(overlap[:, index].argmax())
        if overlap[candidate, index] >= MIN_BEST_OVERLAP:
            labels[candidate] = digit
    return labels


def _label_signs(
    labels: NDArray[np.intp],
    is_mark: NDArray[np.bool_],
    shared: NDArray[np.float64],
    of_signs: NDArray[np.float64],
    total: NDArray[np.float64],
    names: Sequence[str],
) -> None:
    """Set the labels of marks that are signs: whole ones have their class, parts of them and several are wrong."""
    overlap = shared / np.maximum(of_signs + total[:, None] - shared, 1)
    best, whole = overlap.argmax(axis=1), overlap.max(axis=1)
    of_named = shared.sum(axis=1) > 0.5 * total
    classes = np.array([UNNAMED_CLASSES + NAMES.index(name) for name in names], np.intp)
    labels[is_mark & of_named] = np.where(whole >= MIN_BEST_OVERLAP, -1, WRONG)[is_mark & of_named]
    named = is_mark & (whole >= MIN_OVERLAP)
    labels[named] = classes[best[named]]


def _box_overlap(some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the intersection over union of boxes (n, 4) and (m, 4): (n, m)."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (some, others)]
    return np.asarray(both / np.maximum(areas[0][:, None] + areas[1][None] - both, 1), np.float64)


def _lines(strings: Iterable[Composed]) -> Iterator[tuple[InkLine, Composed]]:
    """Yield the line of each string, and the string within the line's rectangle."""
    for string in strings:
        for line in find_lines(ink_of(string.picture), single=True):
            yield line, string.part(line.left, line.top, *line.ink.shape)


def candidate_examples(strings: Iterable[Composed], random: np.random.Generator) -> Examples:
    """Return images, (n, 3, 28, 28), and labels of the candidates in strings, one line each.

    Those without a clear label and most wrong segmentations are left out.
    """
    images, labels = [np.zeros((0, MAPS, SIZE_PX, SIZE_PX), np.uint8)], [np.zeros(0, np.uint8)]
    for line, string in _lines(strings):
        segments = find_segments(line)
        candidates = find_candidates(segments, line.height)
        of_line = candidate_labels(candidates, segments, string)
        kept = np.flatnonzero((of_line >= 0) & ((of_line != WRONG) | (random.random(len(of_line)) < WRONG_KEPT)))
        images.append(candidate_images(line, segments, [candidates[index] for index in kept]))
        labels.append(of_line[kept].astype(np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def window_examples(strings: Iterable[Composed], random: np.random.Generator) -> Examples:
    """Return windows, (n, 1, 32, 32), along strings, one line each, and the labels of what they show."""
    side = sliding_window.WINDOW_PX
    images, labels = [np.zeros((0, 1, side, side), np.uint8)], [np.zeros(0, np.uint8)]
    for line, string in _lines(strings):
        strip, scale = sliding_window.strip_of(line)
        columns, of_line = _window_labels(string, strip.shape[1] - side, scale, random)
        windows = sliding_window.windows_at(strip, columns)
        has_ink = (windows[:, 0, :, side // 4 : -side // 4] >= STROKE_LEVEL // 2).sum(axis=(1, 2)) > MIN_INK_PX
        images.append(windows[has_ink])
        labels.append(of_line[has_ink].astype(np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def _window_labels(
    string: Composed, width: int, scale: float, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the middle columns of windows along a line of a scaled width, and the label of each."""
    middles = scale * string.extents().mean(axis=1)
    visible = np.flatnonzero(np.isfinite(middles))
    visible = visible[np.argsort(middles[visible], kind="stable")]
    middles, digits = middles[visible], np.array(string.digits, np.intp)[visible]
    gaps = np.concatenate([[np.inf], np.diff(middles), [np.inf]])
    near = np.clip(NEAR_FRACTION * np.minimum(gaps[1:], gaps[:-1])[: len(middles)], MIN_NEAR_PX, MAX_NEAR_PX)
    along = np.arange(-random.uniform(0, WINDOW_STEP_PX), width + WINDOW_STEP_PX, WINDOW_STEP_PX)
    columns = np.concatenate([along, middles + random.uniform(-near, near)])
    labels = np.full(len(columns), sliding_window.NONE)
    for middle, reach, digit in zip(middles, near, digits, strict=True):
        labels[np.abs(columns - middle) <= reach] = digit
    return columns, labels


NETWORKS: Mapping[str, Callable[[Iterable[Composed], np.random.Generator], Examples]] = MappingProxyType(
    {"candidates": candidate_examples, "sliding-window": window_examples}
)
"""What makes the examples of each network for whole numbers, by the network's name."""


@dataclass(frozen=True)
class _Source:
    """What makes examples, batch by batch, the same ones in every process.

    A batch is (kind, number, count). Of the kinds `OF_MNIST` and `MIXED` it has `count` strings; of the kind
    `OF_FIELDS` it has a few fields, each as it is and `count` times varied. The initial network names the marks of
    fields, which have no names. With `hard`, mostly the examples are kept that are hard for it.
    """

    name: str
    seed: int
    fields: Sequence[Field] = ()
    initial: Network | None = None
    hard: bool = False

    def examples(self, kind: int, number: int, count: int) -> Examples:
        """Return the examples of a batch."""
        random = _generator(self.seed, kind, number)
        images, labels = NETWORKS[self.name](self._strings(kind, number, count, random), random)
        if self.initial is None or not len(images):
            return images, labels
        to_name = kind == OF_FIELDS and self.initial.classes > UNNAMED_CLASSES
        if not (to_name or self.hard):
            return images, labels
        probabilities = self.initial.predict_proba(images, threads=1)
        if to_name:
            labels = np.where(labels == MARK, likeliest_marks(probabilities), labels).astype(np.uint8)
        if not self.hard:
            return images, labels
        kept = probabilities.max(axis=1) < EASY_CONFIDENCE
        kept |= random.random(len(labels)) < EASY_KEPT
        return images[kept], labels[kept]

    @cached_property
    def _mixed_digits(self) -> list[list[Bytes]]:
        """MNIST's digits and fields' digits, `FIELD_DIGIT_FRACTION` of them where there are enough."""
        mixed = []
        for of_fields, of_mnist in zip(_digits_of_fields(self.fields), _digits_of_mnist(), strict=True):
            count = round(len(of_fields) * (1 / FIELD_DIGIT_FRACTION - 1))
            mixed.append([*of_mnist[:count], *of_fields] if of_fields else of_mnist)
        return mixed

    def _strings(self, kind: int, number: int, count: int, random: np.random.Generator) -> Iterator[Composed]:
        if kind == OF_FIELDS:
            for field in self.fields[number * BATCH_FIELDS : (number + 1) * BATCH_FIELDS]:
                yield from _copies(field, count, random)
            return
        digits = _digits_of_mnist() if kind == OF_MNIST else self._mixed_digits
        for _ in range(count):
            is_word = kind == OF_MNIST and random.random() < WORD_FRACTION
            yield compose(digits, [] if is_word else numbers(random), random)


def _copies(field: Field, count: int, random: np.random.Generator) -> Iterator[Composed]:
    """Yield a field as it is, and `count` times varied."""
    composed = composed_field(field)
    yield composed
    strokes = ink_of(field.picture).image >= STROKE_LEVEL
    for _ in range(count):
        yield varied_field(composed, strokes, random)


def training_examples(
    name: str,
    fields: Sequence[Field] = (),
    seed: int = 0,
    *,
    count: int = MNIST_STRINGS,
    initial: Network | None = None,
    threads: int | None = None,
) -> Examples:
    """Return images, uint8 (n, maps, height, width), and labels of strings composed of MNIST's and fields' digits.

    Parameters
    ----------
    name : str
        One of `NETWORKS`.
    fields : sequence of Field
        May be empty.
    seed : int
        The same seed and fields give the same examples.
    count : int
        Strings to compose from MNIST's digits.
    initial : Network, optional
        The network that names the marks of fields, if it has names; by default these have none.
    threads : int, optional
        Processes to share the work, see `lenet.engine.cpu.threads_to_use`.
    """
    source = _Source(name, seed, tuple(fields), initial)
    return _collected(source, _batches(fields, count, min(MIXED_STRINGS, 2 * count), FIELD_COPIES), threads)


def hard_examples(
    name: str, network: Network, fields: Sequence[Field], seed: int = 0, *, threads: int | None = None
) -> Examples:
    """Return examples as `training_examples` does, of many more strings, but mostly those that are hard for a network.

    Whether one is kept depends on its image only, never on its label, so that what is ambiguous by nature stays so.

    Parameters
    ----------
    name, fields, seed, threads
        As for `training_examples`.
    network : Network
        With the classes of the examples.
    """
    source = _Source(name, seed, tuple(fields), network, hard=True)
    return _collected(source, _batches(fields, HARD_STRINGS, HARD_MIXED_STRINGS, HARD_COPIES), threads)


def _batches(fields: Sequence[Field], of_mnist: int, mixed: int, copies: int) -> list[tuple[int, int, int]]:
    """Return the batches of strings of MNIST's digits, and, if there are fields, of mixed strings and fields."""

    def of_strings(kind: int, count: int) -> list[tuple[int, int, int]]:
        return [(kind, at // BATCH_STRINGS, min(BATCH_STRINGS, count - at)) for at in range(0, count, BATCH_STRINGS)]

    if not fields:
        return of_strings(OF_MNIST, of_mnist)
    of_fields = [(OF_FIELDS, number, copies) for number in range(-(-len(fields) // BATCH_FIELDS))]
    return [*of_strings(OF_MNIST, of_mnist), *of_strings(MIXED, mixed), *of_fields]


def _collected(source: _Source, batches: Sequence[tuple[int, int, int]], threads: int | None) -> Examples:
    """Return the examples of all batches in a random order."""
    count = min(cpu.threads_to_use(threads), len(batches))
    if count < 2 or not may_start_processes():
        examples = [source.examples(*batch) for batch in batches]
    else:
        with process_pool(count, source) as pool:
            work = partial(call_with_context, _Source.examples)
            examples = list(pool.map(work, *zip(*batches, strict=True)))
    images, labels = (np.concatenate(arrays) for arrays in zip(*examples, strict=True))
    order = _generator(source.seed, ORDER).permutation(len(labels))
    return images[order], labels[order]


def _generator(seed: int, kind: int, number: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, number, kind, 1999]))


@lru_cache(1)
def _digits_of_mnist() -> list[list[Bytes]]:
    images, labels = mnist("train")
    return cut_out(images[:-HOLD_OUT], labels[:-HOLD_OUT])


def _digits_of_fields(fields: Iterable[Field]) -> list[list[Bytes]]:
    """Return the ink of fields' digits, cut out, for each of the ten labels."""
    digits = [digit for field in fields for digit in field_digits(field, ink_of(field.picture).image)]
    return cut_out([ink for ink, _ in digits], [label for _, label in digits])


def load_examples(
    source: str, *, initial: Network | None = None, hard: bool = False, seed: int = 0, threads: int | None = None
) -> Dataset:
    """Return the training examples of a network for whole numbers as a data set.

    Parameters
    ----------
    source : str
        The network's name, and after a colon a directory of one's own fields, if any: ``candidates:DIR``.
    initial : Network, optional
        The network whose weights are the initial weights. With fields, it needs fewer of MNIST's strings.
    hard : bool
        Mostly the examples that are hard for `initial` (`hard_examples`).
    seed : int
        Of everything that is drawn.
    threads : int, optional
        See `training_examples`.

    Raises
    ------
    ValueError
        For `hard` without an initial network, or without fields.
    """
    name, _, directory = source.partition(":")
    fields = read_fields(directory) if directory else []
    description = f"{name} of MNIST digits" + (f", and {len(fields)} fields" if fields else "")
    if hard:
        if initial is None or not fields:
            raise ValueError(f"hard examples of {source!r}; expected fields of one's own and initial weights")
        description += ", hard examples for the initial weights"
        examples = hard_examples(name, initial, fields, seed, threads=threads)
    else:
        count = FINE_TUNING_STRINGS if initial is not None and fields else MNIST_STRINGS
        examples = training_examples(name, fields, seed, count=count, initial=initial, threads=threads)
    return Dataset(*examples, description, directory)
