"""The reader: options, rejection, marks, boxes, and pictures that have no number."""

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import lenet
from lenet.model.network import Classifier
from lenet.reading import Reader, read
from lenet.reading.checksums import luhn
from lenet.reading.page import lines
from lenet.reading.page.ink import ink_of
from lenet.synthesis import nondigits
from lenet.synthesis.compose import compose, cut_out, numbers

NUMBERS = {"24709.png": "24709", "38052-touching.png": "38052", "page.png": "1998\n60000\n31415\n27182"}


EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(scope="module")
def seven():
    return Image.open(EXAMPLES / "digits" / "7.png").convert("RGB")


@pytest.mark.parametrize("name", NUMBERS)
def test_the_sample_numbers_are_read(pictures, name):
    reading = read(pictures / "numbers" / name)
    assert str(reading) == NUMBERS[name]
    assert (reading.accepted, reading.reason) == (None, "")
    for line in reading.lines:
        assert 0 < line.confidence <= 1
        lefts = [digit.box[0] for digit in line.digits]
        assert lefts == sorted(lefts)


def test_marks_are_located_and_not_read(pictures):
    (line,) = read(pictures / "numbers" / "24709.png").lines
    # The point stands before the 7, the comma and the dash behind the 9.
    assert len(line.marks) == 3
    places = [left + width / 2 for left, _, width, _ in (mark.box for mark in line.marks)]
    digits = [digit.box[0] + digit.box[2] / 2 for digit in line.digits]
    assert digits[1] < places[0] < digits[2]
    assert digits[-1] < places[1] < places[2]


def test_boxes_are_in_the_pictures_pixels(pictures):
    number = Image.open(pictures / "numbers" / "24709.png").convert("L")
    large = np.asarray(number.resize((number.width * 12, number.height * 12)))
    assert ink_of(large).to_picture[0] > 1
    small, enlarged = read(number, mode="line"), read(large, mode="line")
    for one, other in zip(small.lines[0].digits, enlarged.lines[0].digits, strict=True):
        assert np.abs(np.array(other.box) / 12 - one.box).max() <= 3


@pytest.mark.mnist
@pytest.mark.slow
def test_strings_of_digits_that_were_in_no_training(mnist_test):
    digits = cut_out(*mnist_test)
    random = np.random.Generator(np.random.Philox(key=77))
    strings = [compose(digits, numbers(random), random) for _ in range(200)]
    pages = Reader(mode="line").pages([string.picture for string in strings])
    right = [str(page.reading) == "".join(map(str, string.digits)) for page, string in zip(pages, strings, strict=True)]
    assert np.mean(right) >= 0.6  # some are hard to read for anybody
    confidence = np.array([page.reading.confidence for page in pages])
    best = np.argsort(-confidence)[:100]
    assert np.mean(np.array(right)[best]) >= np.mean(right) + 0.1


def test_a_number_of_a_given_length(pictures):
    path = pictures / "numbers" / "38052-touching.png"
    assert str(read(path, length=5)) == "38052"
    assert len(str(read(path, length=6))) == 6


def test_a_checksum_chooses_among_the_likeliest(pictures):
    assert not luhn("24709")
    text = str(read(pictures / "numbers" / "24709.png", checksum="luhn"))
    assert text != ""
    assert luhn(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "book"}, "mode is 'book'; expected one of auto, digit, line, page"),
        ({"length": 0}, "length is 0; expected a whole number from 1 to 64"),
        ({"length": 2.5}, "length is 2.5; expected a whole number"),
        ({"grid": (0, 3)}, r"grid is \(0, 3\); expected rows and columns"),
        ({"grid": (60, 60)}, "a grid of 60x60 cells in a picture of 420x120 pixels: too small"),
        ({"checksum": "crc"}, "checksum is 'crc'; expected one of luhn, iban, isbn"),
        ({"reject": "0.00001%"}, "no rejection threshold for an error of 1e-05 %"),
        ({"grid": 5}, "grid is 5; expected rows and columns"),
        ({"grid": (2, 2), "mode": "page"}, "a grid and mode 'page'; a grid is a mode of its own"),
        ({"grid": (2, 2), "length": 3}, "a length, a pattern or a checksum for single digits"),
        ({"mode": "digit", "checksum": "luhn"}, "a length, a pattern or a checksum for single digits"),
        ({"length": 3, "pattern": "###"}, "length 3 and pattern '###'; the pattern has a length, so leave it out"),
        ({"pattern": "date"}, "pattern is 'date', with a, d, e, t; expected"),
    ],
)
def test_options_that_are_unknown_or_do_not_go_together(pictures, options, message):
    with pytest.raises(ValueError, match=message):
        read(pictures / "numbers" / "24709.png", **options)


