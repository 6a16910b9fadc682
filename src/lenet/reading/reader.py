"""The reader: from grey levels to readings, many pictures at once.

ink -> lines -> sliding window -> segments and candidates -> path search -> ranking -> `Reading`. A picture of one digit
is read by the single-digit classifier. Lines of digits are read by two other networks, ``sliding-window`` and
``candidates``, the candidates of all pictures together; the single-digit classifier rescores numbers that differ.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lenet.image.measure import EDGE_LEVEL, Box, ink_box
from lenet.image.normalise import SIZE_PX, normalised_digit
from lenet.model.ensemble import Ensemble, single_network
from lenet.model.network import Classifier, Network
from lenet.model.pretrained import load
from lenet.model.rejection import as_fraction
from lenet.reading.checksums import CHECKSUMS
from lenet.reading.digit import only_digit, read_digit, with_edges
from lenet.reading.line.alignment import alignment_scores
from lenet.reading.line.candidate_images import CLASSES, MAPS, MARK, candidate_images
from lenet.reading.line.path import Lattice, best_hypotheses
from lenet.reading.line.ranking import RankedLine, ScoredLine, SegmentedLine, ranked
from lenet.reading.line.rescoring import rescore
from lenet.reading.line.segmentation import find_candidates, find_segments
from lenet.reading.line.sliding_window import LineScan, SlidingWindow
from lenet.reading.page.grid import cells_of
from lenet.reading.page.ink import Bytes, Ink, ink_of
from lenet.reading.page.lines import InkLine, find_lines
from lenet.reading.result import Digit, Line, Reading

MODES = ("auto", "digit", "line", "page")
MAX_CANDIDATES = 30_000
"""A picture with more candidates has no numbers."""
MIN_AGREED_PROBABILITY = 0.9
"""The product of both networks' confidence in a digit that stands alone, below which it is not accepted."""
MAX_DIGITS = 64
"""The largest length of a number and side of a grid that may be asked for."""

Model = Classifier | str | os.PathLike[str]
"""A network or an ensemble, or what `lenet.load` takes: a name or a path."""


@dataclass(frozen=True)
class Page:
    """Everything that was computed for a picture, step by step."""

    ink: Ink
    lines: Sequence[RankedLine]
    reading: Reading


