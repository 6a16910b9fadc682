"""The steps from a picture to candidates, on strokes whose places are known."""

import cv2
import numpy as np
import pytest

from lenet.reading.cuts import Candidate, Parts, candidates_of, parts_of, seams
from lenet.reading.ink import Ink, ink_of
from lenet.reading.lines import Band, bands, quantile, without_rules
from lenet.reading.pieces import pictures_of
from lenet.reading.sheet import without_desk


def page(*strokes, size=(60, 200), paper=230, ink=40, pen=4):
    """Paper with strokes, each from one point to another, (x, y)."""
    grey = np.full(size, paper, np.uint8)
    for start, end in strokes:
        cv2.line(grey, start, end, ink, pen)
    return grey


BARS = [((x, 10), (x, 45)) for x in (30, 70, 110)]


def band_of(strokes, height=40.0, pen=4.0):
    """A line of strokes, a mask, with its components."""
    count, labels = cv2.connectedComponents(strokes.astype(np.uint8), connectivity=8)
    assert count > 1
    return Band(0, 0, (strokes * 255).astype(np.uint8), labels.astype(np.int32), height, len(strokes) / 2, pen)


def test_ink_is_where_strokes_are_however_dark_they_are():
    grey = page(*BARS)
    strokes = grey < 100
    for picture in (grey, 255 - grey, page(*BARS, paper=150, ink=90), page(*BARS, paper=60, ink=200)):
        ink = ink_of(picture)
        assert np.array_equal(ink.image >= 128, strokes)
        assert ink.pen == pytest.approx(4, abs=1.5)


def test_ink_in_uneven_light_and_on_patterned_paper():
    grey = page(*BARS).astype(float)
    y, x = np.mgrid[:60, :200]
    lit = grey * (1 - 0.5 * x / 200)
    patterned = np.where(grey < 100, grey, grey - 25 * (np.sin(x / 1.5 + y / 3) > 0.3))
    for picture in (lit, patterned):
        ink = ink_of(picture.clip(0, 255).astype(np.uint8)).image
        assert ((ink >= 128) == (grey < 100)).mean() > 0.98
        # A border that is not even: ink is what is rare.
        assert ((ink_of(255 - picture.clip(0, 255).astype(np.uint8)).image >= 128) == (grey < 100)).mean() > 0.98


def on_a_desk(sheet, corners, desk=70):
    """A sheet of paper seen from askew: its four corners, (x, y), in a photo as large."""
    height, width = sheet.shape
    here = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    turn = cv2.getPerspectiveTransform(here, np.float32(corners))
    grain = np.random.default_rng(0).normal(0, 4, sheet.shape)
    paper = cv2.warpPerspective(np.ones_like(sheet, np.float32), turn, (width, height))
    photo = cv2.warpPerspective(sheet, turn, (width, height)) * paper + desk * (1 - paper) + grain
    return np.clip(photo, 0, 255).astype(np.uint8), turn


@pytest.mark.parametrize(
    "corners",
    [
        ((40, 30), (560, 50), (580, 370), (60, 380)),
        ((60, -40), (640, 30), (640, 450), (30, 340)),  # two sides are not in the photo
    ],
)
def test_a_desk_around_the_sheet_is_no_ink(corners):
    sheet = page(((200, 150), (200, 250)), ((300, 150), (300, 250)), size=(400, 600), pen=6)
    photo, turn = on_a_desk(sheet, corners)
    shade = np.linspace(0.6, 1, 600)
    for picture in (photo, (photo * shade).astype(np.uint8)):
        (band,) = bands(ink_of(picture))
        rows, columns = np.nonzero(band.components)
        rows, columns = rows + band.top, columns + band.left
        ends = cv2.perspectiveTransform(np.float32([[(195, 145), (305, 145), (305, 255), (195, 255)]]), turn)[0]
        assert ends.min(axis=0) == pytest.approx((columns.min(), rows.min()), abs=12)
        assert ends.max(axis=0) == pytest.approx((columns.max(), rows.max()), abs=12)


def test_what_has_no_desk_stays_as_it_is():
    rng = np.random.default_rng(1)
    shadow = page(*BARS, size=(300, 400)) * np.clip(np.linspace(-2, 3, 400), 0.5, 1)
    white = cv2.resize(page(((40, 20), (40, 80)), size=(100, 80), paper=0, ink=255, pen=20), (320, 400))
    for picture in (page(*BARS, size=(300, 400)), shadow, white, rng.integers(0, 256, (200, 300))):
        grey = np.asarray(picture, np.uint8)
        assert np.array_equal(without_desk(grey), grey)


def test_a_large_picture_is_shrunk_and_says_so():
    grey = np.full((2100, 2100), 220, np.uint8)
    grey[500:1500, 1000:1100] = 30
    ink = ink_of(grey)
    assert (ink.shrink, ink.image.shape) == (2, (1050, 1050))
    assert ink.image[300:700, 505:545].min() > 200


def test_no_ink():
    assert ink_of(np.full((40, 50), 200, np.uint8)).pen == 0
    assert bands(Ink(np.zeros((40, 50), np.uint8))) == []


