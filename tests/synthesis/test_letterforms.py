"""Digits drawn by letterforms: corners, pens, sizes, and that networks read them."""

import numpy as np
import pytest
from made_pages import generator

import lenet
from lenet.image.measure import crop_to_ink, stroke_width
from lenet.reading import Reader
from lenet.synthesis import letterforms
from lenet.synthesis.compose import cut_out


def test_a_varied_letterform_keeps_its_corners():
    corner = letterforms.letterform("0 0, 50 0, 50 0, 20 100")
    (stroke,) = letterforms.varied(corner, 0.2, generator())
    assert stroke[1].tolist() == stroke[2].tolist() != [0.5, 0.0]
    assert len({tuple(point) for point in stroke}) == 3


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("pen", [3.0, 5.0])
def test_ink_is_as_tall_and_as_thick_as_was_asked_for(digit, pen):
    random = generator(digit)
    for form in letterforms.LETTERFORMS[digit]:
        ink = letterforms.drawn_digit(form, pen, random)
        (cut,) = cut_out(ink[None], np.array([digit]))[digit]
        height = letterforms.HEIGHT_PX * np.ptp(np.concatenate(form)[:, 1])
        assert 0.85 * height < cut.shape[0] < 1.3 * height + pen
        assert pen - 0.5 < stroke_width(ink > 127) < pen + 2, "lines have soft edges besides"
        assert max(ink[[0, -1]].max(), ink[:, [0, -1]].max()) <= 20, "only soft edges are cut off"


def test_the_same_seed_draws_the_same():
    first, again, other = (
        letterforms.drawn_digit(letterforms.writer_letterform(5, generator(seed)), 3.0, generator(seed))
        for seed in (3, 3, 4)
    )
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("size", [(28, 28), (20, 16)])
def test_drawn_digits_are_normalised_as_mnist(size):
    """All ten, in a box of twenty twenty-eighths, their centres of mass in the middle; each seed has its own."""
    pictures, labels = letterforms.drawn_digits(300, *size, 1)
    assert pictures.shape == (300, *size) and set(labels.tolist()) == set(range(10))
    box = min(size) * 20 // 28
    for ink in pictures:
        tall, wide = (np.ptp(np.flatnonzero(ink.any(axis=axis))) + 1 for axis in (1, 0))
        assert max(tall, wide) == box
        middle = (np.argwhere(ink) * ink[ink > 0][:, None]).sum(axis=0) / ink.sum()
        if size == (28, 28):
            assert np.abs(middle - 14).max() <= 0.5
    again, same = letterforms.drawn_digits(300, *size, 1)
    assert np.array_equal(pictures, again) and np.array_equal(labels, same)
    assert not np.array_equal(pictures, letterforms.drawn_digits(300, *size, 2)[0])


def test_single_drawn_digits_are_read():
    drawn, labels = letterforms.drawn_digits(400, 28, 28, 20_000_101)
    assert (lenet.load("reader").predict(drawn) == labels).mean() > 0.95


def test_drawn_numbers_are_read():
    """Each by a writer and pen of its own, in black on white, ones and sevens more often than others."""
    pages, texts = [], []
    for seed in range(60):
        random = generator(20_000_101 + seed)
        forms = [letterforms.writer_letterform(digit, random) for digit in range(10)]
        pen = random.uniform(2.5, 5)
        number = random.choice([1, 7, *range(10)], 6)
        cuts = [crop_to_ink(letterforms.drawn_digit(forms[digit], pen, random)) for digit in number]
        foot = max(map(len, cuts))
        spaced = [np.pad(cut, ((foot - len(cut) + 20, 20), (4, 4))) for cut in cuts]
        pages.append(255 - np.pad(np.concatenate(spaced, axis=1), ((0, 0), (20, 20))))
        texts.append("".join(map(str, number)))
    read = [str(page.reading) for page in Reader(mode="line").pages(pages)]
    assert np.mean([a == b for a, b in zip(read, texts, strict=True)]) >= 0.95
