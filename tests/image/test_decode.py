"""Pictures decoded to grey levels, and files and arrays that are no pictures."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet.image.decode import FORMATS, MAX_PIXELS, decode, decode_sample
from lenet.image.errors import PictureError
from lenet.reading import read

DIGITS = Path(__file__).parent.parent.parent / "examples" / "digits"


@pytest.fixture(scope="module")
def seven():
    return Image.open(DIGITS / "7.png").convert("RGB")


def as_bytes(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (b"", "bytes: not a picture; expected one of PNG"),
        (b"GIF89a nonsense", "bytes:"),
        (np.zeros(784, np.uint8), r"an array of shape \(784,\) is not a picture; .* flattened: reshape\(28, 28\)"),
        (np.zeros((1, 784), np.uint8), r"an array of shape \(1, 784\) is not a picture; .* reshape\(28, 28\)"),
        (np.zeros((0, 5), np.uint8), r"an array of shape \(0, 5\) is not a picture"),
        (np.zeros((5, 5, 2), np.uint8), r"an array of shape \(5, 5, 2\)"),
        (np.full((5, 5), np.nan), "array: pixels are float64 with 25 values that are not finite"),
        (np.full((5, 5), -3.0), "array: pixels from -3 to -3; expected uint8, uint16, bool, or 0 to 1: scale them"),
        (np.full((5, 5), 1 << 20), "array: pixels from 1.04858e\\+06 to 1.04858e\\+06; expected uint8, uint16"),
        (np.full((5, 5), "a"), "array: pixels are <U1; expected uint8, uint16, bool, or 0 to 1"),
        (
            np.full((5, 5), 7.5),
            "array: pixels are float64 from 7.5 to 7.5, neither 0 to 1 nor 0 to 255",
        ),
        (np.eye(5, dtype=np.int64), "array: pixels are int64, 0 and 1; .* multiply them by 255 if 1 is ink"),
        (np.broadcast_to(np.uint8(0), (20_000, 20_000)), "20000x20000 pixels; expected at most"),
        (7, "a int is not a picture"),
    ],
)
def test_what_is_no_picture(picture, message):
    for function in (decode, read):
        with pytest.raises(PictureError, match=message):
            function(picture)


def test_a_cut_picture_and_one_that_unpacks_to_too_many_pixels(seven):
    content = as_bytes(seven, "PNG")
    for length in (20, 60, len(content) // 2):
        with pytest.raises(PictureError, match="bytes: "):
            decode(content[:length])
    huge = Image.new("1", (10_001, 10_000))  # a few kilobytes that unpack to more pixels than the limit
    assert huge.width * huge.height > MAX_PIXELS
    with pytest.raises(PictureError, match="bytes: 10001x10000 pixels; expected 1 to"):
        decode(as_bytes(huge, "PNG"))


def test_a_file_that_is_not_there(tmp_path):
    for function in (decode, read):
        with pytest.raises(FileNotFoundError):
            function(tmp_path / "none.png")
        with pytest.raises(IsADirectoryError):
            function(tmp_path)


def test_a_format_that_is_not_on_the_list(seven):
    content = as_bytes(seven, "TGA")
    assert Image.open(io.BytesIO(content)).size == seven.size  # Pillow could
    with pytest.raises(PictureError, match="not a picture; expected one of"):
        decode(content)
    assert "TGA" not in FORMATS


def test_whole_numbers_of_any_type_are_grey_levels(seven):
    grey = np.asarray(seven.convert("L"))
    for picture in (grey.astype(np.int64), grey.astype(np.uint16), seven.convert("L").convert("I"), np.float32(grey)):
        assert np.array_equal(decode(picture), grey)
        assert str(read(picture)) == "7"


@pytest.mark.parametrize(
    ("array", "grey"),
    [
        (np.array([[0, 5, 255]], np.uint8), [0, 5, 255]),
        (np.array([[False, True]]), [0, 255]),
        (np.array([[0, 255]], np.uint16), [0, 255]),  # they fit in a byte
        (np.array([[0, 4, 1023]], np.uint16), [0, 1, 255]),  # ten bits
        (np.array([[0, 16, 4095]], np.int32), [0, 1, 255]),  # twelve
        (np.array([[0, 257, 65535]], np.uint16), [0, 1, 255]),  # sixteen
        (np.array([[0.0, 0.5, 1.0]]), [0, 128, 255]),
        (np.array([[0.0, 0.5, 200.0]]), [0, 0, 200]),
        (np.array([[[7], [9]]], np.uint8), [7, 9]),
    ],
)
def test_grey_levels_of_arrays(array, grey):
    decoded = decode(array)
    assert decoded.dtype == np.uint8
    assert decoded.tolist() == [grey]


def test_transparent_pixels_are_white():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 3] = 0, 255, 51  # black: not there, whole, a fifth of it
    assert decode(rgba).tolist() == [[255, 0, 204]]


@pytest.mark.parametrize(
    ("orientation", "grey"),
    [
        (1, [[1, 2], [3, 4]]),
        (2, [[2, 1], [4, 3]]),
        (3, [[4, 3], [2, 1]]),
        (4, [[3, 4], [1, 2]]),
        (5, [[1, 3], [2, 4]]),
        (6, [[3, 1], [4, 2]]),
        (7, [[4, 2], [3, 1]]),
        (8, [[2, 4], [1, 3]]),
        (9, [[1, 2], [3, 4]]),  # no orientation
    ],
)
def test_the_orientation_tag_is_applied(orientation, grey):
    """TIFF 6.0: 6 has the first row of the file on the right side of the picture, and so on."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    content = as_bytes(Image.fromarray(np.array([[1, 2], [3, 4]], np.uint8)), "PNG", exif=tags)
    assert decode(content).tolist() == grey


