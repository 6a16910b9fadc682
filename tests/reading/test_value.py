"""Values of texts of digits and signs, worked out by hand."""

from decimal import Decimal

import pytest

from lenet.reading.value import value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("007", "7"),
        ("12.50", "12.50"),
        ("12,5", "12.5"),
        ("−12.50", "-12.50"),
        ("+3", "3"),
        ("65%", "0.65"),
        ("$975.36", "975.36"),
        ("975,36€", "975.36"),
        ("−£5", "-5"),
        ("#42", "42"),
        ("1,234,567", "1234567"),
        ("1.234,5", "1234.5"),
        ("1,234,567.89", "1234567.89"),
        ("0.125", "0.125"),
        ("12 345", "12345"),
        ("1 234 567,5", "1234567.5"),
        ("1 234,567", "1234.567"),
        ("− $ 5", "-5"),
        ("65 %", "0.65"),
        ("1234.567", "1234.567"),
        ("1,234", None),  # 1234, or 1.234
        ("12 34", None),
        ("1 234 56", None),
        ("1 234.5.6", None),
        ("12 3456", None),
        ("12.345", None),
        ("1,23,456", None),
        ("1.2.3", None),
        ("1.234.5", None),
        (".5", None),
        ("5.", None),
        ("", None),
        ("12/03/2024", None),
        ("35×2+1", None),
        ("(330−2)", None),
        ("5−", None),
    ],
)
def test_values(text, value):
    assert value_of(text) == (None if value is None else Decimal(value))