def test_a_number_that_only_its_length_or_checksum_chose_has_no_confidence():
    bars = np.full((60, 160), 255, np.uint8)
    bars[10:50, 40:120:2] = 0
    letters = np.full((80, 400), 255, np.uint8)
    cv2.putText(letters, "HAWKER", (20, 60), 0, 2, 0, 4)
    for picture, options in ((bars, {"length": 39}), (bars, {"length": 3}), (letters, {"checksum": "luhn"})):
        (page,) = Reader(mode="line", reject="5%", **options).pages([picture])
        assert not page.reading.accepted
        assert 0 <= page.reading.confidence < 0.01


def test_other_networks_have_no_rejection_threshold_for_lines():
    other = lenet.load("sliding-window")
    with pytest.raises(ValueError, match="other networks for whole numbers have no rejection threshold"):
        Reader(mode="line", reject="5%", sliding_window=other)
    assert "no line of digits is accepted: other networks" in Reader(reject="5%", sliding_window=other).caveat
    assert Reader(reject="5%").caveat == Reader().caveat == ""


@pytest.mark.parametrize(
    ("networks", "error", "message"),
    [
        (
            {"model": "candidates"},
            ValueError,
            "the network has 43 classes, and digits are ten; `lenet look NETWORK PICTURE` says what",
        ),
        (
            {"candidates": "lenet5"},
            ValueError,
            "a network for segmentation candidates with 10 classes of 1x32x32 values; expected 43 of 3x28x28",
        ),
        ({"sliding_window": "lenet5"}, ValueError, "a sliding window with 10 classes of 1x32x32 values; expected 11"),
        ({"sliding_window": "ensemble"}, TypeError, "sliding window: an ensemble of 5 networks; expected a single"),
        ({"model": 3}, TypeError, "int as a model; expected a network, an ensemble, a name or a path"),
        ({"model": "lenet6"}, FileNotFoundError, "lenet6: no such file, and no pretrained network"),
    ],
)
def test_networks_that_do_not_fit(networks, error, message):
    with pytest.raises(error, match=message):
        Reader(**networks)


def test_networks_by_name_by_path_and_as_such(pictures, tmp_path):
    """The same networks, given in each way, read the same."""
    for name in ("candidates", "sliding-window"):
        lenet.load(name).save(tmp_path / f"{name}.safetensors")
    grey = np.asarray(Image.open(pictures / "numbers" / "24709.png").convert("L"))
    given = [
        {"candidates": "candidates", "sliding_window": "sliding-window"},
        {
            "candidates": tmp_path / "candidates.safetensors",
            "sliding_window": str(tmp_path / "sliding-window.safetensors"),
        },
        {"candidates": lenet.load("candidates"), "sliding_window": lenet.load("sliding-window")},
        {},
    ]
    readings = [Reader(mode="line", **networks).pages([grey])[0].reading for networks in given]
    assert readings[0].text == "24709"
    assert len({repr(reading) for reading in readings}) == 1


class Constant:
    """Answers with the same probabilities for any image; calibrated by a thousand answers, one wrong at 0.95."""

    calibration = lenet.Calibration(1.0, 1000, ((0.95, 900),))
    threshold = Classifier.threshold

    def __init__(self, *probabilities):
        self.probabilities = np.array([probabilities], np.float32)

    def predict_proba(self, images, threads=None):
        return self.probabilities


@pytest.mark.parametrize(
    ("probabilities", "reason"),
    [
        ([0.96, 0.04, *[0] * 8], ""),
        ([0.6, 0.4, *[0] * 8], "ambiguous"),
        ([0.1] * 10, "not_a_digit"),
    ],
)
def test_a_digit_of_too_little_confidence_is_not_accepted(seven, probabilities, reason):
    for reject in (0.0015, "0.15%"):
        reading = read(seven, Constant(*probabilities), reject=reject)
        assert (reading.accepted, reading.reason) == (reason == "", reason)
        assert str(reading) == "0"
    assert read(seven, Constant(*probabilities), reject="0.5%").accepted  # all thousand have fewer mistakes than that


def test_errors_that_a_calibration_does_not_support(seven):
    with pytest.raises(
        ValueError,
        match=r"no rejection threshold for an error of 0.05 %: 1000 hold-out images support 0.11 % at best",
    ):
        read(seven, Constant(*[0.1] * 10), reject="0.05%")
    with pytest.raises(ValueError, match="'most' is not a fraction; expected one such as 0.1% or 0.001"):
        read(seven, Constant(*[0.1] * 10), reject="most")
    with pytest.raises(ValueError, match="was never calibrated, so it has no rejection threshold"):
        read(seven, lenet.Network.create(lenet.presets["lenet5"].spec), reject="1%")


