"""PDF documents, TIFF files with several pages, and what they are refused for."""

import io
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw

import lenet
from lenet.image import pdf
from lenet.image.decode import decode
from lenet.image.errors import PictureError
from lenet.image.pages import pages_of
from lenet.image.pdf import MAX_PAGE_PIXELS


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


def test_a_page_that_takes_for_ever(document, tmp_path, monkeypatch):
    """Twelve forms, each of which draws the next one twenty times: the others are still read, by another process."""
    monkeypatch.setattr("lenet.image.pdf.MAX_SECONDS", 5)
    path = tmp_path / "bomb.pdf"
    path.write_bytes(nested_forms(12, 20))
    failure, first, second = lenet.read_many([path, document])
    assert isinstance(failure, PictureError)
    assert "bomb.pdf#1: drawing it takes " in str(failure)
    assert str(failure).endswith("; export it as a picture")
    assert (first.text, second.text) == ("", "")
    path.write_bytes(nested_forms(2, 2))
    assert decode(path).shape == (278, 278)


def test_a_process_that_was_killed_is_replaced(document):
    first, second = pages_of(document)
    expected = decode(first)
    drawer = pdf._drawer(os.getpid())
    drawer._process.kill()
    drawer._process.wait()
    assert np.array_equal(decode(first), expected)
    assert decode(second).shape == (278, 556)
    assert pdf._drawer(os.getpid()) is not drawer


def test_after_an_interrupt_a_page_is_not_another_one(document, monkeypatch):
    """The interrupt comes between the request for the second page and its reply."""
    first, second = pages_of(document)

    def interrupted(file, size):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pdf, "_exactly", interrupted)
        with pytest.raises(KeyboardInterrupt):
            second.opened().__enter__()
    assert decode(first).shape == (278, 278)


def test_several_threads_and_a_document_given_as_bytes(document):
    content = document.read_bytes()
    pages = [*pages_of(content), *pages_of(document)] * 5
    with ThreadPoolExecutor(4) as pool:
        widths = [picture.shape[1] for picture in pool.map(decode, pages)]
    assert widths == [278, 556] * 10


def test_modules_in_the_current_directory_are_not_imported(document, tmp_path, monkeypatch):
    (tmp_path / "pypdfium2.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    pdf._drawer.cache_clear()
    assert len(pages_of(document)) == 2


def nested_forms(depth, times):
    """Return a document of one page with a form that draws another one so many times, and so on."""

    def form(inner, content):
        resources = b"/Resources<</XObject<</F %d 0 R>>>>" % inner if inner else b""
        return b"<</Type/XObject/Subtype/Form/BBox[0 0 100 100]%s/Length %d>>stream\n%s\nendstream" % (
            resources,
            len(content),
            content,
        )

    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
        b"<</Length 5>>stream\n/F Do\nendstream",
        *(form(6 + level, b"/F Do " * times) for level in range(depth)),
        form(0, b"0 0 9 9 re f"),
    ]
    return document_of(objects)


def document_of(objects, trailer=b""):
    """Return a document of some objects, the first of which is its catalogue."""
    file = io.BytesIO()
    file.write(b"%PDF-1.4\n")
    places = []
    for number, text in enumerate(objects, 1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, text))
    start, count = file.tell(), len(objects) + 1
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(b"%010d 00000 n \n" % at for at in places))
    file.write(b"trailer << /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (count, trailer, start))
    return file.getvalue()


ENCRYPTED = document_of(
    [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"5a" * 32 + b"> /U <" + b"a5" * 32 + b"> >>",
    ],
    b"/Encrypt 4 0 R /ID [<00> <00>] ",
)
