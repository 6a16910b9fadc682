import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet.reading import PictureError, normalised, read
from lenet.reading.decode import MOST_PIXELS, decode

DIGITS = Path(__file__).parent.parent / "examples" / "digits"
PICTURES = sorted(DIGITS.iterdir())


@pytest.fixture(scope="module")
def seven():
    return Image.open(DIGITS / "7.png").convert("RGB")


@pytest.mark.parametrize("path", PICTURES, ids=lambda p: p.name)
def test_the_sample_pictures_are_read(path):
    reading = read(path)
    assert str(reading) == path.stem[0]
    assert reading.accepted
    digit = reading.lines[0].digits[0]
    assert 0 < digit.confidence <= 1
    assert digit.confidence + sum(share for _, share in digit.alternatives) == pytest.approx(1, abs=1e-5)


class Says:
    """Answers with the same probabilities whatever it sees; calibrated by a thousand answers, one wrong at 0.95."""

    calibration = lenet.Calibration(1.0, 1000, ((0.95, 900),))
    threshold = lenet.network.Classifier.threshold

    def __init__(self, *shares):
        self.shares = np.array([shares], np.float32)

    def predict_proba(self, images, threads=None):
        return self.shares


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        ([0.96, 0.04, *[0] * 8], ""),
        ([0.6, 0.4, *[0] * 8], "ambiguous"),
        ([0.1] * 10, "not_a_digit"),
    ],
)
def test_what_is_not_sure_enough_is_not_accepted(seven, shares, reason):
    for reject in (0.0015, "0.15%"):
        reading = read(seven, Says(*shares), reject)
        assert (reading.accepted, reading.reason) == (reason == "", reason)
        assert str(reading) == "0"
    assert read(seven, Says(*shares), "0.5%").accepted  # all thousand together have fewer mistakes than that


def test_promises_that_cannot_be_kept(seven):
    with pytest.raises(ValueError, match=r"no threshold keeps errors at 0.05 %: 1000 images held out support 0.11 %"):
        read(seven, Says(*[0.1] * 10), "0.05%")
    with pytest.raises(ValueError, match="'most' is no share; expected one such as 0.1% or 0.001"):
        read(seven, Says(*[0.1] * 10), "most")
    with pytest.raises(ValueError, match="never calibrated knows no threshold"):
        read(seven, lenet.Network.create(lenet.presets["lenet5"].spec), "1%")


def as_bytes(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def variants(seven):
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
    for name, picture in variants(seven):
        assert str(read(picture)) == "7", name


def test_a_picture_as_bytes_as_path_and_as_string(seven, tmp_path):
    path = tmp_path / "seven.png"
    seven.save(path)
    readings = [read(path), read(str(path)), read(path.read_bytes()), read(memoryview(path.read_bytes()))]
    assert len({repr(r) for r in readings}) == 1


def test_box_is_where_the_ink_is():
    page = np.full((100, 200), 250, np.uint8)
    page[20:60, 120:130] = 10
    assert read(page).lines[0].digits[0].box == (120, 20, 10, 40)
    image = normalised(page)
    assert image[5:25, 12:17].all()  # 40 by 10 pixels became 20 by 5, in the middle
    assert image.sum() == 255 * 100


@pytest.mark.parametrize(
    "page", [np.full((50, 50), 200, np.uint8), np.zeros((1, 1), np.uint8), np.full((3, 900), 9, np.uint8)]
)
def test_blank_paper_is_empty(page):
    reading = read(page)
    assert (str(reading), reading.accepted, reading.reason) == ("", False, "empty")
    assert reading.confidence == 0


def test_specks_beside_a_digit_do_not_move_it():
    page = np.full((200, 200), 240, np.uint8)
    page[60:140, 90:110] = 20
    clean = normalised(page)
    page[5, 5] = page[190, 8] = 20
    assert np.array_equal(normalised(page), clean)


@pytest.mark.mnist
def test_mnist_digits_on_white_paper_stay_what_they_are(mnist_test):
    images, labels = mnist_test[0][:1000], mnist_test[1][:1000]
    net = lenet.load()
    seen = np.stack([normalised(255 - image) for image in images])
    assert np.abs(seen.astype(int) - images).mean() < 1
    assert abs((net.predict(seen) == labels).mean() - (net.predict(images) == labels).mean()) <= 0.002


def test_to_dict_is_plain():
    import json

    reading = read(DIGITS / "3.png")
    data = json.loads(json.dumps(reading.to_dict()))
    assert data["text"] == "3"
    assert data["lines"][0]["digits"][0]["box"] == list(reading.lines[0].digits[0].box)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (b"", "bytes: not a picture; expected one of PNG"),
        (b"GIF89a nonsense", "bytes:"),
        (np.zeros((0, 5), np.uint8), r"an array of shape \(0, 5\) is not a picture"),
        (np.zeros((5, 5, 2), np.uint8), r"an array of shape \(5, 5, 2\)"),
        (np.full((5, 5), np.nan), "array: 25 pixels are not finite"),
        (np.full((5, 5), -3.0), "array: float64 pixels from -3.0 to -3.0"),
        (np.full((5, 5), 1 << 20), "array: int64 pixels"),
        (np.broadcast_to(np.uint8(0), (20_000, 20_000)), "20000x20000 pixels; expected at most"),
        (7, "a int is not a picture"),
    ],
)
def test_what_is_no_picture(picture, message):
    with pytest.raises(PictureError, match=message):
        read(picture)


