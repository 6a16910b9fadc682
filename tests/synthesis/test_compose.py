"""Strings of digits composed on paper: who owns which pixels, and what they are composed of."""

from dataclasses import replace

import numpy as np
import pytest
from made_pages import bars, field, generator

from lenet.synthesis.compose import OTHER, WORD, Composed, _Sheet, annotated, compose, cut_out, numbers
from lenet.synthesis.field_variations import composed_field
from lenet.synthesis.signs import LABELS
from lenet.synthesis.style import random_style


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
    missing = sum(not len(columns) for columns in signs)
    assert missing == 0 or len(np.unique(string.picture)) == 2, "only thresholding takes whole points away"
    middles = [np.nonzero(string.owners == k)[1].mean() for k in range(1, len(number) + 1)]
    assert middles == sorted(middles)
    # Strokes are darker than the paper.
    assert string.picture[string.owners > 0].mean() < string.picture[string.owners == 0].mean() - 10


def test_a_word_has_no_digits():
    for seed in range(10):
        word = compose(bars(), [], generator(seed))
        assert word.digits == ()
        assert word.owners.min() <= OTHER
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


def styled(seed, number, **changes):
    """Return a string composed of bars in a plain style with some changes."""
    random = generator(seed)
    style = replace(random_style(random, True), thresholded=False, **changes)
    sheet = _Sheet(style, len(number), random)
    sheet.x = style.size
    for digit in number:
        sheet.write(bars()[digit], digit)
    return style, sheet.picture()


def test_long_stems_go_below_the_line():
    for seed in range(20):
        style, string = styled(seed, [1, 7, 3], stems=1.0)
        feet = [np.flatnonzero((string.owners == k).any(axis=1))[-1] for k in (1, 2, 3)]
        assert abs(feet[0] - feet[2]) <= 2
        assert 0.15 * style.size < feet[1] - feet[0] < style.size


def test_stretched_digits_are_about_as_wide_as_they_are_high():
    for seed in range(10):
        _, narrow = styled(seed, [5])
        _, wide = styled(seed, [5], stretched=True)
        ratios = [np.divide(*(np.ptp(np.argwhere(string.owners == 1), axis=0) + 1)) for string in (narrow, wide)]
        assert ratios[1] < 0.6 * ratios[0], "height by width"


def test_strokes_with_gaps_have_less_ink_that_digits_own():
    before, after = (
        np.mean([(styled(seed, [8, 5], gaps=gaps)[1].owners > 0).sum() for seed in range(10)]) for gaps in (False, True)
    )
    assert 0.5 * before < after < 0.99 * before


def test_a_thresholded_string_is_black_and_white():
    random = generator(3)
    style = replace(random_style(random, False), thresholded=True, marks=0.0)
    sheet = _Sheet(style, 2, random)
    sheet.x = style.size
    sheet.write(bars()[4], 4)
    string = sheet.picture()
    assert set(np.unique(string.picture)) == {0, 255}
    assert (string.picture[string.owners > 0] == 0).all()
