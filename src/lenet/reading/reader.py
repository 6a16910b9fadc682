"""The reader: from grey levels to readings, many pictures at once.

ink -> lines -> sliding window -> segments and candidates -> path search -> ranking -> `Reading`. A picture of one digit
is read by the single-digit classifier. Lines of digits are read by two other networks, ``sliding-window`` and
``candidates``, the candidates of all pictures together; the single-digit classifier rescores numbers that differ.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from lenet.image.measure import EDGE_LEVEL, Box, ink_box
from lenet.image.normalise import SIZE_PX, normalised_digit
from lenet.model.ensemble import Ensemble, single_network
from lenet.model.network import Classifier, Network
from lenet.model.pretrained import load
from lenet.model.rejection import as_fraction
from lenet.reading.checksums import CHECKSUMS
from lenet.reading.digit import as_one_candidate, may_be_one_digit, one_digit, only_digit, read_digit, with_edges
from lenet.reading.form import form_reading
from lenet.reading.line.alignment import alignment_scores
from lenet.reading.line.candidate_images import CLASSES, MAPS, MARK, UNNAMED_CLASSES, candidate_images
from lenet.reading.line.path import MIN_PROBABILITY, Hypothesis, Lattice, best_hypotheses
from lenet.reading.line.ranking import RankedLine, ScoredLine, SegmentedLine, ranked
from lenet.reading.line.rescoring import rescore
from lenet.reading.line.segmentation import find_candidates, find_segments
from lenet.reading.line.shape import MAX_DIGITS, Shape
from lenet.reading.line.sliding_window import LineScan, SlidingWindow
from lenet.reading.line.written import full_text, mark_tokens
from lenet.reading.page.grid import cells_of
from lenet.reading.page.ink import Bytes, Ink, ink_of
from lenet.reading.page.lines import InkLine, count_of_components, find_lines
from lenet.reading.result import Digit, Line, Mark, Reading
from lenet.reading.variants import Page, best_of, has_variants, prepared, variants_of
from lenet.reading.verdict import WRITTEN_REASONS, Thresholds, is_cut_off

MODES = ("auto", "digit", "line", "page")
AUTO = "auto"
"""A grid that is found by its walls."""
MAX_CANDIDATES = 30_000
"""A picture with more candidates has no numbers."""
MIN_AGREEMENT = 0.5
"""The least product of the networks' probabilities of one digit for which all ink of a picture is taken for it."""
MIN_CONFIDENCE = 0.9
"""The classifier's least confidence in one digit that is read where no line is, though it is not accepted."""

Model = Classifier | str | os.PathLike[str]
"""A network or an ensemble, or what `lenet.load` takes: a name or a path."""