def test_a_cut_picture_and_a_lying_one(seven):
    content = as_bytes(seven, "PNG")
    for length in (20, 60, len(content) // 2):
        with pytest.raises(PictureError, match="bytes: "):
            read(content[:length])
    huge = Image.new("1", (10_001, 10_000))  # a few kilobytes that unpack to more pixels than the limit
    assert huge.width * huge.height > MOST_PIXELS
    with pytest.raises(PictureError, match="bytes: 10001x10000 pixels; expected 1 to"):
        read(as_bytes(huge, "PNG"))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.png")
    with pytest.raises(IsADirectoryError):
        read(tmp_path)


def test_a_format_that_is_not_on_the_list(seven):
    content = as_bytes(seven, "TGA")
    assert Image.open(io.BytesIO(content)).size == seven.size  # Pillow could
    with pytest.raises(PictureError, match="not a picture; expected one of"):
        decode(content)


def test_whole_numbers_of_any_type_are_grey_levels(seven):
    grey = np.asarray(seven.convert("L"))
    for picture in (grey.astype(np.int64), grey.astype(np.uint16), seven.convert("L").convert("I"), np.float32(grey)):
        assert str(read(picture)) == "7"


def test_frames_and_shadows_do_not_matter(seven):
    grey = np.asarray(seven.convert("L")).astype(float)
    for width in (1, 4):
        assert str(read(np.pad(grey.astype(np.uint8), width))) == "7"
    slope = np.add.outer(np.linspace(0, 1, 240), np.linspace(0, 1, 180)) / 2
    assert str(read((grey * (1 - 0.6 * slope)).astype(np.uint8))) == "7"
    assert read(np.pad(np.full((60, 60), 250, np.uint8), 1)).reason == "empty"


@pytest.mark.parametrize("mode", ["auto", "digit"])
def test_grain_as_dark_as_the_pencil_is_smoothed(mode):
    """A photo in little light: half in a shadow, where the grain stands out as much as what is written."""
    random = np.random.default_rng(1)
    read_as = ""
    for digit in "0123456789":
        grey = np.asarray(Image.open(DIGITS / f"{digit}.png").convert("L").resize((90, 120)), float)
        page = np.pad(110 + 90 * grey / 255, 60, "edge")
        page *= 1 - 0.5 / (1 + np.exp((np.arange(page.shape[1]) - 70) / 6))
        grainy = page + random.normal(0, 20, page.shape)
        read_as += str(read(grainy.clip(0, 255).astype(np.uint8), mode=mode))
    assert read_as == "0123456789"


def test_a_dark_blot_with_a_darker_dot_breaks_nothing():
    page = np.full((100, 100), 255, np.uint8)
    page[:60, :60], page[60:, 60:], page[80, 80] = 170, 175, 0
    assert len(read(page).lines) <= 1


def test_a_large_picture_is_shrunk_and_its_box_is_not(seven):
    large = seven.resize((1800 * 2, 2400 * 2))
    reading, small = read(large), read(seven)
    assert str(reading) == "7"
    assert np.allclose(np.array(reading.lines[0].digits[0].box) / 20, small.lines[0].digits[0].box, atol=3)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((230, 200, 20), (250, 250, 245)),  # yellow on white
        ((200, 30, 40), (245, 240, 235)),
        ((40, 60, 200), (255, 235, 150)),
        ((255, 120, 180), (120, 160, 90)),  # light on dark, of about the same lightness
    ],
)
def test_coloured_ink_on_coloured_paper(seven, ink, paper):
    cover = (255 - np.asarray(seven.convert("L")).astype(float))[..., None] / 255
    cover = np.clip((cover - 0.2) / 0.5, 0, 1)
    picture = np.array(paper) * (1 - cover) + np.array(ink) * cover
    assert str(read(picture.round().astype(np.uint8))) == "7"
