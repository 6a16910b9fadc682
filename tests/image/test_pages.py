"""PDF documents, TIFF files with several pages, and what they are refused for."""

import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw

import lenet
from lenet.image.decode import decode
from lenet.image.errors import PictureError
from lenet.image.pages import MAX_PAGE_PIXELS, pages_of


def sheet(width):
    """Return white paper of 100 points in height with a black square of 20x20 points in its middle."""
    picture = Image.new("L", (width, 100), "white")
    ImageDraw.Draw(picture).rectangle((width // 2 - 10, 40, width // 2 + 9, 59), fill="black")
    return picture


@pytest.fixture
def document(tmp_path):
    """A PDF document of two pages, 100x100 and 200x100 points."""
    path = tmp_path / "scan.pdf"
    sheet(100).save(path, save_all=True, append_images=[sheet(200)], resolution=72)
    return path


def test_pages_of_a_document(document):
    """At 200 dots per inch a point is 2.78 pixels."""
    for source, name in ((document, str(document)), (document.read_bytes(), "bytes")):
        pages = pages_of(source)
        assert [str(page) for page in pages] == [f"{name}#1", f"{name}#2"]
        first, second = map(decode, pages)
        assert first.shape == (278, 278)
        assert second.shape == (278, 556)
        assert (second[139, 278], second[20, 20]) == (0, 255)
        assert np.array_equal(decode(source), first)


def test_pages_of_a_tiff_file(tmp_path):
    path = tmp_path / "scan.tif"
    sheet(100).save(path, save_all=True, append_images=[sheet(200), sheet(300)])
    pages = pages_of(path)
    assert [str(page) for page in pages] == [f"{path}#1", f"{path}#2", f"{path}#3"]
    assert [decode(page).shape for page in pages] == [(100, 100), (100, 200), (100, 300)]
    sheet(100).save(path)
    assert pages_of(path) == [path]


def test_pages_are_read_one_by_one(tmp_path):
    path = tmp_path / "scan.pdf"
    digits = [Image.open(f"examples/digits/{digit}.png").convert("L") for digit in (3, 4)]
    digits[0].save(path, save_all=True, append_images=digits[1:], resolution=200)
    assert [str(reading) for reading in lenet.read_many([path, "examples/digits/7.png"])] == ["3", "4", "7"]
    assert str(lenet.read(path)) == "3"


def test_a_page_of_any_size_has_a_bounded_number_of_pixels(tmp_path):
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_400, 14_400)  # the largest that the format allows: five metres
    document.save(tmp_path / "large.pdf")
    (page,) = pages_of(tmp_path / "large.pdf")
    assert 0.9 * MAX_PAGE_PIXELS < decode(page).size <= 1.01 * MAX_PAGE_PIXELS


def test_documents_that_are_refused(document, tmp_path, monkeypatch):
    content = document.read_bytes()
    with pytest.raises(PictureError, match="bytes: not a whole PDF document"):
        pages_of(content[:200])
    monkeypatch.setattr("lenet.image.pages.MAX_PAGES", 1)
    with pytest.raises(PictureError, match=r"scan.pdf: 2 pages; expected at most 1"):
        pages_of(document)
    results = list(lenet.read_many([document, "examples/digits/7.png"]))
    assert isinstance(results[0], PictureError)
    assert str(results[1]) == "7"


def test_an_encrypted_document(tmp_path):
    """One page, of version 1.4, whose dictionary of encryption asks for a password that is not empty."""
    path = tmp_path / "secret.pdf"
    path.write_bytes(ENCRYPTED)
    with pytest.raises(PictureError, match="secret.pdf: the document is encrypted; expected one without a password"):
        pages_of(path)


def encrypted():
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"5a" * 32 + b"> /U <" + b"a5" * 32 + b"> >>",
    ]
    file = io.BytesIO(b"%PDF-1.4\n")
    file.seek(0, io.SEEK_END)
    places = []
    for number, text in enumerate(objects, 1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, text))
    start = file.tell()
    file.write(b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    file.write(b"trailer << /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] >>\n")
    file.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return file.getvalue()


ENCRYPTED = encrypted()
