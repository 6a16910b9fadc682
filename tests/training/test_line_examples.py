"""Strings that are composed, the labels of their candidates, and fields of one's own."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

import lenet
from lenet import strings
from lenet.compose import OTHER, Composed, compose, cut_out, numbers
from lenet.data import DataError
from lenet.fields import Field, read_fields, varied
from lenet.reading import windows
from lenet.reading.cuts import Candidate, Parts
from lenet.reading.ink import ink_of
from lenet.reading.lines import bands
from lenet.reading.pieces import MARK, WRONG
from lenet.strings import candidates_in, labels_of, windows_in


def bars(count=3):
    """Samples of "digits": upright bars, each as wide as its number says."""
    return [[np.full((20, 3 + digit), 255, np.uint8)] * count for digit in range(10)]


def generator(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def test_the_same_seed_writes_the_same():
    first, second, other = (compose(bars(), [1, 7, 0], generator(seed)) for seed in (5, 5, 6))
    assert first.picture.tobytes() == second.picture.tobytes()
    assert first.owners.tobytes() == second.owners.tobytes()
    assert first.picture.shape != other.picture.shape or (first.picture != other.picture).any()


@pytest.mark.parametrize("seed", range(30))
def test_every_digit_has_its_strokes_from_left_to_right(seed):
    random = generator(seed)
    number = numbers(random)
    made = compose(bars(), number, random)
    assert made.digits == tuple(number)
    assert made.picture.shape == made.owners.shape
    assert set(np.unique(made.owners)) <= {OTHER, 0, *range(1, len(number) + 1)}
    middles = [np.nonzero(made.owners == k)[1].mean() for k in range(1, len(number) + 1)]
    assert middles == sorted(middles)
    # Strokes are darker than the paper.
    assert made.picture[made.owners > 0].mean() < made.picture[made.owners == 0].mean() - 10


def test_a_word_has_no_digits_and_its_candidates_are_marks():
    for seed in range(10):
        made = compose(bars(), [], generator(seed))
        assert made.digits == ()
        assert OTHER in made.owners
        assert made.owners.max() <= 0
        assert set(candidates_in([made], generator())[1].tolist()) <= {MARK}


def test_numbers_of_all_lengths_with_zeros_at_the_end():
    random = generator(1)
    drawn = [numbers(random) for _ in range(2000)]
    assert {len(number) for number in drawn} == set(range(1, 11))
    assert sum(number[-2:] == [0, 0] for number in drawn) > 100


def test_cut_out_leaves_the_paper_away():
    image = np.zeros((28, 28), np.uint8)
    image[5:20, 10:14] = 200
    found = cut_out(image[None], np.array([4]))
    assert [len(own) for own in found] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert found[4][0].shape == (15, 4)


def three_parts():
    """Two halves of a 6 and a dot: labels, boxes, owners."""
    labels = np.zeros((20, 40), np.int32)
    labels[2:18, 2:10], labels[2:18, 10:18], labels[15:18, 24:27] = 1, 2, 3
    owners = np.select([(labels == 1) | (labels == 2), labels == 3], [1, OTHER], 0).astype(np.int8)
    boxes = np.array([(2, 2, 10, 18), (10, 2, 18, 18), (24, 15, 27, 18)])
    return Parts(labels, boxes), Composed(np.zeros((20, 40), np.uint8), (6,), owners)


RUNS = [
    (Candidate(0, 0, 2, 2, 10, 18), WRONG),  # half of it
    (Candidate(0, 1, 2, 2, 18, 18), 6),
    (Candidate(0, 2, 2, 2, 27, 18), 6),  # the dot is little ink
    (Candidate(1, 1, 10, 2, 18, 18), WRONG),
    (Candidate(2, 2, 24, 15, 27, 18), MARK),
]


def test_labels_by_strokes():
    parts, truth = three_parts()
    told = labels_of([candidate for candidate, _ in RUNS], parts, truth)
    assert told.tolist() == [label for _, label in RUNS]


def test_labels_by_boxes():
    parts, truth = three_parts()
    told = labels_of([candidate for candidate, _ in RUNS], parts, replace(truth, boxes=((2, 2, 18, 18),)))
    # By boxes a 6 with the dot has 256 of 400 pixels in common with the 6: neither it nor clearly wrong.
    assert told.tolist() == [WRONG, 6, -1, WRONG, MARK]


def test_a_digit_with_a_mark_or_a_slender_one_is_cut_wrongly():
    labels = np.zeros((20, 40), np.int32)
    labels[2:18, 2:18], labels[2:18, 19:21], labels[8:13, 24:29] = 1, 2, 3
    owners = np.select([labels == 1, labels == 2, labels == 3], [1, 2, OTHER], 0).astype(np.int8)
    parts = Parts(labels, np.array([(2, 2, 18, 18), (19, 2, 21, 18), (24, 8, 29, 13)]))
    truth = Composed(np.zeros((20, 40), np.uint8), (8, 1), owners)
    with_one, with_mark = Candidate(0, 1, 2, 2, 21, 18), Candidate(1, 2, 19, 2, 29, 18)
    alone = [Candidate(k, k, *map(int, parts.boxes[k])) for k in range(3)]
    # The 8 and the 1 have 256 of 288 pixels in common with the 8.
    told = labels_of([*alone, with_one, with_mark], parts, truth)
    assert told.tolist() == [8, 1, MARK, WRONG, WRONG]


def test_a_part_of_a_string_has_its_owners_and_boxes():
    whole = field().composed()
    part = whole.part(10, 5, 40, 30)
    assert part.picture.shape == part.owners.shape == (40, 30)
    assert part.owners[20, 10] == 1 == whole.owners[25, 20]
    assert part.boxes == ((8, 3, 13, 38), (38, 3, 63, 38))
    assert whole.extents().tolist() == [[18, 23], [48, 73]]


def test_extents_without_boxes_are_those_of_strokes():
    _, truth = three_parts()
    assert truth.extents().tolist() == [[2, 18]]
    assert np.isnan(replace(truth, digits=(6, 1)).extents()[1]).all()


def test_a_window_shows_the_digit_in_its_middle():
    """A 1 and a 0 far apart: windows show them if their middles are within four pixels, and none otherwise."""
    whole = field().composed()
    pictures, told = windows_in([whole], generator())
    (band,) = bands(ink_of(whole.picture), single=True)
    strip, scale = windows.strip_of(band)
    places = [next(k for k in range(strip.shape[1]) if (strip[:, k : k + 32] == one[0]).all()) for one in pictures]
    middles = scale * (whole.extents().mean(axis=1) - band.left)
    far = np.abs(np.array(places)[:, None] - middles)
    assert set(told.tolist()) == {0, 1, windows.NONE}
    # Windows stand at whole pixels.
    for digit, away in zip(whole.digits, far.T, strict=True):
        assert (told[away < 3.4] == digit).all()
        assert (told[away > 4.6] != digit).all()


def field(name="a.png"):
    grey = np.full((50, 120), 220, np.uint8)
    cv2.line(grey, (20, 10), (20, 40), 40, 4)
    cv2.ellipse(grey, (60, 25), (10, 15), 0, 0, 360, 40, 4)
    cv2.circle(grey, (90, 38), 2, 40, -1)
    return Field(name, grey, ((1, 18, 8, 5, 35), (0, 48, 8, 25, 35)))


def test_pixels_belong_to_the_box_that_they_lie_in():
    whole = field().composed()
    assert whole.digits == (1, 0)
    assert [whole.owners[25, x] for x in (20, 51, 90)] == [1, 2, OTHER]


def test_a_varied_fields_candidates_have_the_labels_of_its_digits():
    marks = 0
    for seed in range(10):
        pictures, told = candidates_in([varied(field().composed(), generator(seed))], generator(seed))
        assert pictures.shape[1:] == (3, 28, 28)
        assert {0, 1} <= set(told.tolist()) <= {0, 1, MARK, WRONG}
        marks += MARK in told
    assert marks >= 5


def written(tmp_path, table="file\tdigit\tx\ty\twidth\theight\na.png\t0\t48\t8\t25\t35\na.png\t1\t18\t8\t5\t35\n"):
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), field().picture)
    (tmp_path / "boxes.tsv").write_text(table)
    return tmp_path


def test_fields_are_read_with_their_digits_in_order(tmp_path):
    (one,) = read_fields(written(tmp_path))
    assert (one.name, one.text, one.boxes) == ("a.png", "10", field().boxes)
    assert np.array_equal(one.picture, field().picture)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.png\t1\t2\t3", r"line 2: 'a.png\\t1\\t2\\t3'; expected file, digit, x, y, width, height"),
        ("a.png\t12\t2\t3\t4\t5", "line 2"),
        ("a.png\tx\t2\t3\t4\t5", "line 2"),
        ("b.png\t1\t2\t3\t4\t5", r"b.png: no such file, though .*boxes.tsv has boxes of it"),
    ],
)
def test_broken_tables_of_fields(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        read_fields(written(tmp_path, f"header\n{line}\n"))
    with pytest.raises(DataError, match="no such file; expected a table"):
        read_fields(tmp_path / "images")


@pytest.mark.mnist
def test_a_network_is_taught_what_it_is_unsure_of(monkeypatch):
    for name, few in (("MORE", 6), ("MORE_MIXED", 4), ("MORE_COPIES", 1), ("AT_ONCE", 5)):
        monkeypatch.setattr(strings, name, few)
    monkeypatch.setattr(strings, "SURE_KEPT", 0.0)
    network = lenet.load("windows")
    pictures, told = strings.unsure_of(network, [field()], seed=3, name="windows", threads=1)
    assert len(pictures) == len(told) > 0
    assert (network.predict_proba(pictures).max(axis=1) < strings.SURE).all()
    others, _ = strings.unsure_of(network, [field()], seed=4, name="windows", threads=1)
    assert pictures.tobytes() != others.tobytes()
    monkeypatch.setattr(strings, "SURE", 1.1)
    every, _ = strings.unsure_of(network, [field()], seed=3, name="windows", threads=1)
    unsure = every[network.predict_proba(every).max(axis=1) < 0.98]
    assert len(every) > len(unsure)
    assert sorted(picture.tobytes() for picture in unsure) == sorted(picture.tobytes() for picture in pictures)


def test_to_be_unsure_takes_a_network_and_fields():
    with pytest.raises(ValueError, match="unsure of 'windows'; expected fields of one's own and a network"):
        strings.load("windows", unsure=True)


@pytest.mark.mnist
def test_a_data_set_of_strings(tmp_path):
    fields = [field()]
    # Whether one process makes them or two.
    first, again = (strings.training(fields, seed=3, count=20, threads=threads) for threads in (1, 2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, again, strict=True))
    pictures, told = first
    assert len(pictures) == len(told) > 100
    assert set(np.unique(told)) <= set(range(12))
    assert (told == WRONG).any()
    assert pictures[:, 0].any(axis=(1, 2)).all(), "ink in each, a long thin rule made as small as a digit too"
