"""What a command is given as pictures: files, folders and all below them, patterns such as ``*.png``, and stdin."""

from __future__ import annotations

import glob
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

from lenet.image.errors import PictureError
from lenet.image.pages import Page, pages_of
from lenet.image.pdf import Source

SUFFIXES = frozenset(
    ".png .jpg .jpeg .jp2 .bmp .gif .tif .tiff .webp .avif .heic .heif .ico .tga .ppm .pgm .pbm .pdf".split()
)
"""The ends of the names of a folder's files that are pictures."""
STDIN = "-"


class NamedPicture(NamedTuple):
    """A picture, or a page of a file: what messages call it, and what `lenet.read` takes."""

    name: str
    picture: object

    @property
    def place(self) -> tuple[str, int]:
        """The file and the number of the page in it, from 1."""
        return (self.picture.name, self.picture.number) if isinstance(self.picture, Page) else (self.name, 1)


@dataclass(frozen=True)
class Unreadable:
    """What stands for no picture; opening it is the error that says why."""

    message: str

    def opened(self) -> NoReturn:
        """Raise `PictureError`."""
        raise PictureError(self.message)


def named_pictures(given: list[str]) -> list[NamedPicture]:
    """Return the pictures that a list of files, folders, patterns and ``-`` stands for, each page of a file by itself.

    Nothing is refused here: a file that cannot be opened, a folder without pictures, a pattern without files are
    returned too, and reading them is the error that says why.
    """
    return [picture for text in given for source in _sources(text) for picture in _pages(text, source)]


def _sources(text: str) -> list[Source | Unreadable]:
    if text == STDIN:
        return [sys.stdin.buffer.read()]
    path = Path(text)
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES and file.is_file()]
        if not files:
            return [Unreadable(f"{text}: a folder without pictures; their names end in {', '.join(sorted(SUFFIXES))}")]
        return [str(file) for file in files]
    if glob.has_magic(text) and not path.exists():
        matching = sorted(name for name in glob.glob(text, recursive=True) if Path(name).is_file())
        if not matching:
            return [Unreadable(f"{text}: no file has such a name")]
        return list(matching)
    return [text]


def _pages(text: str, source: Source | Unreadable) -> list[NamedPicture]:
    if isinstance(source, Unreadable):
        return [NamedPicture(text, source)]
    name = "stdin" if isinstance(source, bytes) else str(source)
    try:
        pages = pages_of(source, name)
    except (OSError, ValueError, ModuleNotFoundError):  # reading it raises the same
        pages = [source]
    return [NamedPicture(name if page is source else str(page), page) for page in pages]
