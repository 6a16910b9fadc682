"""Files with several pages: PDF documents, and TIFF files with several pictures. A page is decoded when it is read."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from lenet.image.errors import PictureError
from lenet.image.pdf import Source, count_of_pages, drawn_page

MAX_PAGES = 10_000
"""A file with more pages than this is refused."""
PDF_MAGIC, TIFF_MAGICS = b"%PDF-", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAGIC_BYTES = 1024
"""A PDF document may begin with other bytes; viewers look for its magic number in so many."""


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
            yield drawn_page(self.source, self.number, str(self))
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
        return count_of_pages(source, name)
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
