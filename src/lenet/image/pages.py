"""Files with several pages: PDF documents, and TIFF files with several pictures. A page is decoded when it is read.

Needs pypdfium2, the extra ``pdf``, for PDF. Pages are drawn at `PDF_DPI`, or smaller where they would have more than
`MAX_PAGE_PIXELS`, whatever size the file says.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from lenet.extras import missing
from lenet.image.errors import PictureError

PDF_DPI = 200
"""Dots per inch at which pages of PDF documents are drawn; a digit of 4 mm is 31 pixels tall."""
POINTS_PER_INCH = 72
MAX_PAGE_PIXELS = 25_000_000
MAX_PAGES = 10_000
"""A file with more pages than this is refused."""
PDF_MAGIC, TIFF_MAGICS = b"%PDF-", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAGIC_BYTES = 1024
"""A PDF document may begin with other bytes; viewers look for its magic number in so many."""

Source = str | os.PathLike[str] | bytes


@runtime_checkable
class Openable(Protocol):
    """What is opened as a picture when it is read, such as a `Page`."""

    def opened(self) -> AbstractContextManager[Image.Image]:
        """Return the picture; it is closed at the end of the ``with`` block."""
        ...


@dataclass(frozen=True)
class Page:
    """One page of a file with several.

    Attributes
    ----------
    source : path or bytes
        The file, or its content.
    number : int
        From 1.
    name : str
        Of the file, for messages.
    """

    source: Source
    number: int
    name: str

    def __str__(self) -> str:
        """Return the file's name and the page's number, such as ``scan.pdf#2``."""
        return f"{self.name}#{self.number}"

    @contextmanager
    def opened(self) -> Iterator[Image.Image]:
        """Open the page as a picture.

        Raises
        ------
        PictureError
            If the file is broken, is encrypted, or has no such page.
        ModuleNotFoundError
            If it is a PDF document, and pypdfium2 is not installed.
        """
        if _is_pdf(self.source):
            with _document(self.source, self.name) as document:
                yield _drawn(document, self)
        else:
            with warnings.catch_warnings(), Image.open(_file(self.source), formats=("TIFF",)) as image:
                warnings.simplefilter("ignore")  # the caller checks the size
                image.seek(self.number - 1)
                yield image


def pages_of(picture: Any, name: str | None = None) -> list[Any]:
    """Return the pages of a PDF document or of a TIFF file with several pictures; any other picture as the only one.

    Parameters
    ----------
    picture : path, bytes, array or PIL image
    name : str, optional
        What pages call the file; by default its path, or ``bytes``.

    Raises
    ------
    PictureError
        If a PDF document cannot be opened, or has more than `MAX_PAGES` pages.
    ModuleNotFoundError
        If it is a PDF document, and pypdfium2 is not installed.
    OSError
        If a file cannot be opened.

    Examples
    --------
    >>> pages_of("examples/digits/7.png")
    ['examples/digits/7.png']
    """
    if not isinstance(picture, str | os.PathLike | bytes):
        return [picture]
    shown = name or ("bytes" if isinstance(picture, bytes) else os.fsdecode(picture))
    count = _count(picture, shown)
    if count > MAX_PAGES:
        raise PictureError(f"{shown}: {count} pages; expected at most {MAX_PAGES}")
    return [picture] if count == 0 else [Page(picture, number, shown) for number in range(1, count + 1)]


def _count(source: Source, name: str) -> int:
    """Return the number of pages of a file that has pages; 0 if it is one picture, or none."""
    if _is_pdf(source):
        with _document(source, name) as document:
            return len(document)
    if not _begin(source).startswith(TIFF_MAGICS):
        return 0
    try:
        with warnings.catch_warnings(), Image.open(_file(source), formats=("TIFF",)) as image:
            warnings.simplefilter("ignore")
            pages = int(getattr(image, "n_frames", 1))
    except Exception:  # a broken file is reported when it is decoded
        return 0
    return pages if pages > 1 else 0


def _file(source: Source) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _begin(source: Source) -> bytes:
    if isinstance(source, bytes):
        return source[:MAGIC_BYTES]
    with open(source, "rb") as file:
        return file.read(MAGIC_BYTES)


def _is_pdf(source: Source) -> bool:
    return PDF_MAGIC in _begin(source)


@contextmanager
def _document(source: Source, name: str) -> Iterator[Any]:
    """Open a PDF document."""
    try:
        import pypdfium2
    except ModuleNotFoundError as error:
        raise missing("pypdfium2", f"{name}: a PDF document") from error
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise PictureError(f"{name}: the document is encrypted; expected one without a password") from error
        raise PictureError(f"{name}: not a whole PDF document ({error})") from error
    try:
        yield document
    finally:
        document.close()


def _drawn(document: Any, page: Page) -> Image.Image:
    """Draw a page of a document in grey."""
    try:
        sheet = document[page.number - 1]
        width, height = sheet.get_size()
        scale = PDF_DPI / POINTS_PER_INCH
        scale = min(scale, (MAX_PAGE_PIXELS / max(1.0, width * height)) ** 0.5)
        return sheet.render(scale=scale).to_pil()
    except Exception as error:  # whatever pdfium makes of a broken page
        raise PictureError(f"{page}: the page is broken ({error})") from error
