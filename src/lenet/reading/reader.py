"""Reading pictures: the steps in a row, many pictures at once.

decode -> ink -> lines -> windows -> cuts -> 28x28 pictures -> best path -> `Reading`. A picture of one digit is read by
a network for single digits; whatever has more of them by two others: ``windows`` is swept over the lines, ``strings``,
which also knows marks and wrong cuts, looks at the candidates, of all pictures together. Where the likeliest numbers
differ, the first one gives its opinion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lenet.calibration import as_share, nondigit
from lenet.ensemble import Ensemble
from lenet.files import load
from lenet.network import Classifier, Network
from lenet.reading import agreement, opinion
from lenet.reading.checksums import CHECKSUMS
from lenet.reading.cuts import Candidate, Parts, candidates_of, parts_of
from lenet.reading.digit import EDGE, box_of, only_digit, to_digit, with_edges
from lenet.reading.form import cells_of
from lenet.reading.ink import Bytes, Ink, ink_of
from lenet.reading.lines import Band, bands
from lenet.reading.path import Answer, answers
from lenet.reading.pieces import CLASSES, MAPS, MARK, SIDE, pictures_of
from lenet.reading.result import Box, Digit, Line, Reading
from lenet.reading.windows import Seen, Sweep

MODES = ("auto", "digit", "line", "page")
STRINGS, WINDOWS = "strings", "windows"
"""The names of the networks for whole numbers."""
MOST_CANDIDATES = 30_000
"""A picture with more candidates is one of no numbers."""
SURE = 0.9
"""How sure the networks for whole numbers and for digits together have to be of a digit that stands alone."""
DOUBT = 1e-4
"""A number is doubtful at least by this share of what its path leaves to others, even if no other is known."""
UNFIT = 0.01
"""What a number counts that is not as was wished, where that of a number as wished counts one."""
LEAST_AGREEMENT = -1e4
"""What a number counts as that has more digits than there are windows: it has no way through them."""
MOST_DIGITS = 64
"""The longest number and the largest grid's side that may be asked for."""

Shares = NDArray[np.floating[Any]]


@cache
def _shipped(name: str | None) -> Classifier:
    return load(name)


@dataclass(frozen=True)
class Found:
    """A line on its way: what windows see of it, its parts, candidates, their pictures, and the likeliest numbers."""

    band: Band
    seen: Seen
    parts: Parts
    candidates: Sequence[Candidate]
    pictures: Bytes
    shares: Shares
    answers: Sequence[Answer] = ()

    @property
    def digits(self) -> Bytes:
        """The digits of the likeliest number as the network saw them, (n, 28, 28)."""
        chosen = [number for _, number in self.answers[0].digits] if self.answers else []
        return self.pictures[chosen, 0]


@dataclass(frozen=True)
class Page:
    """All that was found out about a picture, step by step."""

    ink: Ink
    lines: Sequence[Found]
    reading: Reading


