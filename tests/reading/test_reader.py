"""Numbers: sample pictures, strings of MNIST's test digits, forms, pages, many files, and what is no number."""

import io
import json
import os
import signal
import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image

import lenet
from lenet import compose, nondigits
from lenet.reading import PictureError, Reader, read, read_many
from lenet.reading.draw import boxes
from lenet.reading.ink import ink_of
from lenet.reading.lines import MOST_BLOBS

NUMBERS = {"24709.png": "24709", "38052-touching.png": "38052", "page.png": "1998\n60000\n31415\n27182"}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_sample_numbers_are_read(pictures, name):
    reading = read(pictures / "numbers" / name)
    assert str(reading) == NUMBERS[name]
    assert reading.accepted
    for line in reading.lines:
        assert 0 < line.confidence <= 1
        lefts = [digit.box[0] for digit in line.digits]
        assert lefts == sorted(lefts)


def test_marks_are_located_and_not_read(pictures):
    (line,) = read(pictures / "numbers" / "24709.png").lines
    # The point stands before the 7, the comma and the dash behind the 9.
    assert len(line.marks) == 3
    places = [left + width / 2 for left, _, width, _ in line.marks]
    digits = [digit.box[0] + digit.box[2] / 2 for digit in line.digits]
    assert digits[1] < places[0] < digits[2]
    assert digits[-1] < places[1] < places[2]


def variants(number):
    grey = np.asarray(number.convert("L"))
    yield "inverted", 255 - grey
    yield "1-bit", grey > 150
    yield "16-bit", grey.astype(np.uint16) * 257
    yield "rgba", number.convert("RGBA")
    for scale in (0.5, 2, 4, 8):
        yield f"scaled {scale}", number.resize((int(number.width * scale), int(number.height * scale)))
    yield "padded", np.pad(grey, ((80, 10), (10, 100)), mode="edge")
    buffer = io.BytesIO()
    tags = Image.Exif()
    tags[0x0112] = 6
    number.convert("RGB").transpose(Image.Transpose.ROTATE_90).save(buffer, "JPEG", quality=95, exif=tags)
    yield "turned", buffer.getvalue()


def test_the_same_number_in_any_form(pictures):
    number = Image.open(pictures / "numbers" / "24709.png").convert("RGB")
    for name, picture in variants(number):
        assert str(read(picture)) == "24709", name


def test_boxes_are_in_the_pictures_pixels(pictures):
    number = Image.open(pictures / "numbers" / "24709.png").convert("L")
    large = np.asarray(number.resize((number.width * 12, number.height * 12)))
    assert ink_of(large).shrink > 1
    few, many = read(number, mode="line"), read(large, mode="line")
    for small, big in zip(few.lines[0].digits, many.lines[0].digits, strict=True):
        assert np.abs(np.array(big.box) / 12 - small.box).max() <= 3


@pytest.mark.mnist
@pytest.mark.slow
def test_strings_of_digits_that_no_training_has_seen(mnist_test):
    digits = compose.cut_out(*mnist_test)
    random = np.random.Generator(np.random.Philox(key=77))
    made = [compose.compose(digits, compose.numbers(random), random) for _ in range(200)]
    pages = Reader(mode="line").pages([one.picture for one in made])
    right = [str(page.reading) == "".join(map(str, one.digits)) for page, one in zip(pages, made, strict=True)]
    assert np.mean(right) >= 0.6  # some are hard to read for anybody
    sure = np.array([page.reading.confidence for page in pages])
    best = np.argsort(-sure)[:100]
    assert np.mean(np.array(right)[best]) >= np.mean(right) + 0.1


def test_of_a_wished_length(pictures):
    path = pictures / "numbers" / "38052-touching.png"
    assert str(read(path, length=5)) == "38052"
    assert len(str(read(path, length=6))) == 6


def test_a_checksum_chooses_among_the_likeliest(pictures):
    from lenet.reading.checksums import luhn

    assert not luhn("24709")
    text = str(read(pictures / "numbers" / "24709.png", checksum="luhn"))
    assert text != ""
    assert luhn(text)


@pytest.mark.mnist
def test_a_form_has_a_digit_in_each_cell(mnist_test):
    images, labels = mnist_test
    form = np.full((2 * 60, 4 * 60), 240, np.uint8)
    form[::60] = form[:, ::60] = form[-1] = form[:, -1] = 90
    wanted = [[0, 1, 2, 3], [4, 5, 6, None]]
    for row, numbers in enumerate(wanted):
        for column, at in enumerate(numbers):
            if at is not None:
                there = (slice(row * 60 + 16, row * 60 + 44), slice(column * 60 + 16, column * 60 + 44))
                form[there] = np.minimum(form[there], 255 - images[at])
    reading = read(form, grid=(2, 4))
    assert [[d.label for d in line.digits] for line in reading.lines] == [list(labels[:4]), list(labels[4:7])]
    for column, digit in enumerate(reading.lines[0].digits):
        left, top, width, height = digit.box
        assert 60 * column < left < left + width < 60 * column + 60
        assert 0 < top < top + height < 60
    assert read(np.full((50, 50), 200, np.uint8), grid=(2, 2)).reason == "empty"


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"mode": "book"}, "no mode is called 'book'; there are auto, digit, line, page"),
        ({"length": 0}, "a length of 0; expected a whole number from 1 to 64"),
        ({"length": 2.5}, "a length of 2.5"),
        ({"grid": (0, 3)}, r"a grid of \(0, 3\); expected rows and columns"),
        ({"grid": (60, 60)}, "a grid of 60x60 cells in a picture of 420x120 pixels: too small"),
        ({"checksum": "crc"}, "no checksum is called 'crc'; there are luhn, iban, isbn"),
        ({"reject": "0.00001%"}, "no threshold keeps errors at 1e-05 %"),
        ({"grid": 5}, "a grid of 5; expected rows and columns"),
        ({"grid": (2, 2), "mode": "page"}, "a grid in mode page; a grid is a mode of its own"),
        ({"grid": (2, 2), "length": 3}, "a length or a checksum for single digits"),
        ({"mode": "digit", "checksum": "luhn"}, "a length or a checksum for single digits"),
    ],
)
def test_wishes_that_cannot_be_met(pictures, wish, message):
    with pytest.raises(ValueError, match=message):
        read(pictures / "numbers" / "24709.png", **wish)