class Reader:
    """Reads pictures as its arguments say.

    Parameters
    ----------
    model : Network, Ensemble, name or path, optional
        The single-digit classifier, of ten classes; by default the pretrained ``reader``.
    reject, mode, length, grid, checksum, pattern
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
        grid: tuple[int, int] | str | None = None,
        checksum: str | None = None,
        pattern: str | None = None,
        candidates: Model | None = None,
        sliding_window: Model | None = None,
    ) -> None:
        self._shape = _shape_of(length, pattern)
        _check_options(mode, grid, checksum, self._shape)
        self.mode, self.length, self.grid = mode, length, grid
        self._constraint = None if checksum is None else CHECKSUMS[checksum]
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
        if self._candidates.classes == UNNAMED_CLASSES and self._shape is not None and self._shape.has_signs:
            raise ValueError(f"pattern is {pattern!r}, and the network for candidates has no names for signs")
        window = "sliding-window" if sliding_window is None else sliding_window
        self._window = SlidingWindow(single_network(_opened(window), "sliding window"))
        self._error = None if reject is None else as_fraction(reject)
        # What cannot be accepted is said before any picture is read.
        self.caveat = ""
        digit = line = None
        if self._error is not None and mode in ("auto", "digit"):
            digit = self._classifier.threshold(self._error)
        if self._error is not None and mode != "digit":
            line = self._threshold_of_lines(self._error, candidates is None and sliding_window is None)
        self._thresholds = Thresholds(digit, line, needs_agreement=model is None)

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
            return self._read_grids(inks, threads)
        one_digit = self.mode == "digit"
        inks = [prepared(ink, one_digit=one_digit) for ink in inks]
        pages = self._read_inks(inks, threads)
        variants = [
            (n, variant)
            for n, page in enumerate(pages)
            if has_variants(page)
            for variant in variants_of(pictures[n], page, one_digit=one_digit)
        ]
        others = self._read_inks([variant.ink for _, variant in variants], threads)
        for n in sorted({n for n, _ in variants}):
            of_page = [(variant, page) for (k, variant), page in zip(variants, others, strict=True) if k == n]
            pages[n] = best_of(pages[n], of_page)
        return pages

    def _read_grids(self, inks: Sequence[Ink], threads: int | None) -> list[Page]:
        """Read forms: each cell is a picture of its own."""
        grid = None if self.grid == AUTO else cast(tuple[int, int], self.grid)
        of_pages = [cells_of(ink, grid) for ink in inks]
        parts = [ink.part(cell.ink, *cell.box[:2]) for ink, of in zip(inks, of_pages, strict=True) for cell in of]
        readings = iter([page.reading for page in self._read_inks(parts, threads)])
        return [
            Page(ink, (), form_reading(ink, cells, [next(readings) for _ in cells]))
            for ink, cells in zip(inks, of_pages, strict=True)
        ]

    def _read_inks(self, inks: Sequence[Ink], threads: int | None) -> list[Page]:
        """Read ink without frames around it. That all of it is one digit competes with the lines in it."""
        ones = self._read_ones(inks, threads) if self._may_be_one_digit() else {}
        pages = {n: page for n, (page, agreement) in ones.items() if agreement >= MIN_AGREEMENT or self.mode == "digit"}
        rest = [n for n in range(len(inks)) if n not in pages]
        lines = [] if self.mode == "digit" else self._read_lines([inks[n] for n in rest], threads)
        for k, n in enumerate(rest):
            page = self._page(inks[n], [line for line in lines if line.page == k])
            if not page.reading.lines and n in ones and ones[n][0].reading.confidence >= MIN_CONFIDENCE:
                page = ones[n][0]
            pages[n] = page
        single = [n for n in rest if self._has_one_digit(pages[n])]
        digits, _ = self._read_digits([digit_inks(pages[n])[0] for n in single], threads)
        for n, digit in zip(single, digits, strict=True):
            pages[n] = replace(pages[n], reading=Reading.of([self._agreed(pages[n], digit)]))
        return [pages[n] for n in range(len(inks))]

    def _may_be_one_digit(self) -> bool:
        shape = self._shape
        any_number = self._constraint is None and (shape is None or (len(shape.tokens) == 1 and not shape.has_signs))
        return self.mode == "digit" or (self.mode == "auto" and any_number)

    def _read_ones(self, inks: Sequence[Ink], threads: int | None) -> dict[int, tuple[Page, float]]:
        """Read pictures whose ink may be one digit: each page by its number, with the networks' agreement on it.

        The agreement is the product of the probabilities that the classifier and the other two networks give the digit.
        """
        asked = self.mode == "digit"
        chosen = [n for n, ink in enumerate(inks) if (ink.pen > 0 if asked else may_be_one_digit(ink))]
        lines = [one_digit(inks[n]) for n in chosen]
        scans = self._window.scan(lines, threads)
        segmented = [as_one_candidate(*one) for one in zip(chosen, lines, scans, strict=True)]
        digits, labels = self._read_digits(
            [
                (line.line.ink, _box(line.line.ink, inks[line.page], line.line.left, line.line.top))
                for line in segmented
            ],
            threads,
        )
        pages = {}
        for line, digit, label in zip(self._score(segmented, threads), digits, labels, strict=True):
            probability = float(line.probabilities[0, label])
            number = Hypothesis(((label, 0),), (), math.log(max(probability, MIN_PROBABILITY)))
            agreement = probability * digit.confidence
            whole = RankedLine(**{**vars(line), "numbers": [number]})
            reading = Reading.of([self._thresholds.of_digit(digit, agreement)])
            pages[line.page] = (Page(inks[line.page], [whole], reading), agreement)
        return pages

    def _read_lines(self, inks: Sequence[Ink], threads: int | None) -> list[RankedLine]:
        """Return the lines of all pictures; each network sees the candidates of all lines in one call."""
        single = self.mode == "line"
        lines = [(n, line) for n, ink in enumerate(inks) for line in find_lines(ink, single=single)]
        scans = self._window.scan([line for _, line in lines], threads)
        segmented = _segment([(n, line, scan) for (n, line), scan in zip(lines, scans, strict=True)])
        scored = self._score(segmented, threads)
        alignments = alignment_scores([line.scan for line in scored], [line.seen_texts for line in scored])
        of_lines = zip(*((line.numbers, line.images, line.probabilities) for line in scored), strict=True)
        rescores = rescore(self._rescorer, *(of_lines if scored else ((), (), ())), threads=threads)
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
            numbers = best_hypotheses(lattice, self._shape, self._constraint)
            scored.append(ScoredLine.of(line, lattice, numbers))
        return scored

    def _page(self, ink: Ink, lines: Sequence[RankedLine]) -> Page:
        with_digits = [line for line in lines if line.numbers and line.numbers[0].digits]
        if not with_digits:
            has_ink = ink.pen > 0 and count_of_components(ink) > 0
            return Page(ink, lines, self._thresholds.of_nothing("not_a_digit" if has_ink else "empty"))
        # A digit that touches the wall of its cell touches the side of the cell's picture.
        whole = self.grid is None
        results = [
            self._thresholds.of_line(line, _line_result(line, ink), whole and is_cut_off(line, ink.image.shape))
            for line in with_digits
        ]
        return Page(ink, with_digits, Reading.of(results))

    def _has_one_digit(self, page: Page) -> bool:
        return self._may_be_one_digit() and len(page.lines) == 1 and len(page.reading.text) == 1

    def _read_digits(self, digits: Sequence[tuple[Bytes, Box]], threads: int | None) -> tuple[list[Line], list[int]]:
        """Read single digits, each its ink (height, width) and its box in the picture; return also their labels."""
        if not digits:
            return [], []
        images = np.stack([normalised_digit(ink) for ink, _ in digits])
        probabilities = self._classifier.predict_proba(images, threads)
        boxes = [box for _, box in digits]
        lines = [read_digit(*one, self._thresholds.digit) for one in zip(probabilities, boxes, strict=True)]
        return lines, [int(label) for label in probabilities.argmax(axis=1)]

    def _agreed(self, page: Page, digit: Line) -> Line:
        """Return a digit that stands alone, rejected where the other networks do not agree."""
        (by_lines,), (ranked_line,) = page.reading.lines, page.lines
        probability = math.exp(ranked_line.numbers[0].score) if digit.text == by_lines.text else 0.0
        text = by_lines.full_text.replace(by_lines.text, digit.text)
        digit = replace(digit, marks=by_lines.marks, full_text=text, complete=by_lines.complete)
        agreed = self._thresholds.of_digit(digit, probability * digit.confidence)
        beside_signs = any(mark.label for mark in by_lines.marks)
        if by_lines.reason in WRITTEN_REASONS or (by_lines.reason and beside_signs):
            return replace(agreed, accepted=False, reason=by_lines.reason)
        return agreed


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
            digits.append((image, _box(image, page.ink, line.line.left, line.line.top)))
    if digits:
        return digits
    image = only_digit(page.ink.image)
    return [(image, _box(image, page.ink))]


def _box(digit: Bytes, ink: Ink, left: int = 0, top: int = 0) -> Box:
    """Return the box of a digit's ink in the picture; `left` and `top` are its corner in the picture's ink."""
    x, y, width, height = ink_box(digit >= EDGE_LEVEL)
    return ink.box_in_picture((x + left, y + top, width, height))


def _line_result(line: RankedLine, ink: Ink) -> Line:
    """Return a line's digits, confidence, alternatives and marks, with boxes in pixels of the picture."""

    def box(index: int) -> Box:
        c, ink_line = line.candidates[index], line.line
        left, top, width, height = c.left + ink_line.left, c.top + ink_line.top, c.right - c.left, c.bottom - c.top
        return ink.box_in_picture((left, top, width, height))

    best, *others = line.numbers
    digits = tuple(Digit.of(line.probabilities[index, :MARK], box(index), label) for label, index in best.digits)
    alternatives = tuple((other.text, other.confidence) for other in others)
    marks = tuple(Mark(mark.label, mark.confidence, box(mark.candidate)) for mark in mark_tokens(line))
    text, complete = full_text(line)
    return Line(digits, best.confidence, alternatives, marks, full_text=text, complete=complete)


