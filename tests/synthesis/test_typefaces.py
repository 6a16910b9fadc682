"""Signs and letters of typefaces: whole characters that stand on their line."""

import numpy as np
import pytest
from made_pages import generator

from lenet.image.measure import ink_box
from lenet.synthesis.signs import LABELS
from lenet.synthesis.typefaces import ASCII_OF_SIGN, LETTERS, OTHER_CHARACTERS, printed

SIZE = 40


@pytest.mark.parametrize("character", [*ASCII_OF_SIGN.values(), *LETTERS, *OTHER_CHARACTERS])
def test_a_character_is_whole(character):
    random = generator(5)
    for _ in range(20):
        ink = printed(character, SIZE, 3.0, random)
        assert ink.shape[0] == round(1.8 * SIZE)
        assert ink.max() > 0.5
        edges = [ink[0], ink[-1], ink[:, 0], ink[:, -1]]
        assert not any((edge > 0.5).any() for edge in edges), "cut off"


def test_capitals_are_as_high_as_a_digit_and_stand_on_the_baseline():
    for seed in range(40):
        _, top, _, height = ink_box(printed("H", SIZE, 3.0, generator(seed)) > 0.5)
        assert top == pytest.approx(0.3 * SIZE, abs=5)
        assert top + height == pytest.approx(1.3 * SIZE, abs=4)


def test_letters_hang_below_the_line_and_points_stand_on_it():
    for seed in range(20):
        _, top, _, height = ink_box(printed("q", SIZE, 3.0, generator(seed)) > 0.5)
        assert top + height > 1.4 * SIZE
        _, top, _, height = ink_box(printed(".", SIZE, 3.0, generator(seed)) > 0.5)
        assert top >= SIZE and top + height < 1.5 * SIZE


def test_typefaces_differ():
    pictures = {printed("A", SIZE, 3.0, generator(seed)).tobytes() for seed in range(10)}
    assert len(pictures) == 10


def test_the_characters_are_those_of_named_signs():
    assert set(ASCII_OF_SIGN) <= set(LABELS)
    assert set(LABELS) - set(ASCII_OF_SIGN) == set("×÷€£¥")
    assert not set(LETTERS) & set(LABELS)
    assert np.array([character.isascii() for character in OTHER_CHARACTERS]).all()
