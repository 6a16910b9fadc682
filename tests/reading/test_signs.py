"""Signs, drawn by lines, between MNIST's test digits: text with signs, values, patterns."""

from decimal import Decimal

import pytest
from made_pages import written

from lenet.reading import read

pytestmark = pytest.mark.mnist


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("−204", Decimal(-204)),
        ("35×2", None),
        ("20+35", None),
        ("58.20", Decimal("58.20")),
        ("2+3=5", None),
        ("26/07/1984", None),
    ],
)
def test_signs_are_in_the_full_text(mnist_test, text, value):
    (line,) = read(written(text, *mnist_test)).lines
    assert (line.full_text, line.value) == (text, value)
    assert line.text == "".join(character for character in text if character.isdecimal())


def test_a_pattern_says_where_signs_stand(mnist_test):
    (line,) = read(written("20/05", *mnist_test), pattern="##/##").lines
    assert (line.text, line.full_text) == ("2005", "20/05")
    assert [mark.label for mark in line.marks] == ["/"]