class Reader:
    """Reads pictures the way its arguments say; see `lenet.read`.

    `strings` and `windows` are other networks for whole numbers: for their pieces, and for windows along them.
    `caveat` says what cannot be promised, if anything, where single digits can be and lines of them cannot.
    """

    def __init__(
        self,
        network: Classifier | None = None,
        reject: str | float | None = None,
        mode: str = "auto",
        length: int | None = None,
        grid: tuple[int, int] | None = None,
        checksum: str | None = None,
        strings: Classifier | None = None,
        windows: Network | None = None,
    ) -> None:
        _check(mode, length, grid, checksum)
        self.mode, self.length, self.grid = mode, length, grid
        self.fits = None if checksum is None else CHECKSUMS[checksum]
        if network is not None and getattr(network, "classes", 10) != 10:
            raise ValueError(f"a network of {network.classes} classes to read digits; expected one of ten")
        self.own = network is not None
        # One's own, which reads single digits, knows nothing of what the networks for numbers promise with this one.
        self.second = _shipped(None)
        self.network = network or self.second
        self.strings = strings or _shipped(STRINGS)
        _check_pieces(self.strings)
        self.sweep = Sweep(windows or cast(Network, _shipped(WINDOWS)))
        self.share = None if reject is None else as_share(reject)
        # What cannot be promised is said before any picture is read.
        self.least_digit = self.least_line = 0.0
        self.caveat = ""
        if self.share is not None and (grid or mode in ("auto", "digit")):
            self.least_digit = self.network.threshold(self.share)
        if self.share is not None and not grid and mode != "digit":
            self.least_line = self._least_line(self.share, strings is None and windows is None)

    def _least_line(self, share: float, known: bool) -> float:
        try:
            if not known:  # thresholds are those of the networks together
                raise ValueError("networks of one's own for whole numbers know no threshold")
            return self.strings.threshold(share)
        except ValueError as error:
            if self.mode != "auto":
                raise
            self.caveat = f"no line of digits is accepted: {error}"
            return math.inf  # single digits can still be promised

    def pages(self, pictures: Sequence[Bytes], threads: int | None = None) -> list[Page]:
        """Read pictures, grey levels (height, width), all at once."""
        inks = [ink_of(picture) for picture in pictures]
        if self.grid is not None:
            return [self._form(ink, threads) for ink in inks]
        lines: list[list[Found]] = [[] for _ in inks]
        if self.mode != "digit":
            lines = self._lines(inks, threads)
        pages = [self._page(ink, found) for ink, found in zip(inks, lines, strict=True)]
        single = [n for n, page in enumerate(pages) if self._is_single(page)]
        for n, reading in zip(single, self._digits([self._own(pages[n]) for n in single], threads), strict=True):
            pages[n] = replace(pages[n], reading=self._agreed(pages[n], reading))
        return pages

    def _lines(self, inks: Sequence[Ink], threads: int | None) -> list[list[Found]]:
        """Return what is found in each picture, line by line; all candidates go through the network together."""
        found = []
        none = np.zeros((0, CLASSES))
        written = [bands(ink, single=self.mode == "line") for ink in inks]
        seen = iter(self.sweep.over([band for page in written for band in page], threads))
        for lines in written:
            page: list[Found] = []
            room = MOST_CANDIDATES
            for band, view in [(band, next(seen)) for band in lines]:
                parts = parts_of(band, view.several)
                candidates = candidates_of(parts, band.height)
                room -= len(candidates)
                if room < 0:  # no writing has so many strokes
                    page = []
                    break
                page.append(Found(band, view, parts, candidates, pictures_of(band, parts, candidates), none))
            found.append(page)
        pictures = [line.pictures for page in found for line in page]
        if not pictures:
            return found
        shares = self.strings.predict_proba(np.concatenate(pictures), threads).astype(np.float64)
        ends = np.cumsum([len(own) for own in pictures])[:-1]
        each = iter(np.split(shares, ends))
        found = [[self._answered(line, next(each)) for line in page] for page in found]
        every = [line for page in found for line in page]
        known, shown = [line.answers for line in every], [line.pictures for line in every]
        agree = iter(agreement.agreement([line.seen for line in every], [[a.text for a in own] for own in known]))
        said = iter(opinion.opinions(self.second, known, shown, threads))
        return [[_compared(line, next(agree), next(said)) for line in page] for page in found]

    def _answered(self, line: Found, shares: Shares) -> Found:
        shares = line.seen.seconded(line.candidates, shares)
        parts, height = len(line.parts.boxes), line.band.height
        likeliest = answers(line.candidates, shares, parts, self.length, self.fits, height)
        return replace(line, shares=shares, answers=likeliest)

    def _page(self, ink: Ink, found: Sequence[Found]) -> Page:
        lines = [line for line in found if line.answers and line.answers[0].digits]
        told = tuple(_line(line, ink.shrink) for line in lines)
        if not told:
            empty = ink.pen == 0
            return Page(ink, found, Reading((), False, "empty" if empty else "not_a_digit"))
        doubtful = [line for line, read in zip(lines, told, strict=True) if not read.confidence >= self.least_line]
        reason = ""
        if doubtful:
            # Some number or other, but which? Or is it none at all?
            odd = any(math.exp(line.answers[0].score) < 0.5 * line.answers[0].confidence for line in doubtful)
            reason = "not_a_digit" if odd else "ambiguous"
        return Page(ink, lines, Reading(told, not doubtful, reason))

    def _is_single(self, page: Page) -> bool:
        if self.mode == "digit":
            return page.ink.pen > 0
        if self.mode != "auto" or len(page.lines) != 1 or self.length not in (None, 1) or self.fits:
            return False
        return len(str(page.reading)) == 1 and bool(page.reading.lines)

    def _own(self, page: Page) -> tuple[Bytes, Box]:
        """Return the ink of a picture's one digit, (height, width), and its box in the picture."""
        image = page.ink.image
        if page.lines:
            (line,) = page.lines
            chosen, labels = line.candidates[line.answers[0].digits[0][1]], line.parts.labels
            strokes = (labels > chosen.first) & (labels <= chosen.last + 1)
            image = with_edges(line.band.ink, strokes)
            return image, _box(image, page.ink.shrink, line.band.left, line.band.top)
        image = only_digit(image)
        return image, _box(image, page.ink.shrink)

    def _digits(self, digits: Sequence[tuple[Bytes, Box]], threads: int | None) -> list[Reading]:
        """Read single digits."""
        if not digits:
            return []
        shares = self.network.predict_proba(np.stack([to_digit(ink) for ink, _ in digits]), threads)
        return [self._digit(own, box) for own, (_, box) in zip(shares, digits, strict=True)]

    def _digit(self, shares: Shares, box: Box) -> Reading:
        digit = _digit(shares, box)
        line = Line((digit,), digit.confidence, tuple((str(label), share) for label, share in digit.alternatives))
        if digit.confidence >= self.least_digit:
            return Reading((line,), accepted=True)
        odd = float(nondigit(np.asarray(shares, np.float32)[None])[0]) > 0.5
        return Reading((line,), accepted=False, reason="not_a_digit" if odd else "ambiguous")

    def _agreed(self, page: Page, reading: Reading) -> Reading:
        """Accept a digit that was found alone in a picture, if this may fail, only where both networks say so.

        One's own network is believed by itself.
        """
        if self.mode == "digit":
            return reading
        (line,), (known,), (found,) = reading.lines, page.reading.lines, page.lines
        sure = math.exp(found.answers[0].score) * line.digits[0].confidence >= SURE
        reading = replace(reading, lines=(replace(line, marks=known.marks),))
        if self.share is None or self.own or not reading.accepted:
            return reading
        if str(line) == str(known) and sure:
            return reading
        return replace(reading, accepted=False, reason="ambiguous" if sure else "not_a_digit")

    def _form(self, ink: Ink, threads: int | None) -> Page:
        """Read a form: a digit in each cell that is not empty."""
        assert self.grid is not None
        cells = [(row, (cell, _box(cell, ink.shrink, left, top))) for row, left, top, cell in cells_of(ink, *self.grid)]
        read = self._digits([cell for _, cell in cells], threads)
        lines = []
        for row in range(self.grid[0]):
            own = [reading.lines[0] for (at, _), reading in zip(cells, read, strict=True) if at == row]
            if own:
                digits = tuple(line.digits[0] for line in own)
                lines.append(Line(digits, math.prod(line.confidence for line in own)))
        reasons = [reading.reason for reading in read if not reading.accepted]
        whole = Reading(tuple(lines), bool(lines) and not reasons, reasons[0] if reasons else "" if lines else "empty")
        return Page(ink, (), whole)