def test_rules_go_and_what_crosses_them_stays():
    strokes = (page(*BARS, ((0, 45), (199, 45)), pen=3) < 100).astype(np.uint8)
    rest = without_rules(strokes, 3, 90, 120)
    assert rest[:, 31 + 10 : 60].sum() == 0  # the rule between two bars
    assert np.array_equal(rest[:40], strokes[:40])
    assert rest[45, 30] == 1  # the first bar, where it crosses


def test_lines_from_top_to_bottom():
    grey = page(*BARS, *[((x, 110), (x, 145)) for x in (40, 80)], size=(180, 200))
    first, second = bands(ink_of(grey))
    assert first.top < second.top
    assert [int(band.components.astype(bool).sum(axis=0).astype(bool).sum()) for band in (first, second)] == [15, 10]
    (whole,) = bands(ink_of(grey), single=True)
    assert len(parts_of(whole).boxes) == 5


def test_small_marks_belong_to_the_line_that_they_lie_in():
    grey = page(*BARS)
    grey[43:48, 50:55] = 40
    grey[2, 150] = 40  # a speck
    (band,) = bands(ink_of(grey))
    parts = parts_of(band)
    assert len(parts.boxes) == 4
    assert parts.boxes[1].tolist() == [50 - band.left, 43 - band.top, 55 - band.left, 48 - band.top]


def test_quantile_is_weighted():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 6.0])
    assert quantile(values, weights) == 2.0
    assert quantile(values, weights, 0.1) == 1.0
    assert quantile(values, np.array([7.0, 1.0, 1.0])) == 3.0


def test_two_rings_that_touch_are_cut_where_they_do():
    grey = np.zeros((44, 80), np.uint8)
    cv2.ellipse(grey, (20, 22), (16, 18), 0, 0, 360, 1, 4)
    cv2.ellipse(grey, (56, 22), (16, 18), 0, 0, 360, 1, 4)
    assert cv2.connectedComponents(grey)[0] == 2
    ways = seams(grey > 0, 40, 4)
    assert min(abs(way.mean() - 38) for way in ways) <= 4
    parts = parts_of(band_of(grey > 0))
    left = [c for c in candidates_of(parts, 40) if c.left <= 3 and abs(c.right - 38) <= 3]
    assert len(left) == 1
    assert (left[0].top, left[0].bottom) == (2, 43)


def test_strokes_that_have_become_one_are_cut_between_them():
    boxes = np.zeros((44, 70), np.uint8)
    for left in (4, 33):  # two frames with strokes of five pixels, side by side
        cv2.rectangle(boxes, (left, 2), (left + 28, 41), 255, -1)
        cv2.rectangle(boxes, (left + 5, 7), (left + 23, 36), 0, -1)
    ways = seams(boxes > 0, 40, 5)
    # From the first row to the last the way stays within the ten pixels that both strokes have.
    assert any((np.abs(way - 33) <= 3).all() for way in ways)


@pytest.mark.parametrize("lean", [0, 15, 30, 42])
def test_one_stroke_is_not_cut_however_it_slants(lean):
    strokes = page(((10 + lean, 5), (10, 50)), size=(56, 70)) < 100
    assert seams(strokes[:, strokes.any(axis=0)], 45, 4) == []


def test_candidates_are_the_runs_of_neighbours():
    boxes = np.array([(0, 0, 10, 40), (14, 0, 24, 40), (60, 0, 70, 40)])
    found = candidates_of(Parts(np.zeros((40, 70), np.int32), boxes), 40)
    # The third is farther than half a height from the others.
    assert found == [
        Candidate(0, 0, 0, 0, 10, 40),
        Candidate(0, 1, 0, 0, 24, 40),
        Candidate(1, 1, 14, 0, 24, 40),
        Candidate(2, 2, 60, 0, 70, 40),
    ]


def test_what_the_network_sees():
    strokes = np.zeros((40, 60), bool)
    strokes[0:40, 10:14] = strokes[0:40, 30:34] = strokes[36:40, 42:46] = True
    band = band_of(strokes)
    parts = parts_of(band)
    found = candidates_of(parts, 40)
    pictures = dict(zip([(c.first, c.last) for c in found], pictures_of(band, parts, found), strict=True))
    own, around, line = pictures[0, 0]
    # Forty pixels become twenty: two columns of ink in the middle, the next stroke ten columns to the right.
    assert own[4:24, 13:15].min() > 200
    assert own.astype(int).sum() == pytest.approx(255 * 40, rel=0.1)
    assert around[5:23, 23:25].min() > 200
    assert around[:, :20].max() < 10  # what the blur against aliasing leaves
    dot, beside, _ = pictures[2, 2]
    assert (dot > 128).sum() <= 16  # not scaled up to what a digit takes
    assert beside[:10].max() > 200
    # In the third map forty pixels are fourteen: the stroke in the middle, the next one seven columns to the right.
    assert line[9:19, 13].min() > 120
    assert line[9:19, 20].min() > 120
    assert line[:, :12].max() < 30
    assert line[:6].max() == 0
    both = pictures[0, 1][0]
    assert both.astype(int).sum() == pytest.approx(2 * 255 * 40, rel=0.1)