class Reader:
    """Reads pictures as its arguments say.

    Parameters
    ----------
    model : Network, Ensemble, name or path, optional
        The single-digit classifier, of ten classes; by default the pretrained ``reader``.
    reject, mode, length, grid, checksum
        As for `lenet.read`.
    candidates : Network, Ensemble, name or path, optional
        Another network that classifies segmentation candidates.
    sliding_window : Network, name or path, optional
        Another network that is moved over lines.

    Attributes
    ----------
    caveat : str
        What cannot be accepted, if anything, where single digits can and lines of digits cannot.

    Raises
    ------
    ValueError, TypeError
        If arguments are unknown or do not go together, or the calibration does not support `reject`.
    """

    def __init__(
        self,
        model: Model | None = None,
        *,
        reject: str | float | None = None,
        mode: str = "auto",
        length: int | None = None,
        grid: tuple[int, int] | None = None,
        checksum: str | None = None,
        candidates: Model | None = None,
        sliding_window: Model | None = None,
    ) -> None:
        _check_options(mode, length, grid, checksum)
        self.mode, self.length, self.grid = mode, length, grid
        self._constraint = None if checksum is None else CHECKSUMS[checksum]
        self._has_given_model = model is not None
        # Numbers are rescored by the pretrained network whatever reads single digits: the thresholds are those of it.
        self._rescorer = load()
        self._classifier = self._rescorer if model is None else _opened(model)
        if getattr(self._classifier, "classes", 10) != 10:
            raise ValueError(
                f"the network has {self._classifier.classes} classes, and digits are ten; `lenet look NETWORK PICTURE` "
                "says what it answers"
            )
        self._candidates = _opened("candidates" if candidates is None else candidates)
        _check_candidates_network(self._candidates)
        window = "sliding-window" if sliding_window is None else sliding_window
        self._window = SlidingWindow(single_network(_opened(window), "sliding window"))
        self._error = None if reject is None else as_fraction(reject)
        # What cannot be accepted is said before any picture is read.
        self._digit_threshold: float | None = None
        self._line_threshold: float | None = None
        self.caveat = ""
        if self._error is not None and (grid or mode in ("auto", "digit")):
            self._digit_threshold = self._classifier.threshold(self._error)
        if self._error is not None and not grid and mode != "digit":
            pretrained = candidates is None and sliding_window is None
            self._line_threshold = self._threshold_of_lines(self._error, pretrained)

    def _threshold_of_lines(self, error: float, pretrained: bool) -> float:
        try:
            if not pretrained:  # the threshold is that of both networks together
                raise ValueError("other networks for whole numbers have no rejection threshold")
            return self._candidates.threshold(error)
        except ValueError as failure:
            if self.mode != "auto":
                raise
            self.caveat = f"no line of digits is accepted: {failure}"
            return math.inf  # single digits can still be accepted

    def pages(self, pictures: Sequence[Bytes], threads: int | None = None) -> list[Page]:
        """Read pictures, grey levels (height, width), all at once."""
        inks = [ink_of(picture) for picture in pictures]
        if self.grid is not None:
            return [self._read_grid(ink, self.grid, threads) for ink in inks]
        lines = [] if self.mode == "digit" else self._read_lines(inks, threads)
        pages = [self._page(ink, [line for line in lines if line.page == n]) for n, ink in enumerate(inks)]
        single = [n for n, page in enumerate(pages) if self._has_one_digit(page)]
        digits = self._read_digits([digit_inks(pages[n])[0] for n in single], threads)
        for n, digit in zip(single, digits, strict=True):
            pages[n] = replace(pages[n], reading=Reading.of([self._agreed(pages[n], digit)]))
        return pages

    def _read_lines(self, inks: Sequence[Ink], threads: int | None) -> list[RankedLine]:
        """Return the lines of all pictures; each network sees the candidates of all lines in one call."""
        lines = [(n, line) for n, ink in enumerate(inks) for line in find_lines(ink, single=self.mode == "line")]
        scans = self._window.scan([line for _, line in lines], threads)
        segmented = _segment([(n, line, scan) for (n, line), scan in zip(lines, scans, strict=True)])
        scored = self._score(segmented, threads)
        texts = [[number.text for number in line.numbers] for line in scored]
        alignments = alignment_scores([line.scan for line in scored], texts)
        numbers, images = [line.numbers for line in scored], [line.images for line in scored]
        rescores = rescore(self._rescorer, numbers, images, threads=threads)
        return [ranked(*of_line) for of_line in zip(scored, alignments, rescores, strict=True)]

    def _score(self, lines: Sequence[SegmentedLine], threads: int | None) -> list[ScoredLine]:
        """Return lines with their candidates' probabilities by both networks, and their likeliest numbers."""
        if not lines:
            return []
        images = np.concatenate([line.images for line in lines])
        probabilities = self._candidates.predict_proba(images, threads).astype(np.float64)
        of_lines = np.split(probabilities, np.cumsum([len(line.images) for line in lines])[:-1])
        scored = []
        for line, of_line in zip(lines, of_lines, strict=True):
            combined = line.scan.combined(line.candidates, of_line)
            lattice = Lattice(line.candidates, combined, len(line.segments.boxes), line.line.height)
            numbers = best_hypotheses(lattice, self.length, self._constraint)
            scored.append(ScoredLine.of(line, lattice, numbers))
        return scored

    def _page(self, ink: Ink, lines: Sequence[RankedLine]) -> Page:
        with_digits = [line for line in lines if line.numbers and line.numbers[0].digits]
        if not with_digits:
            return Page(ink, lines, self._without_digits("empty" if ink.pen == 0 else "not_a_digit"))
        return Page(ink, with_digits, Reading.of(self._judged(line, ink.shrink) for line in with_digits))

    def _judged(self, line: RankedLine, shrink: int) -> Line:
        """Return the result of a line, with the verdict if there is a rejection threshold."""
        result = _line_result(line, shrink)
        if self._line_threshold is None:
            return result
        if result.confidence >= self._line_threshold:
            return replace(result, accepted=True)
        # Its path is likely, but other numbers are too; or its path is unlikely, so that it may be no number.
        unlikely = math.exp(line.numbers[0].score) < 0.5 * line.numbers[0].confidence
        return replace(result, accepted=False, reason="not_a_digit" if unlikely else "ambiguous")

    def _without_digits(self, reason: str) -> Reading:
        """Return the reading of a picture in which there is nothing to accept."""
        return Reading((), None if self._error is None else False, reason)

    def _has_one_digit(self, page: Page) -> bool:
        if self.mode == "digit":
            return page.ink.pen > 0
        if self.mode != "auto" or len(page.lines) != 1 or self.length not in (None, 1) or self._constraint:
            return False
        return len(page.reading.text) == 1 and bool(page.reading.lines)

    def _read_digits(self, digits: Sequence[tuple[Bytes, Box]], threads: int | None) -> list[Line]:
        """Read single digits, each its ink (height, width) and its box in the picture."""
        if not digits:
            return []
        images = np.stack([normalised_digit(ink) for ink, _ in digits])
        probabilities = self._classifier.predict_proba(images, threads)
        threshold = self._digit_threshold
        return [read_digit(of_digit, box, threshold) for of_digit, (_, box) in zip(probabilities, digits, strict=True)]

    def _agreed(self, page: Page, digit: Line) -> Line:
        """Return a digit that stands alone, rejected where the other networks do not agree.

        This holds where something may be rejected; a model that was given is believed by itself.
        """
        if self.mode == "digit":
            return digit
        (by_lines,), (ranked_line,) = page.reading.lines, page.lines
        probability = math.exp(ranked_line.numbers[0].score) * digit.confidence
        digit = replace(digit, marks=by_lines.marks)
        if self._has_given_model or not digit.accepted:
            return digit
        if digit.text == by_lines.text and probability >= MIN_AGREED_PROBABILITY:
            return digit
        reason = "ambiguous" if probability >= MIN_AGREED_PROBABILITY else "not_a_digit"
        return replace(digit, accepted=False, reason=reason)

    def _read_grid(self, ink: Ink, grid: tuple[int, int], threads: int | None) -> Page:
        """Read a form: a digit in each cell that is not empty."""
        cells = [
            (cell.row, (cell.ink, _box(cell.ink, ink.shrink, cell.left, cell.top))) for cell in cells_of(ink, *grid)
        ]
        digits = self._read_digits([digit for _, digit in cells], threads)
        rows = [[digit for (at, _), digit in zip(cells, digits, strict=True) if at == row] for row in range(grid[0])]
        lines = [_joined(row) for row in rows if row]
        return Page(ink, (), Reading.of(lines) if lines else self._without_digits("empty"))


