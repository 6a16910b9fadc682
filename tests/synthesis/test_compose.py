"""Strings of digits composed on paper: who owns which pixels, and what they are composed of."""

from dataclasses import replace

import numpy as np
import pytest
from made_pages import bars, field, generator

from lenet.synthesis.compose import OTHER, WORD, Composed, annotated, compose, cut_out, numbers
from lenet.synthesis.field_variations import composed_field
from lenet.synthesis.signs import LABELS


def test_the_same_seed_writes_the_same():
    first, second, other = (compose(bars(), [1, 7, 0], generator(seed)) for seed in (5, 5, 6))
    assert first.picture.tobytes() == second.picture.tobytes()
    assert first.owners.tobytes() == second.owners.tobytes()
    assert first.picture.shape != other.picture.shape or (first.picture != other.picture).any()


@pytest.mark.parametrize("seed", range(30))
def test_every_digit_has_its_strokes_from_left_to_right(seed):
    random = generator(seed)
    number = numbers(random)
    string = compose(bars(), number, random)
    assert string.digits == tuple(number)
    assert string.picture.shape == string.owners.shape
    assert set(np.unique(string.owners)) <= {*range(OTHER - len(string.signs), len(number) + 1)}
    assert set(string.signs) <= set(LABELS)
    signs = [np.nonzero(string.owners == OTHER - k)[1] for k in range(1, len(string.signs) + 1)]
    assert all(len(columns) for columns in signs)
    middles = [np.nonzero(string.owners == k)[1].mean() for k in range(1, len(number) + 1)]
    assert middles == sorted(middles)
    # Strokes are darker than the paper.
    assert string.picture[string.owners > 0].mean() < string.picture[string.owners == 0].mean() - 10


def test_a_word_has_no_digits():
    for seed in range(10):
        word = compose(bars(), [], generator(seed))
        assert word.digits == ()
        assert OTHER in word.owners
        assert word.owners.max() <= 0


def test_a_plain_string_is_black_on_white_and_of_one_height():
    for seed in range(5):
        string = compose(bars(), [9, 7, 8], generator(seed), plain=True)
        assert (string.picture[0] == 255).all()
        assert string.picture.min() == 0
        heights = [np.ptp(np.nonzero(string.owners == k)[0]) for k in (1, 2, 3)]
        assert max(heights) - min(heights) <= 2


def test_numbers_of_all_lengths_with_zeros_at_the_end():
    random = generator(1)
    drawn = [numbers(random) for _ in range(2000)]
    assert {len(number) for number in drawn} == set(range(1, 11))
    assert sum(number[-2:] == [0, 0] for number in drawn) > 100


def test_digits_are_cut_out_without_the_paper():
    image = np.zeros((28, 28), np.uint8)
    image[5:20, 10:14] = 200
    digits = cut_out(image[None], np.array([4]))
    assert [len(samples) for samples in digits] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert digits[4][0].shape == (15, 4)


def test_a_part_of_a_string_has_its_owners_and_boxes():
    whole = composed_field(field())
    part = whole.part(10, 5, 40, 30)
    assert part.picture.shape == part.owners.shape == (40, 30)
    assert part.owners[20, 10] == 1 == whole.owners[25, 20]
    assert part.boxes == ((8, 3, 13, 38), (38, 3, 63, 38))
    assert whole.extents().tolist() == [[18, 23], [48, 73]]


def test_extents_without_boxes_are_those_of_strokes():
    owners = np.zeros((20, 40), np.int8)
    owners[2:18, 2:18], owners[15:18, 24:27] = 1, OTHER
    string = Composed(np.zeros((20, 40), np.uint8), (6,), owners)
    assert string.extents().tolist() == [[2, 18]]
    assert np.isnan(replace(string, digits=(6, 1)).extents()[1]).all()


def test_digits_with_letterforms_need_no_samples(monkeypatch):
    monkeypatch.setattr("lenet.synthesis.style.DRAWING_FRACTION", 1.0)
    drawn = 0
    for seed in range(30):
        # The samples are blots: a thin stroke was drawn by a letterform.
        string = compose([[np.full((20, 20), 255, np.uint8)]] * 10, [1], generator(seed), plain=False)
        drawn += (string.owners == 1).sum() < 0.5 * np.prod(np.ptp(np.argwhere(string.owners == 1), axis=0) + 1)
    assert 8 <= drawn <= 22


def test_signs_are_where_they_make_sense():
    random, orders = generator(2), {}
    for _ in range(400):
        tokens = annotated([1, 2, 3, 4], random)
        assert [token for token in tokens if isinstance(token, int)] == [1, 2, 3, 4]
        for token in tokens:
            assert isinstance(token, int) or token == WORD or token in LABELS
            orders.setdefault(token, []).append(tokens)
    assert all(tokens.index("(") < tokens.index(")") - 1 for tokens in orders["("])
    assert all(tokens[-1] == "%" for tokens in orders["%"])
    assert set(orders) > {"+", "/", "$", ".", WORD, "A"}