def _box(ink: Bytes, shrink: int, left: int = 0, top: int = 0) -> Box:
    """Return where ink is in the picture, of which it is a part that begins at `left` and `top`."""
    x, y, width, height = box_of(ink >= EDGE)
    return (shrink * (x + left), shrink * (y + top), shrink * width, shrink * height)


def _check(mode: str, length: int | None, grid: tuple[int, int] | None, checksum: str | None) -> None:
    """Raise ValueError for wishes that are none or do not go together."""
    if mode not in MODES:
        raise ValueError(f"no mode is called {mode!r}; there are {', '.join(MODES)}")
    if length is not None and not (type(length) is int and 1 <= length <= MOST_DIGITS):
        raise ValueError(f"a length of {length!r}; expected a whole number from 1 to {MOST_DIGITS}")
    fine = isinstance(grid, tuple | list) and len(grid) == 2
    if grid is not None and not (fine and all(type(n) is int and 1 <= n <= MOST_DIGITS for n in grid)):
        raise ValueError(f"a grid of {grid!r}; expected rows and columns, each from 1 to {MOST_DIGITS}")
    if checksum is not None and checksum not in CHECKSUMS:
        raise ValueError(f"no checksum is called {checksum!r}; there are {', '.join(CHECKSUMS)}")
    if grid is not None and mode != "auto":
        raise ValueError(f"a grid in mode {mode}; a grid is a mode of its own")
    if (length or checksum) and (grid is not None or mode == "digit"):
        raise ValueError("a length or a checksum for single digits; they are those of a line")


