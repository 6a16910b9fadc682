"""Which numbers can be right: check digits of cards (Luhn), bank accounts (IBAN) and books (ISBN)."""

from __future__ import annotations

from collections.abc import Callable

_IBAN = {
    "AT": 20, "BE": 16, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "HR": 21, "HU": 28, "IS": 26,
    "LT": 20, "NO": 15, "PL": 28, "PT": 25, "SE": 24, "SI": 19, "SK": 24,
}  # fmt: skip
"""Countries whose account numbers are digits only, with an IBAN's length (ISO 13616 registry)."""


def luhn(text: str) -> bool:
    """Return whether the last digit is the check digit of ISO/IEC 7812: with every second digit to its left doubled."""
    if len(text) < 2:
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in text[-2::-2]]
    return (sum(map(int, text[-1::-2])) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    """Return whether the digits of an IBAN, without its two letters, are right for a country of that length."""
    countries = [country for country, length in _IBAN.items() if length == len(text) + 2]
    letters = ("".join(str(ord(letter) - ord("A") + 10) for letter in country) for country in countries)
    return any(int(text[2:] + country + text[:2]) % 97 == 1 for country in letters)


def isbn(text: str) -> bool:
    """Return whether it is an ISBN of ten digits (weights 10 to 1, modulo 11) or of thirteen (1 and 3, modulo 10)."""
    digits = list(map(int, text))
    if len(digits) == 10:
        return sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0
    return len(digits) == 13 and text[:3] in ("978", "979") and (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


CHECKSUMS: dict[str, Callable[[str], bool]] = {"luhn": luhn, "iban": iban, "isbn": isbn}
