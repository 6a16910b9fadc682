"""Check digits, on numbers that are known to be right."""

import pytest

from lenet.reading.checksums import CHECKSUMS


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("luhn", "79927398713"),
        ("luhn", "4539578763621486"),
        ("isbn", "0306406152"),
        ("isbn", "9780306406157"),
        ("iban", "89370400440532013000"),  # DE, as the registry's example has it
        ("iban", "611904300234573201"),  # AT
    ],
)
def test_check_digits(kind, right):
    is_right = CHECKSUMS[kind]
    assert is_right(right)
    for at in range(len(right)):  # with any one digit wrong it is not right
        other = str((int(right[at]) + 1) % 10)
        assert not is_right(right[:at] + other + right[at + 1 :])
    assert not is_right("")
    assert not is_right("7")