def _opened(model: Model) -> Classifier:
    if isinstance(model, str | os.PathLike):
        return load(model)
    if not hasattr(model, "predict_proba"):
        raise TypeError(f"{type(model).__name__} as a model; expected a network, an ensemble, a name or a path")
    return model


def _segment(lines: Sequence[tuple[int, InkLine, LineScan]]) -> list[SegmentedLine]:
    """Return lines, each with its page and scan, with segments and candidates; none of pages with too many of these."""
    segmented, counts = [], dict.fromkeys((page for page, _, _ in lines), 0)
    for page, line, scan in lines:
        if counts[page] > MAX_CANDIDATES:
            continue
        segments = find_segments(line, scan.may_hold_several)
        candidates = find_candidates(segments, line.height)
        counts[page] += len(candidates)
        if counts[page] <= MAX_CANDIDATES:
            images = candidate_images(line, segments, candidates)
            segmented.append(SegmentedLine(page, line, scan, segments, candidates, images))
    return [line for line in segmented if counts[line.page] <= MAX_CANDIDATES]


def digit_inks(page: Page) -> list[tuple[Bytes, Box]]:
    """Return the ink of each digit of a page in reading order, (height, width), with its box in the picture.

    Where no digits were read, all ink of the picture is taken for one.
    """
    digits = []
    for line in page.lines:
        for _, index in line.numbers[0].digits if line.numbers else ():
            candidate, labels = line.candidates[index], line.segments.labels
            image = with_edges(line.line.ink, (labels > candidate.first) & (labels <= candidate.last + 1))
            digits.append((image, _box(image, page.ink.shrink, line.line.left, line.line.top)))
    if digits:
        return digits
    image = only_digit(page.ink.image)
    return [(image, _box(image, page.ink.shrink))]


