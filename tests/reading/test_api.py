"""One picture, or many, as functions: `lenet.read`, `lenet.read_many`, `normalised`."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet.reading import PictureError, normalised, normalised_digits, read

DIGITS = Path(__file__).parent.parent.parent / "examples" / "digits"
NUMBERS = DIGITS.parent / "numbers"
PICTURES = sorted(DIGITS.iterdir())


@pytest.fixture(scope="module")
def seven():
    return Image.open(DIGITS / "7.png").convert("RGB")


@pytest.mark.parametrize("path", PICTURES, ids=lambda p: p.name)
def test_the_sample_pictures_are_read(path):
    reading = read(path)
    assert str(reading) == path.stem[0]
    assert (reading.accepted, reading.reason) == (None, "")
    digit = reading.lines[0].digits[0]
    assert 0 < digit.confidence <= 1
    others = sum(probability for _, probability in digit.alternatives)
    assert digit.confidence + others == pytest.approx(1, abs=1e-5)


def as_bytes(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def digit_variants(seven):
    grey = seven.convert("L")
    array = np.asarray(grey)
    rgba = seven.convert("RGBA")
    hole = Image.fromarray(
        np.dstack([np.zeros((*array.shape, 3), np.uint8), np.where(array < 128, 255, 0).astype(np.uint8)])
    )
    yield "array", array
    yield "rgb array", np.asarray(seven)
    yield "16-bit array", array.astype(np.uint16) * 257
    yield "0 to 1 array", array / 255.0
    yield "inverted", 255 - array
    yield "1-bit", array > 128
    yield "rgba", rgba
    yield "transparent paper", hole
    yield "jpeg", as_bytes(seven, "JPEG", quality=60)
    yield "cmyk", as_bytes(seven.convert("CMYK"), "JPEG", quality=90)
    yield "bmp", as_bytes(seven, "BMP")
    yield "gif", as_bytes(seven, "GIF")
    yield "webp", as_bytes(seven, "WEBP")
    yield "16-bit png", as_bytes(Image.fromarray(array.astype(np.uint16) * 257), "PNG")
    yield "palette", as_bytes(seven.convert("P"), "PNG")
    for scale in (0.25, 0.5, 2, 4):
        yield f"scaled {scale}", seven.resize((int(180 * scale), int(240 * scale)))
    yield "padded", np.pad(array, ((200, 10), (10, 300)), mode="edge")
    for orientation in range(1, 9):
        # Turned so that the tag turns it back.
        back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
        turned = seven.transpose(Image.Transpose(back[orientation])) if orientation > 1 else seven
        tags = Image.Exif()
        tags[0x0112] = orientation
        yield f"orientation {orientation}", as_bytes(turned, "JPEG", quality=95, exif=tags)


def test_the_same_digit_in_any_form(seven):
    for name, picture in digit_variants(seven):
        assert str(read(picture)) == "7", name


def number_variants(number):
    grey = np.asarray(number.convert("L"))
    yield "inverted", 255 - grey
    yield "1-bit", grey > 150
    yield "16-bit", grey.astype(np.uint16) * 257
    yield "rgba", number.convert("RGBA")
    for scale in (0.5, 2, 4, 8):
        yield f"scaled {scale}", number.resize((int(number.width * scale), int(number.height * scale)))
    yield "padded", np.pad(grey, ((80, 10), (10, 100)), mode="edge")
    tags = Image.Exif()
    tags[0x0112] = 6
    turned = number.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    yield "turned", as_bytes(turned, "JPEG", quality=95, exif=tags)


def test_the_same_number_in_any_form():
    number = Image.open(NUMBERS / "24709.png").convert("RGB")
    for name, picture in number_variants(number):
        assert str(read(picture)) == "24709", name


def test_a_picture_as_bytes_as_path_and_as_string(seven, tmp_path):
    path = tmp_path / "seven.png"
    seven.save(path)
    readings = [read(path), read(str(path)), read(path.read_bytes()), read(memoryview(path.read_bytes()))]
    assert len({repr(r) for r in readings}) == 1


def test_a_model_by_name_by_path_and_as_a_network(seven, tmp_path):
    """The three are the same classifier, another one than the default."""
    network = lenet.load("lenet5")
    network.save(tmp_path / "own.safetensors")
    given = ("lenet5", tmp_path / "own.safetensors", str(tmp_path / "own.safetensors"), network)
    readings = [lenet.read(seven, model) for model in given]
    assert {str(reading) for reading in readings} == {"7"}
    assert len({repr(reading) for reading in readings}) == 1
    assert readings[0].confidence != lenet.read(seven).confidence
    assert lenet.read(seven).confidence == lenet.read(seven, "reader").confidence
    assert str(lenet.read(seven, lenet.load("ensemble"))) == "7"


def test_a_reading_as_json_and_as_a_table():
    reading = read(NUMBERS / "24709.png")
    data = json.loads(json.dumps(reading.to_dict()))
    assert data["text"] == data["lines"][0]["text"] == "24709"
    assert data["lines"][0]["digits"][0]["box"] == list(reading.lines[0].digits[0].box)
    rows = reading.to_csv().splitlines()
    assert rows[0] == "line,place,label,confidence,left,top,width,height"
    assert [row.split(",")[2] for row in rows[1:]] == list("24709")
    digit = read(DIGITS / "3.png")
    data = json.loads(json.dumps(digit.to_dict()))
    assert data["text"] == "3"
    assert data["lines"][0]["digits"][0]["box"] == list(digit.lines[0].digits[0].box)


def test_options_after_the_model_have_names(seven):
    with pytest.raises(TypeError, match="positional arguments"):
        read(seven, None, "digit")


def test_the_steps_are_written_where_explain_says(seven, tmp_path):
    assert str(read(seven, mode="digit", explain=str(tmp_path / "steps"))) == "7"
    assert (tmp_path / "steps" / "7-reading.png").is_file()


def test_many_pictures_with_a_broken_one_among_them(seven, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG nonsense")
    pictures = [DIGITS / "1.png", broken, np.asarray(seven), tmp_path / "none.png", str(NUMBERS / "24709.png")]
    one, error, other, missing, number = lenet.read_many(pictures)
    assert [str(one), str(other), str(number)] == ["1", "7", "24709"]
    assert isinstance(error, PictureError)
    assert str(error).startswith(f"{broken}: not a picture; expected one of PNG")
    assert isinstance(missing, FileNotFoundError)
    assert repr(number) == repr(read(NUMBERS / "24709.png"))


def test_many_pictures_with_a_model_and_options(seven):
    one, other = lenet.read_many([seven, DIGITS / "4.png"], "lenet5", mode="digit", reject="1%", threads=1)
    assert repr(one) == repr(read(seven, "lenet5", mode="digit", reject="1%"))
    assert (str(one), str(other)) == ("7", "4")


def test_an_option_for_many_pictures_that_is_unknown_is_an_error_at_once():
    with pytest.raises(ValueError, match="mode is 'book'; expected one of auto, digit, line, page"):
        lenet.read_many([], mode="book")


def test_a_number_of_threads_that_is_wrong_is_an_error_at_once(seven):
    with pytest.raises(ValueError, match="threads"):
        lenet.read_many([seven], threads=0)


def test_the_box_is_that_of_the_ink():
    page = np.full((100, 200), 250, np.uint8)
    page[20:60, 120:130] = 10
    assert read(page).lines[0].digits[0].box == (120, 20, 10, 40)
    image = normalised(page)
    assert image[5:25, 12:17].all()  # 40 by 10 pixels became 20 by 5, in the middle
    assert image.sum() == 255 * 100


def test_specks_beside_a_digit_do_not_move_it():
    page = np.full((200, 200), 240, np.uint8)
    page[60:140, 90:110] = 20
    clean = normalised(page)
    page[5, 5] = page[190, 8] = 20
    assert np.array_equal(normalised(page), clean)


@pytest.mark.mnist
def test_mnist_digits_on_white_paper_stay_what_they_are(mnist_test):
    images, labels = mnist_test[0][:1000], mnist_test[1][:1000]
    network = lenet.load()
    read_from_paper = np.stack([normalised(255 - image) for image in images])
    assert np.abs(read_from_paper.astype(int) - images).mean() < 1
    right = [(network.predict(some) == labels).mean() for some in (read_from_paper, images)]
    assert abs(right[0] - right[1]) <= 0.002


def test_a_large_picture_is_shrunk_and_its_box_is_not(seven):
    large = seven.resize((1800 * 2, 2400 * 2))
    reading, small = read(large), read(seven)
    assert str(reading) == "7"
    assert np.allclose(np.array(reading.lines[0].digits[0].box) / 20, small.lines[0].digits[0].box, atol=3)


def test_the_digits_of_a_number_one_by_one():
    digits = normalised_digits(NUMBERS / "24709.png")
    assert digits.dtype == np.uint8 and digits.shape == (5, 28, 28)
    assert lenet.load("reader").predict(digits).tolist() == [2, 4, 7, 0, 9]
    assert lenet.load("reader").predict(normalised_digits(NUMBERS / "38052-touching.png")).tolist() == [3, 8, 0, 5, 2]


def test_the_digits_of_a_page_come_line_by_line():
    page = NUMBERS / "page.png"
    text = read(page).text.replace("\n", "")
    assert lenet.load("reader").predict(normalised_digits(page)).tolist() == [int(c) for c in text]


@pytest.mark.parametrize("path", PICTURES, ids=lambda p: p.name)
def test_a_single_digit_is_one(path):
    assert np.array_equal(normalised_digits(path), normalised(path)[None])


def test_a_picture_without_digits_has_its_ink_as_one():
    assert not normalised_digits(np.full((40, 40), 255, np.uint8)).any()