def _check_pieces(network: Classifier) -> None:
    members = network.networks if isinstance(network, Ensemble) else [network]
    shape = next((member.spec.input for member in members if isinstance(member, Network)), None)
    if network.classes != CLASSES or shape not in (None, (MAPS, SIDE, SIDE)):
        given = f"{network.classes} classes" + (f" of {'x'.join(map(str, shape))} values" if shape else "")
        raise ValueError(f"a network for pieces of numbers with {given}; expected {CLASSES} of {MAPS}x{SIDE}x{SIDE}")


def _compared(line: Found, agree: Shares, said: Shares) -> Found:
    """Return a line with its likeliest numbers in their order, given how they agree with windows, and opinions of them.

    The odds that a number is right are its path's own probability against the share of the others, and a little more.
    Numbers that are not as wished are others too, if the line speaks much more for them; then they are dropped.
    """
    if not line.answers:
        return line
    fits = np.array([answer.fits for answer in line.answers])
    paths = np.array([answer.score for answer in line.answers])
    scores = paths + agreement.WEIGHT * np.maximum(agree, LEAST_AGREEMENT) + opinion.WEIGHT * said
    scores += np.where(fits, 0.0, math.log(UNFIT))
    shares = np.exp(scores - scores.max())
    others = (shares.sum() - shares) / shares.sum()
    own = np.exp(np.minimum(paths, 0))
    sure = own / np.maximum(own + others + DOUBT * (1 - own), np.finfo(float).tiny)
    order = [one for one in np.argsort(-scores, kind="stable") if fits[one]]
    return replace(line, answers=[replace(line.answers[one], confidence=float(sure[one])) for one in order])


def _line(found: Found, shrink: int) -> Line:
    """Return a line as it is told: digits, confidence, other numbers, marks; boxes in pixels of the picture."""

    def box(number: int) -> Box:
        c, band = found.candidates[number], found.band
        left, top, width, height = c.left + band.left, c.top + band.top, c.right - c.left, c.bottom - c.top
        return (shrink * left, shrink * top, shrink * width, shrink * height)

    best, *others = found.answers
    digits = tuple(_digit(found.shares[number, :MARK], box(number), label) for label, number in best.digits)
    alternatives = tuple((other.text, other.confidence) for other in others)
    marks = tuple(sorted(box(number) for number in best.marks))
    return Line(digits, best.confidence, alternatives, marks)


def _digit(shares: Shares, box: Box, label: int | None = None) -> Digit:
    """Return a digit with what else it may be; by default the likeliest."""
    order = np.argsort(-shares, kind="stable")
    first = int(order[0]) if label is None else label
    others = tuple((int(other), float(shares[other])) for other in order if other != first)
    return Digit(first, float(shares[first]), box, others)
