"""Digits drawn as other hands write them: curves worked by hand, corners, pens, and that they are what they are."""

import numpy as np
import pytest

import lenet
from lenet import hands
from lenet.compose import compose, cut_out
from lenet.data.centre import without_paper
from lenet.reading import Reader
from lenet.reading.ink import pen_width


def generator(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def test_a_curve_goes_through_its_points_and_heads_for_the_next():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 2.0]])
    path = hands._curve(points, steps=3)
    # Halfway of the first piece: the mean of its ends, and an eighth of what its directions, (1/2, 0) and (1, 1),
    # differ by.
    assert path.tolist() == [[0, 0], [0.5 - 0.5 / 8, -1 / 8], [1, 0], [1, 0], [1.5 + 0.5 / 8, 1], [2, 2]]


def test_a_point_said_twice_is_a_corner():
    path = hands._curve(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 4.0]]))
    assert set(path[path[:, 1] > 0, 0]) == {4.0} and set(path[path[:, 0] < 4, 1]) == {0.0}


def test_somebodys_form_keeps_its_corners():
    corner = hands._form("0 0, 50 0, 50 0, 20 100")
    (stroke,) = hands.varied(corner, 0.2, generator())
    assert stroke[1].tolist() == stroke[2].tolist() != [0.5, 0.0]
    assert len({tuple(point) for point in stroke}) == 3


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("pen", [3.0, 5.0])
def test_ink_is_as_tall_and_as_thick_as_was_asked_for(digit, pen):
    random = generator(digit)
    for form in hands.FORMS[digit]:
        ink = hands.written(form, pen, random)
        (cut,) = cut_out(ink[None], np.array([digit]))[digit]
        assert 0.85 * hands.HEIGHT < cut.shape[0] < 1.5 * hands.HEIGHT
        assert pen - 0.5 < pen_width(ink > 127) < pen + 2, "lines have soft edges besides"
        assert max(ink[[0, -1]].max(), ink[:, [0, -1]].max()) <= 20, "nothing is cut off but where soft edges end"


def test_the_same_seed_draws_the_same():
    first, again, other = (
        hands.written(hands.own_form(5, generator(seed)), 3.0, generator(seed)) for seed in (3, 3, 4)
    )
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("size", [(28, 28), (20, 16)])
def test_drawn_digits_are_as_mnist_has_its_own(size):
    """All ten, in a box of twenty twenty-eighths, their centres of mass in the middle; a seed draws its own."""
    pictures, labels = hands.digits(300, *size, 1)
    assert pictures.shape == (300, *size) and set(labels.tolist()) == set(range(10))
    box = min(size) * 20 // 28
    for ink in pictures:
        tall, wide = (np.ptp(np.flatnonzero(ink.any(axis=axis))) + 1 for axis in (1, 0))
        assert max(tall, wide) == box
        middle = (np.argwhere(ink) * ink[ink > 0][:, None]).sum(axis=0) / ink.sum()
        if size == (28, 28):
            assert np.abs(middle - 14).max() <= 0.5
    again, told = hands.digits(300, *size, 1)
    assert np.array_equal(pictures, again) and np.array_equal(labels, told)
    assert not np.array_equal(pictures, hands.digits(300, *size, 2)[0])


def test_single_digits_of_other_hands_are_read():
    drawn, told = hands.digits(400, 28, 28, 20_000_101)
    assert (lenet.load("reader").predict(drawn) == told).mean() > 0.97


def test_numbers_of_other_hands_are_read():
    """Each by a hand and pen of its own, in black on white, ones and sevens more often than others."""
    pages, texts = [], []
    for seed in range(60):
        random = generator(20_000_101 + seed)
        forms, pen = [hands.own_form(digit, random) for digit in range(10)], random.uniform(2.5, 5)
        number = random.choice([1, 7, *range(10)], 6)
        cuts = [without_paper(hands.written(forms[digit], pen, random)) for digit in number]
        foot = max(map(len, cuts))
        spaced = [np.pad(cut, ((foot - len(cut) + 20, 20), (4, 4))) for cut in cuts]
        pages.append(255 - np.pad(np.concatenate(spaced, axis=1), ((0, 0), (20, 20))))
        texts.append("".join(map(str, number)))
    read = [str(page.reading) for page in Reader(mode="line").pages(pages)]
    assert np.mean([a == b for a, b in zip(read, texts, strict=True)]) >= 0.95


def test_a_hand_with_forms_of_its_own_needs_no_samples_of_them(monkeypatch):
    import lenet.compose

    monkeypatch.setattr(lenet.compose, "OTHER_HANDS", 1.0)
    drawn = 0
    for seed in range(30):
        # The samples are blots: what is tall and thin has been drawn.
        made = compose([[np.full((20, 20), 255, np.uint8)]] * 10, [1], generator(seed), plain=False)
        drawn += (made.owners == 1).sum() < 0.5 * np.prod(np.ptp(np.argwhere(made.owners == 1), axis=0) + 1)
    assert 8 <= drawn <= 22