def test_a_number_that_only_its_length_or_checksum_chose_is_not_sure():
    bars = np.full((60, 160), 255, np.uint8)
    bars[10:50, 40:120:2] = 0
    letters = np.full((80, 400), 255, np.uint8)
    cv2.putText(letters, "HAWKER", (20, 60), 0, 2, 0, 4)
    for picture, wish in ((bars, {"length": 39}), (bars, {"length": 3}), (letters, {"checksum": "luhn"})):
        (page,) = Reader(mode="line", reject="5%", **wish).pages([picture])
        assert not page.reading.accepted
        assert 0 <= page.reading.confidence < 0.01


def test_networks_of_ones_own_promise_nothing_for_lines():
    own = lenet.load("windows")
    with pytest.raises(ValueError, match="networks of one's own for whole numbers know no threshold"):
        Reader(mode="line", reject="5%", windows=own)
    assert "no line of digits is accepted: networks of one's own" in Reader(reject="5%", windows=own).caveat


def test_tables_and_pictures_of_a_reading(pictures, tmp_path):
    path = pictures / "numbers" / "24709.png"
    reading = read(path, explain=tmp_path)
    data = json.loads(json.dumps(reading.to_dict()))
    assert data["text"] == data["lines"][0]["text"] == "24709"
    rows = reading.to_csv().splitlines()
    assert rows[0] == "line,place,label,confidence,left,top,width,height"
    assert [row.split(",")[2] for row in rows[1:]] == list("24709")
    steps = ["1-picture", "2-ink", "3-lines", "4-windows", "5-parts", "6-digits", "7-reading"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{step}.png" for step in steps]
    grey = np.asarray(Image.open(path).convert("L"))
    drawn = np.asarray(boxes(grey, reading)).astype(int)
    left, top, width, height = reading.lines[0].digits[0].box
    changed = np.abs(drawn - grey[..., None]).sum(axis=-1) > 60
    assert changed[top : top + height, left].all()
    assert changed[top, left : left + width].all()


def test_many_pictures_and_those_that_are_none(pictures, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    paths = [*[str(pictures / "numbers" / name) for name in NUMBERS] * 24, str(broken), str(tmp_path / "none.png")]
    alone = list(read_many(paths, Reader(), threads=1))
    shared = list(read_many(paths, Reader(), threads=2))
    assert [str(reading) for reading in alone[:72]] == list(NUMBERS.values()) * 24
    assert [repr(one) for one in shared[:72]] == [repr(one) for one in alone[:72]]
    for results in (alone, shared):
        assert isinstance(results[72], PictureError)
        assert isinstance(results[73], FileNotFoundError)


def test_a_picture_that_cannot_be_read_takes_no_other_with_it(pictures):
    number, tiny = str(pictures / "numbers" / "24709.png"), np.full((20, 20), 240, np.uint8)
    first, error, last = read_many([number, tiny, number], Reader(grid=(10, 10)))
    assert isinstance(first, lenet.Reading)
    assert isinstance(last, lenet.Reading)
    assert isinstance(error, ValueError)
    assert "a grid of 10x10 cells in a picture of 20x20 pixels: too small" in str(error)


@pytest.mark.slow
def test_a_killed_process_takes_only_its_picture_with_it(pictures):
    paths = [str(pictures / "numbers" / "24709.png")] * 70
    results = list(read_many([*paths, Deadly(), *paths[:5]], Reader(mode="line"), threads=2))
    assert [str(one) for one in results[:70]] == ["24709"] * 70
    assert isinstance(results[70], MemoryError)
    assert [str(one) for one in results[71:]] == ["24709"] * 5


class Deadly:
    """Kills the process that it is sent to."""

    def __reduce__(self):
        return _die, ()


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_ten_thousand_blobs_take_little_time_and_memory():
    page = np.full((1200, 1200), 240, np.uint8)
    for y in range(8):
        for x in range(4):
            page[2 + y :: 12, 4 + x :: 12] = 20
    for mode in ("auto", "line"):
        tracemalloc.start()
        (found,) = Reader(mode=mode).pages([page])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1 << 30
        # The largest blobs are looked at, no more.
        assert sum(len(np.unique(line.band.components)) - 1 for line in found.lines) <= MOST_BLOBS


@pytest.mark.mnist
def test_what_is_no_number_is_not_accepted(mnist_test):
    kinds = [kind for kind in nondigits.KINDS if kind != "joined"]  # which are numbers
    images, labels = mnist_test
    others = np.concatenate([nondigits.drawn(images[:, None], labels, 60, 5, kind)[:, 0] for kind in kinds])
    random = np.random.default_rng(0)
    noise = [random.integers(0, 256, (60, 150), np.uint8) for _ in range(20)]
    pages = Reader(reject=0.01).pages([*(255 - other for other in others), *noise])
    assert np.mean([page.reading.accepted for page in pages]) <= 0.1
    letters = np.full((80, 260), 235, np.uint8)
    cv2.putText(letters, "Abwxk", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 2, 20, 5, cv2.LINE_AA)
    assert not read(letters, reject=0.01).accepted
