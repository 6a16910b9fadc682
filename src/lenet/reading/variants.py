"""Other ways to see a picture that is not read with confidence: without its border, level, inverted, turned.

A variant counts only where it is read with confidence and the picture as it is was not: digits look like other digits
upside down, and what touches the border may be a digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lenet.reading.line.ranking import RankedLine
from lenet.reading.line.written import mark_tokens
from lenet.reading.page.frames import without_frames
from lenet.reading.page.ink import Bytes, Ink, ink_of, may_be_inverted
from lenet.reading.page.lines import count_of_components
from lenet.reading.page.turn import MIN_SKEW, straightened, turned, without_border, without_strips
from lenet.reading.result import Reading

MIN_CONFIDENCE, MIN_GAIN, MAX_LOSS = 0.9, 0.15, 0.1
"""A reading of this confidence or quality (see `quality`) is believed; a variant is better if its quality is so much
higher, or lacks only this fraction of what the other lacks."""
MIN_CONTACT, MIN_SIDE = 0.4, 0.6
"""What touches the border along this fraction of its length may be a strip of a desk or a dark corner; along this
fraction of the picture's side, it is hardly a digit."""
MIN_INNER_CONFIDENCE = 0.5
"""A reading without what is hardly a digit, and one of a single digit without its neighbours, is believed with less."""
MIN_SIDEWAYS_CONFIDENCE = 0.8
"""One turned by 90 or 270 degrees is believed with less where the lines as they are have one or two digits each."""
MIN_UPSIDE_DOWN_CONFIDENCE = 0.99
"""One upside down is believed with more: a number that is hard to read may be another one then."""
MIN_TURNED_DIGITS = 1.5
"""A turned picture has at least so many digits in a line: a single one does not tell how it is turned."""
MAX_UPRIGHT_CONFIDENCE = 0.3
"""A picture upside down is not accepted if it is read with more confidence as it is: many digits are others then."""
STACKED_QUALITY, MAX_STACKED_DIGITS = 0.5, 1.7
"""The quality of a reading of several lines with at most so many digits, in the mean, is multiplied by this."""


@dataclass(frozen=True)
class Page:
    """Everything that was computed for a picture, step by step."""

    ink: Ink
    lines: Sequence[RankedLine]
    reading: Reading


@dataclass(frozen=True)
class Variant:
    """Another way to see a picture.

    Attributes
    ----------
    ink : Ink
    degrees : int
        By how many it is turned counter-clockwise.
    min_confidence : float
        The least confidence and quality of its reading.
    """

    ink: Ink
    degrees: int = 0
    min_confidence: float = MIN_CONFIDENCE


def prepared(ink: Ink, *, one_digit: bool) -> Ink:
    """Return ink without frames around writing and strips along a side, its lines level where they clearly lean.

    One digit has no line.
    """
    ink = without_frames(without_strips(ink))[0]
    return ink if one_digit else straightened(ink)


def has_variants(page: Page) -> bool:
    """Return whether a picture may have to be seen in another way."""
    believed = page.reading.confidence >= MIN_CONFIDENCE or quality(page.lines) >= MIN_CONFIDENCE
    believed = believed or any(map(_has_certain_signs, page.lines))
    return page.ink.pen > 0 and (not believed or _is_stacked(page.lines))


def _has_certain_signs(line: RankedLine) -> bool:
    """Return whether a line has signs or letters and no digits, with confidence: a pound sign is a 3 upside down."""
    if not line.numbers or line.numbers[0].digits:
        return False
    return any(mark.label and mark.confidence >= MIN_CONFIDENCE for mark in mark_tokens(line))


def quality(lines: Sequence[RankedLine]) -> float:
    """Return the mean probability of digits by the paths of their numbers, 0 to 1; less where most stand alone."""
    numbers = [line.numbers[0] for line in lines if line.numbers and line.numbers[0].digits]
    digits = sum(len(number.digits) for number in numbers)
    if not digits:
        return 0.0
    mean = math.exp(sum(number.score for number in numbers) / digits)
    return mean * (STACKED_QUALITY if _is_stacked(lines) else 1.0)