def _box(ink: Bytes, shrink: int, left: int = 0, top: int = 0) -> Box:
    """Return the box of ink in pixels of the picture; `left` and `top` are the corner of the ink's rectangle in it."""
    x, y, width, height = ink_box(ink >= EDGE_LEVEL)
    return (shrink * (x + left), shrink * (y + top), shrink * width, shrink * height)


def _line_result(line: RankedLine, shrink: int) -> Line:
    """Return a line's digits, confidence, alternatives and marks, with boxes in pixels of the picture."""

    def box(index: int) -> Box:
        c, ink_line = line.candidates[index], line.line
        left, top, width, height = c.left + ink_line.left, c.top + ink_line.top, c.right - c.left, c.bottom - c.top
        return (shrink * left, shrink * top, shrink * width, shrink * height)

    best, *others = line.numbers
    digits = tuple(Digit.of(line.probabilities[index, :MARK], box(index), label) for label, index in best.digits)
    alternatives = tuple((other.text, other.confidence) for other in others)
    marks = tuple(sorted(box(index) for index in best.marks))
    return Line(digits, best.confidence, alternatives, marks)


def _joined(digits: Sequence[Line]) -> Line:
    """Return the digits of a row as one line, which is accepted if all are."""
    together = Reading.of(digits)
    return Line(
        tuple(line.digits[0] for line in digits),
        together.confidence,
        accepted=together.accepted,
        reason=together.reason,
    )


def _check_options(mode: str, length: int | None, grid: tuple[int, int] | None, checksum: str | None) -> None:
    """Raise ValueError for options that are unknown or do not go together."""
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
    if length is not None and not (type(length) is int and 1 <= length <= MAX_DIGITS):
        raise ValueError(f"length is {length!r}; expected a whole number from 1 to {MAX_DIGITS}")
    is_pair = isinstance(grid, tuple | list) and len(grid) == 2
    if grid is not None and not (is_pair and all(type(n) is int and 1 <= n <= MAX_DIGITS for n in grid)):
        raise ValueError(f"grid is {grid!r}; expected rows and columns, each from 1 to {MAX_DIGITS}")
    if checksum is not None and checksum not in CHECKSUMS:
        raise ValueError(f"checksum is {checksum!r}; expected one of {', '.join(CHECKSUMS)}")
    if grid is not None and mode != "auto":
        raise ValueError(f"a grid and mode {mode!r}; a grid is a mode of its own, so leave one of them out")
    if (length or checksum) and (grid is not None or mode == "digit"):
        raise ValueError("a length or a checksum for single digits; these are for lines of digits, so leave them out")


def _check_candidates_network(network: Classifier) -> None:
    members = network.networks if isinstance(network, Ensemble) else [network]
    shape = next((member.spec.input for member in members if isinstance(member, Network)), None)
    if network.classes != CLASSES or shape not in (None, (MAPS, SIZE_PX, SIZE_PX)):
        given = f"{network.classes} classes" + (f" of {'x'.join(map(str, shape))} values" if shape else "")
        raise ValueError(
            f"a network for segmentation candidates with {given}; expected {CLASSES} of {MAPS}x{SIZE_PX}x{SIZE_PX}"
        )