def _shape_of(length: int | None, pattern: str | None) -> Shape | None:
    """Return the shape that numbers must have; ValueError for a length and a pattern."""
    if length is not None and pattern is not None:
        raise ValueError(f"length {length} and pattern {pattern!r}; the pattern has a length, so leave it out")
    if pattern is not None:
        return Shape.of_pattern(pattern)
    return None if length is None else Shape.of_length(length)


def _check_options(mode: str, grid: tuple[int, int] | str | None, checksum: str | None, shape: Shape | None) -> None:
    """Raise ValueError for options that are unknown or do not go together."""
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
    is_pair = isinstance(grid, tuple | list) and len(grid) == 2
    fits = grid in (None, AUTO) or (is_pair and all(type(n) is int and 1 <= n <= MAX_DIGITS for n in grid or ()))
    if not fits:
        raise ValueError(f"grid is {grid!r}; expected rows and columns, each from 1 to {MAX_DIGITS}, or {AUTO!r}")
    if checksum is not None and checksum not in CHECKSUMS:
        raise ValueError(f"checksum is {checksum!r}; expected one of {', '.join(CHECKSUMS)}")
    if grid is not None and mode != "auto":
        raise ValueError(f"a grid and mode {mode!r}; a grid is a mode of its own, so leave one of them out")
    if (shape or checksum) and (grid is not None or mode == "digit"):
        raise ValueError(
            "a length, a pattern or a checksum for single digits; these are for lines of digits, so leave them out"
        )


def _check_candidates_network(network: Classifier) -> None:
    members = network.networks if isinstance(network, Ensemble) else [network]
    shape = next((member.spec.input for member in members if isinstance(member, Network)), None)
    if network.classes not in (CLASSES, UNNAMED_CLASSES) or shape not in (None, (MAPS, SIZE_PX, SIZE_PX)):
        given = f"{network.classes} classes" + (f" of {'x'.join(map(str, shape))} values" if shape else "")
        raise ValueError(
            f"a network for segmentation candidates with {given}; expected {CLASSES} of {MAPS}x{SIZE_PX}x{SIZE_PX}"
        )