def variants_of(picture: Bytes, page: Page, *, one_digit: bool) -> Iterator[Variant]:
    """Yield the variants of a picture, grey levels (height, width), and of the prepared ink of its page.

    Of a picture of one digit everything that touches the border goes, and it is not turned.
    """
    ink = page.ink
    if one_digit:
        inner = [(without_border(ink), MIN_INNER_CONFIDENCE)]
    else:
        inner = [
            (without_border(ink, MIN_CONTACT, MIN_SIDE), MIN_INNER_CONFIDENCE),
            (without_border(ink, MIN_CONTACT), MIN_CONFIDENCE),
        ]
    yield from (Variant(image, min_confidence=least) for image, least in inner if image is not ink)
    if may_be_inverted(picture):
        yield Variant(prepared(ink_of(picture, inverted=True), one_digit=one_digit))
    if one_digit or count_of_components(ink) < 2:
        return
    level = straightened(ink, MIN_SKEW)
    if level is not ink:
        yield Variant(level)
    sideways = MIN_SIDEWAYS_CONFIDENCE if _is_stacked(page.lines) else MIN_CONFIDENCE
    for quarters, least in ((1, sideways), (2, MIN_UPSIDE_DOWN_CONFIDENCE), (3, sideways)):
        yield Variant(straightened(turned(ink, quarters)), 90 * quarters, least)


def best_of(page: Page, variants: Sequence[tuple[Variant, Page]]) -> Page:
    """Return the page of the variant that is read best, or the page as it is if none is clearly better.

    A turned picture is not accepted if another turn is about as good, or the picture as it is not bad.
    """
    upright = digits_in_a_line(page.lines)
    qualities = [_quality_of(variant, other, upright) for variant, other in variants]
    best = max(range(len(variants)), key=qualities.__getitem__, default=-1)
    if best < 0 or not _is_better(qualities[best], quality(page.lines)):
        return page
    degrees, chosen = variants[best][0].degrees, variants[best][1]
    reading = replace(chosen.reading, turn=degrees)
    rivals = [q for q, (other, _) in zip(qualities, variants, strict=True) if other.degrees != degrees]
    as_likely = not _is_better(qualities[best], max(rivals, default=0.0))
    as_likely |= degrees == 180 and page.reading.confidence > MAX_UPRIGHT_CONFIDENCE
    if degrees and as_likely:
        reading = _rejected(reading, "orientation")
    return replace(chosen, reading=reading)


def digits_in_a_line(lines: Sequence[RankedLine]) -> float:
    """Return how many digits a line has in the mean; 0 without lines."""
    counts = [len(line.numbers[0].digits) for line in lines if line.numbers and line.numbers[0].digits]
    return sum(counts) / len(counts) if counts else 0.0


def _quality_of(variant: Variant, page: Page, upright: float) -> float:
    """Return the quality of a variant; 0 if it does not count, `upright` being the digits in a line as it is."""
    of_page = quality(page.lines)
    if min(page.reading.confidence, of_page) < variant.min_confidence:
        return 0.0
    if variant.degrees and digits_in_a_line(page.lines) < max(upright, MIN_TURNED_DIGITS):
        return 0.0
    return of_page


def _is_better(one: float, other: float) -> bool:
    return one >= other + MIN_GAIN or 1 - one <= MAX_LOSS * (1 - other)


def _is_stacked(lines: Sequence[RankedLine]) -> bool:
    """Return whether most of several lines have one or two digits, as those of a picture on its side."""
    counts = [len(line.numbers[0].digits) for line in lines if line.numbers]
    return len(counts) > 1 and sum(counts) <= MAX_STACKED_DIGITS * len(counts)


def _rejected(reading: Reading, reason: str) -> Reading:
    """Return a reading that is not accepted for a reason, if there is a rejection threshold."""
    if reading.accepted is None:
        return reading
    lines = tuple(replace(line, accepted=False, reason=line.reason or reason) for line in reading.lines)
    return replace(reading, lines=lines, accepted=False, reason=reading.reason or reason)