def test_of_an_animation_the_first_frame_is_decoded():
    frames = [Image.new("L", (3, 2), level) for level in (10, 200)]
    assert decode(as_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])).tolist() == [[10] * 3] * 2


def test_the_colour_channel_with_more_contrast_is_taken():
    """Yellow on white is dark in blue alone; red and green ink of other lightness keep their lightness."""
    yellow = np.full((10, 10, 3), 255, np.uint8)
    yellow[4, 2:8] = 255, 255, 0
    assert np.array_equal(decode(yellow), yellow[..., 2])
    grey = np.full((10, 10, 3), 255, np.uint8)
    grey[4, 2:8] = 50
    assert np.array_equal(decode(grey), grey[..., 0])


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


def test_samples_of_a_data_set_are_decoded_alike_whatever_their_contrast():
    """Yellow on white is read in blue alone; as a sample it has its lightness, or all three channels."""
    page = np.full((20, 20, 3), 255, np.uint8)
    page[5:15, 9:11] = 255, 255, 0
    content = as_bytes(Image.fromarray(page), "PNG")
    assert decode(content)[10, 10] == 0
    assert decode_sample(content, "a")[10, 10] == round(0.299 * 255 + 0.587 * 255)
    assert np.array_equal(decode_sample(content, "a", rgb=True), page)
    grey = as_bytes(Image.fromarray(page[..., 2]), "PNG")
    assert np.array_equal(decode_sample(grey, "a", rgb=True), np.dstack([page[..., 2]] * 3))
    with pytest.raises(PictureError, match="row 3: not a picture"):
        decode_sample(b"nonsense", "row 3")


def test_arrays_of_zeros_and_ones_are_refused_whatever_their_type(seven):
    bits = np.asarray(seven.convert("L")) > 100
    assert str(read(bits)) == "7"
    for kind in (np.uint8, np.int64):
        with pytest.raises(PictureError, match="0 and 1; .* multiply them by 255 if 1 is ink"):
            read(bits.astype(kind))


def test_what_is_seen_of_transparent_pictures():
    """Ink on nothing is seen on white; white on nothing by its opacity; colours where all is transparent."""
    ink = np.zeros((8, 8), np.uint8)
    ink[2:6, 3:5] = 255
    paper = np.full_like(ink, 255)
    dark_on_nothing = np.dstack([0 * ink, 0 * ink, 0 * ink, ink])
    assert np.array_equal(decode(dark_on_nothing), 255 - ink)
    white_on_nothing = np.dstack([paper, paper, paper, ink])
    assert np.array_equal(decode(white_on_nothing), 255 - ink)
    nothing = np.dstack([ink, ink, ink, 0 * ink])
    assert np.array_equal(decode(nothing), ink)
    blank = np.dstack([paper, paper, paper, paper])
    assert np.array_equal(decode(blank), paper)


def test_the_first_frame_of_an_animation_that_is_not_blank():
    blank, drawn, other = (Image.new("L", (8, 8), level) for level in (255, 255, 100))
    drawn.putpixel((3, 3), 0)
    other.putpixel((1, 1), 0)
    for kind in ("GIF", "WEBP", "PNG"):
        content = as_bytes(blank, kind, save_all=True, append_images=[blank, drawn, other], duration=100)
        assert decode(content)[3, 3] < 100
        still = as_bytes(blank, kind, save_all=True, append_images=[Image.new("L", (8, 8), 0)], duration=100)
        assert decode(still).min() > 200  # all frames are blank: it is the first


def test_formats_by_what_a_file_begins_with(seven, tmp_path):
    grey = np.asarray(seven.convert("L"))
    for kind in ("JPEG2000", "PNG", "BMP", "TIFF", "PPM"):
        assert np.array_equal(decode(as_bytes(seven, kind)), grey)
    assert str(read(as_bytes(seven.resize((64, 64)), "ICO"))) == "7"
    assert str(read(as_bytes(seven, "AVIF", quality=90))) == "7"
    seven.save(tmp_path / "seven.tga")  # it has no mark at its beginning, so its name counts
    assert np.array_equal(decode(tmp_path / "seven.tga"), grey)


def test_a_heic_file_without_its_plug_in(tmp_path):
    path = tmp_path / "photo.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(PictureError, match="photo.heic: HEIC; export it as PNG or JPEG, or pip install pillow-heif"):
        decode(path)
