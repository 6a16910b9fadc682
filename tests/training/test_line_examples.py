"""Labels of candidates and windows, and training examples of strings and fields."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_pages import bars, field, generator

import lenet
from lenet.image.measure import STROKE_LEVEL
from lenet.reading.line import sliding_window
from lenet.reading.line.candidate_images import CLASSES, MARK, NAMES, UNNAMED_CLASSES, WRONG
from lenet.reading.line.segmentation import Candidate, Segments
from lenet.reading.page.ink import ink_of
from lenet.reading.page.lines import find_lines
from lenet.synthesis.compose import OTHER, Composed, compose
from lenet.synthesis.field_variations import composed_field, varied_field
from lenet.training import line_examples
from lenet.training.line_examples import (
    candidate_examples,
    candidate_labels,
    hard_examples,
    load_examples,
    training_examples,
    window_examples,
)


def test_no_candidate_of_a_word_is_a_digit():
    for seed in range(10):
        word = compose(bars(), [], generator(seed))
        assert all(label >= MARK for label in candidate_examples([word], generator())[1])


def three_segments():
    """Return two halves of a 6 and a dot: their segments, and the string with their owners."""
    labels = np.zeros((20, 40), np.int32)
    labels[2:18, 2:10], labels[2:18, 10:18], labels[15:18, 24:27] = 1, 2, 3
    owners = np.select([(labels == 1) | (labels == 2), labels == 3], [1, OTHER], 0).astype(np.int8)
    boxes = np.array([(2, 2, 10, 18), (10, 2, 18, 18), (24, 15, 27, 18)])
    return Segments(labels, boxes), Composed(np.zeros((20, 40), np.uint8), (6,), owners)


RUNS = [
    (Candidate(0, 0, 2, 2, 10, 18), WRONG),  # half of it
    (Candidate(0, 1, 2, 2, 18, 18), 6),
    (Candidate(0, 2, 2, 2, 27, 18), 6),  # the dot is little ink
    (Candidate(1, 1, 10, 2, 18, 18), WRONG),
    (Candidate(2, 2, 24, 15, 27, 18), MARK),
]


def test_labels_by_strokes():
    segments, truth = three_segments()
    labels = candidate_labels([candidate for candidate, _ in RUNS], segments, truth)
    assert labels.tolist() == [label for _, label in RUNS]


def test_labels_by_boxes():
    segments, truth = three_segments()
    candidates = [candidate for candidate, _ in RUNS]
    labels = candidate_labels(candidates, segments, replace(truth, boxes=((2, 2, 18, 18),)))
    # By boxes a 6 with the dot has 256 of 400 pixels in common with the 6: neither it nor clearly wrong.
    assert labels.tolist() == [WRONG, 6, -1, WRONG, MARK]


def test_a_digit_with_a_mark_or_a_narrow_digit_is_a_wrong_segmentation():
    labels = np.zeros((20, 40), np.int32)
    labels[2:18, 2:18], labels[2:18, 19:21], labels[8:13, 24:29] = 1, 2, 3
    owners = np.select([labels == 1, labels == 2, labels == 3], [1, 2, OTHER], 0).astype(np.int8)
    segments = Segments(labels, np.array([(2, 2, 18, 18), (19, 2, 21, 18), (24, 8, 29, 13)]))
    truth = Composed(np.zeros((20, 40), np.uint8), (8, 1), owners)
    with_one, with_mark = Candidate(0, 1, 2, 2, 21, 18), Candidate(1, 2, 19, 2, 29, 18)
    alone = [Candidate(k, k, *map(int, segments.boxes[k])) for k in range(3)]
    # The 8 and the 1 have 256 of 288 pixels in common with the 8.
    assert candidate_labels([*alone, with_one, with_mark], segments, truth).tolist() == [8, 1, MARK, WRONG, WRONG]


def test_signs_have_their_classes_and_parts_of_them_are_wrong():
    """A 6, an equals sign of two strokes above each other, and a speck."""
    labels = np.zeros((20, 60), np.int32)
    labels[2:18, 2:18], labels[6:8, 24:36], labels[12:14, 24:36], labels[4:7, 50:53] = 1, 2, 3, 4
    owners = np.select([labels == 1, (labels == 2) | (labels == 3), labels == 4], [1, OTHER - 1, OTHER]).astype(np.int8)
    boxes = np.array([(2, 2, 18, 18), (24, 6, 36, 8), (24, 12, 36, 14), (50, 4, 53, 7)])
    truth = Composed(np.zeros((20, 60), np.uint8), (6,), owners, signs=("=",))
    runs = [(0, 0), (1, 1), (2, 2), (1, 2), (2, 3), (3, 3), (0, 1)]
    candidates = [
        Candidate(a, b, *map(int, (*boxes[a : b + 1, :2].min(0), *boxes[a : b + 1, 2:].max(0)))) for a, b in runs
    ]
    equals = UNNAMED_CLASSES + NAMES.index("=")
    expected = [6, WRONG, WRONG, equals, WRONG, MARK, WRONG]
    assert candidate_labels(candidates, Segments(labels, boxes), truth).tolist() == expected


def test_a_window_shows_the_digit_in_its_middle():
    """A 1 and a 0 far apart: windows show them if their middles are within four pixels, and none otherwise."""
    whole = composed_field(field())
    images, labels = window_examples([whole], generator())
    (line,) = find_lines(ink_of(whole.picture), single=True)
    strip, scale = sliding_window.strip_of(line)
    places = [next(k for k in range(strip.shape[1]) if (strip[:, k : k + 32] == one[0]).all()) for one in images]
    middles = scale * (whole.extents().mean(axis=1) - line.left)
    distance = np.abs(np.array(places)[:, None] - middles)
    assert set(labels.tolist()) == {0, 1, sliding_window.NONE}
    # Windows stand at whole pixels.
    for digit, away in zip(whole.digits, distance.T, strict=True):
        assert (labels[away < 3.4] == digit).all()
        assert (labels[away > 4.6] != digit).all()


def test_a_varied_fields_candidates_have_the_labels_of_its_digits():
    marks = 0
    strokes = ink_of(field().picture).image >= STROKE_LEVEL
    for seed in range(10):
        varied = varied_field(composed_field(field()), strokes, generator(seed))
        images, labels = candidate_examples([varied], generator(seed))
        assert images.shape[1:] == (3, 28, 28)
        assert {0, 1} <= set(labels.tolist()) <= {0, 1, MARK, WRONG}
        marks += MARK in labels
    assert marks >= 5


@pytest.mark.mnist
def test_hard_examples_are_those_of_little_confidence(monkeypatch):
    few = {"HARD_STRINGS": 6, "HARD_MIXED_STRINGS": 4, "HARD_COPIES": 1, "BATCH_STRINGS": 5}
    for name, count in few.items():
        monkeypatch.setattr(line_examples, name, count)
    monkeypatch.setattr(line_examples, "EASY_KEPT", 0.0)
    network = lenet.load("sliding-window")
    images, labels = hard_examples("sliding-window", network, [field()], 3, threads=1)
    assert len(images) == len(labels) > 0
    assert (network.predict_proba(images).max(axis=1) < line_examples.EASY_CONFIDENCE).all()
    others, _ = hard_examples("sliding-window", network, [field()], 4, threads=1)
    assert images.tobytes() != others.tobytes()
    monkeypatch.setattr(line_examples, "EASY_CONFIDENCE", 1.1)
    all_images, _ = hard_examples("sliding-window", network, [field()], 3, threads=1)
    hard = all_images[network.predict_proba(all_images).max(axis=1) < 0.98]
    assert len(all_images) > len(hard)
    assert sorted(image.tobytes() for image in hard) == sorted(image.tobytes() for image in images)


def test_hard_examples_need_a_network_and_fields():
    message = "hard examples of 'sliding-window'; expected fields of one's own and initial weights"
    with pytest.raises(ValueError, match=message):
        load_examples("sliding-window", hard=True)
    with pytest.raises(ValueError, match=message):
        load_examples("sliding-window", hard=True, initial=lenet.load("sliding-window"))


@pytest.mark.mnist
def test_training_examples_of_strings_and_fields():
    """The same ones, whether one process makes them or two."""
    first, again = (training_examples("candidates", [field()], 3, count=8, threads=threads) for threads in (1, 2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, again, strict=True))
    images, labels = first
    assert len(images) == len(labels) > 100
    assert set(np.unique(labels)) <= set(range(CLASSES))
    assert (labels >= UNNAMED_CLASSES).any()
    assert (labels == WRONG).any()
    assert images[:, 0].any(axis=(1, 2)).all(), "ink in each, a long thin rule made as small as a digit too"


@pytest.mark.mnist
def test_a_data_set_of_training_examples_says_what_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(line_examples, "FINE_TUNING_STRINGS", 3)
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), field().picture)
    rows = "\n".join("\t".join(map(str, ("a.png", *box))) for box in field().boxes)
    (tmp_path / "boxes.tsv").write_text(f"file\tdigit\tx\ty\twidth\theight\n{rows}\n")
    network = lenet.load("sliding-window")
    dataset = load_examples(f"sliding-window:{tmp_path}", initial=network, seed=3, threads=1)
    assert dataset.origin == f"sliding-window of MNIST digits, and 1 fields from {tmp_path}"
    images, labels = training_examples("sliding-window", [field()], 3, count=3, threads=1)
    assert np.array_equal(dataset.images, images)
    assert np.array_equal(dataset.labels, labels)


class NamesCommas:
    """Stands for a network to which every candidate is a comma, or rather nothing else that is a mark."""

    classes = CLASSES

    def predict_proba(self, images, threads=None):
        probabilities = np.full((len(images), CLASSES), 0.01)
        probabilities[:, UNNAMED_CLASSES + NAMES.index(",")] = 0.5
        return probabilities


@pytest.mark.mnist
def test_marks_of_fields_have_the_names_that_the_initial_network_gives_them():
    """The field has a 1, a 0 and a dot, of which nobody has said that it is one."""
    comma = UNNAMED_CLASSES + NAMES.index(",")
    unnamed, named = (
        training_examples("candidates", [field()], count=0, initial=initial, threads=1)[1]
        for initial in (None, NamesCommas())
    )
    assert (unnamed == MARK).sum() == (named == comma).sum() > 0
    assert not (named == MARK).any()
    assert np.array_equal(unnamed[unnamed != MARK], named[named != comma])
