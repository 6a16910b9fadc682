"""The value of a line that is one number: its sign, its decimal point or comma, thousands, percent."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile("(?P<sign>[+−]?)(?P<before>[$€£¥#]?)(?P<number>[0-9.,]+)(?P<after>[$€£¥%]?)")
_BESIDE_SIGN = re.compile("(?<=[+−$€£¥#]) | (?=[$€£¥%])")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")


def value_of(text: str) -> Decimal | None:
    """Return the number that a text of digits and signs is; None where it is none, or could be two.

    The last of points and commas is the decimal one, unless there are several of the same: these are between thousands.
    One alone before three digits may be either, so that such a number has no value. A blank is a wide gap, wider than
    between thousands: there are two numbers.

    Examples
    --------
    >>> [str(value_of(text)) for text in ("−12.50", "$1,234.5", "65%", "1.234", "12 345", "35×2")]
    ['-12.50', '1234.5', '0.65', 'None', 'None', 'None']
    """
    match = _NUMBER.fullmatch(_BESIDE_SIGN.sub("", text))
    number = match and _plain(match["number"])
    if not match or not number:
        return None
    sign = "-" if match["sign"] == "−" else ""
    return Decimal(f"{sign}{number}{'E-2' if match['after'] == '%' else ''}")


def _plain(number: str) -> str | None:
    """Return a number with a point before its decimals and nothing between its thousands; None if it is unclear."""
    separators = [character for character in number if character in ".,"]
    if not separators:
        return number
    last = separators[-1]
    whole, _, decimals = number.rpartition(last)
    if len(separators) == 1:
        unclear = len(decimals) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
        return None if unclear or not decimals or not whole else f"{whole}.{decimals}"
    if len(set(separators)) == 1:
        return number.replace(last, "") if _GROUPED.fullmatch(number) else None
    if separators[:-1] != [separators[0]] * (len(separators) - 1) or not decimals:
        return None
    return f"{whole.replace(separators[0], '')}.{decimals}" if _GROUPED.fullmatch(whole) else None
