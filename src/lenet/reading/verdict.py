"""Which readings are accepted: rejection thresholds of digits and of lines, and the agreement of the networks.

A digit that stands alone is accepted if its classifier is confident and the other two networks agree with it: the
product of their probabilities tells what no digit is. A line is accepted by its confidence, unless it is crossed out or
the picture's side cuts off one of its digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lenet.reading.line.ranking import RankedLine
from lenet.reading.result import Line, Reading

MIN_AGREEMENT = 0.9
"""The product of the networks' probabilities of a digit that stands alone, below which it is not accepted."""
UNLIKELY_PATH = 0.5
"""A path is unlikely, so that the line may be no number, below this fraction of the number's confidence."""
CROSSED_OUT, BORDER = WRITTEN_REASONS = "crossed_out", "border"
"""Why a line is not accepted that is read with confidence: for how it stands on the paper."""
MIN_MARGIN = 0.25
"""A digit at the picture's side is cut off if there is more paper than this above and below it, in heights of a digit:
a picture that fits tightly around its digits has no such margin."""


@dataclass(frozen=True)
class Thresholds:
    """The least confidences with which digits and lines are accepted.

    Attributes
    ----------
    digit, line : float, optional
        None where no rejection threshold was asked for, or where there is nothing of the kind to accept.
    needs_agreement : bool
        Whether the networks must agree on a digit; a model that was given is believed by itself.
    """

    digit: float | None = None
    line: float | None = None
    needs_agreement: bool = True

    def of_line(self, line: RankedLine, result: Line, cut_off: bool = False) -> Line:
        """Return the result of a line with the verdict; `cut_off` is whether the picture's side cuts a digit off."""
        if self.line is None:
            return result
        if line.line.crossed_out:
            return replace(result, accepted=False, reason=CROSSED_OUT)
        if cut_off:
            return replace(result, accepted=False, reason=BORDER)
        if result.confidence >= self.line:
            return replace(result, accepted=True)
        unlikely = math.exp(line.numbers[0].score) < UNLIKELY_PATH * line.numbers[0].confidence
        return replace(result, accepted=False, reason="not_a_digit" if unlikely else "ambiguous")

    def of_digit(self, digit: Line, agreement: float) -> Line:
        """Return a digit that its classifier accepts or not, not accepted where the networks do not agree."""
        if not self.needs_agreement or not digit.accepted or agreement >= MIN_AGREEMENT:
            return digit
        return replace(digit, accepted=False, reason="not_a_digit")

    def of_nothing(self, reason: str) -> Reading:
        """Return the reading of a picture in which there is nothing to accept."""
        return Reading((), None if self.digit is None and self.line is None else False, reason)


def is_cut_off(line: RankedLine, shape: tuple[int, ...]) -> bool:
    """Return whether the left or right side of a picture, (height, width), cuts off a digit of the likeliest number."""
    height, width = shape
    margin = MIN_MARGIN * line.line.height
    for _, index in line.numbers[0].digits:
        candidate = line.candidates[index]
        left, right = candidate.left + line.line.left, candidate.right + line.line.left
        top, bottom = candidate.top + line.line.top, candidate.bottom + line.line.top
        if (left <= 0 or right >= width) and top > margin and bottom < height - margin:
            return True
    return False