@pytest.mark.parametrize("mode", ["auto", "digit"])
def test_grain_as_dark_as_the_pencil_is_smoothed(pictures, mode):
    """A photo in little light: half in a shadow, where the grain is as dark as the strokes."""
    random = np.random.default_rng(1)
    texts = ""
    for digit in "0123456789":
        picture = Image.open(pictures / "digits" / f"{digit}.png")
        grey = np.asarray(picture.convert("L").resize((90, 120)), float)
        page = np.pad(110 + 90 * grey / 255, 60, "edge")
        page *= 1 - 0.5 / (1 + np.exp((np.arange(page.shape[1]) - 70) / 6))
        grainy = page + random.normal(0, 20, page.shape)
        texts += str(read(grainy.clip(0, 255).astype(np.uint8), mode=mode))
    assert texts == "0123456789"


def test_a_dark_blot_with_a_darker_dot_breaks_nothing():
    page = np.full((100, 100), 255, np.uint8)
    page[:60, :60], page[60:, 60:], page[80, 80] = 170, 175, 0
    assert len(read(page).lines) <= 1


def test_frames_and_shadows_do_not_matter(seven):
    grey = np.asarray(seven.convert("L")).astype(float)
    for width in (1, 4):
        assert str(read(np.pad(grey.astype(np.uint8), width))) == "7"
    slope = np.add.outer(np.linspace(0, 1, 240), np.linspace(0, 1, 180)) / 2
    assert str(read((grey * (1 - 0.6 * slope)).astype(np.uint8))) == "7"
    assert read(np.pad(np.full((60, 60), 250, np.uint8), 1)).reason == "empty"


@pytest.mark.parametrize(
    "page", [np.full((50, 50), 200, np.uint8), np.zeros((1, 1), np.uint8), np.full((3, 900), 9, np.uint8)]
)
def test_blank_paper_is_empty(page):
    reading = read(page)
    assert (str(reading), reading.accepted, reading.reason) == ("", None, "empty")
    assert read(page, reject="1%").accepted is False
    assert reading.confidence == 0


@pytest.fixture
def blobs():
    """A page of four hundred blobs, each 8 by 4 pixels."""
    page = np.full((240, 240), 240, np.uint8)
    for y in range(8):
        for x in range(4):
            page[2 + y :: 12, 4 + x :: 12] = 20
    return page


@pytest.mark.parametrize("mode", ["auto", "line"])
def test_of_too_many_blobs_only_some_are_used_and_memory_is_bounded(blobs, mode, monkeypatch):
    """Eighty components are the most here, where there are two thousand and a gigabyte otherwise."""
    assert lines.MAX_COMPONENTS == 2000
    monkeypatch.setattr(lines, "MAX_COMPONENTS", 80)
    reader = Reader(mode=mode)
    tracemalloc.start()
    (page,) = reader.pages([blobs])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < (1 << 30) * 80 // 2000
    # The largest blobs are used, no more.
    assert 0 < sum(len(np.unique(line.line.components)) - 1 for line in page.lines) <= 80


def test_a_page_of_too_many_candidates_has_no_lines(blobs, monkeypatch):
    """Each picture is counted by itself: the sample number beside the blobs is still read."""
    number = np.asarray(Image.open(EXAMPLES / "numbers" / "24709.png").convert("L"))
    monkeypatch.setattr("lenet.reading.reader.MAX_CANDIDATES", 200)
    page, other = Reader().pages([blobs, number])
    assert list(page.lines) == []
    assert (page.reading.lines, page.reading.reason) == ((), "not_a_digit")
    assert other.reading.text == "24709"


def test_a_number_whose_neighbour_is_cut_off_is_not_accepted(pictures):
    """The picture is cut through its last digit; then through its paper above and below, which makes a tight crop."""
    whole = np.asarray(Image.open(pictures / "numbers" / "24709.png").convert("L"))
    (line,) = lenet.read(whole, reject="1%").lines
    assert line.accepted
    left, top, width, height = line.digits[4].box
    cut = whole[:, : left + width - 2]
    reading = lenet.read(cut, reject="1%")
    assert (reading.text, reading.accepted, reading.reason) == ("24709", False, "border")
    assert lenet.read(cut).accepted is None
    _, top, _, height = line.box
    assert lenet.read(cut[top : top + height], reject="1%").reason != "border"


@pytest.mark.mnist
def test_non_digits_and_letters_are_not_accepted(mnist_test):
    kinds = [kind for kind in nondigits.KINDS if kind != "joined"]  # which are numbers
    images, labels = mnist_test
    others = np.concatenate(
        [nondigits.nondigits(images[:, None], labels, 60, seed=5, kind=kind)[:, 0] for kind in kinds]
    )
    random = np.random.default_rng(0)
    noise = [random.integers(0, 256, (60, 150), np.uint8) for _ in range(8)]
    pages = Reader(reject=0.01).pages([*(255 - other for other in others), *noise])
    assert np.mean([page.reading.accepted for page in pages]) <= 0.1
    letters = np.full((80, 260), 235, np.uint8)
    cv2.putText(letters, "Abwxk", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 2, 20, 5, cv2.LINE_AA)
    assert not read(letters, reject=0.01).accepted
