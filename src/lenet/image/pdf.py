"""PDF documents, drawn page by page in a process of its own.

pdfium cannot be interrupted, and a small document may keep it busy for ever or ask for any amount of memory. So another
process, which is ended and replaced when it takes too long, opens documents and draws pages. Needs pypdfium2, the extra
``pdf``. Pages are drawn at `DPI`, or smaller where they would have more than `MAX_PAGE_PIXELS`, whatever size the file
says.

The processes talk through pipes: a request is a line of JSON, and the document's bytes if it is no file; a reply is a
line of JSON, and the pixels of a page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import weakref
from functools import lru_cache
from typing import Any, BinaryIO

from PIL import Image

from lenet.extras import is_installed, missing
from lenet.image.errors import PictureError

if sys.platform != "win32":
    import resource

DPI = 200
"""Dots per inch at which pages are drawn; a digit of 4 mm is 31 pixels tall."""
POINTS_PER_INCH = 72
MAX_PAGE_PIXELS = 25_000_000
MAX_SECONDS = 30
"""Opening a document, or drawing a page, takes no longer than this."""
MAX_MEMORY_BYTES = 1 << 30
"""The process that draws has no more address space than this, where the system can limit it."""

Source = str | os.PathLike[str] | bytes
Reply = dict[str, Any]


def count_of_pages(source: Source, name: str) -> int:
    """Return how many pages a document has; `name` is what errors call it.

    Raises
    ------
    PictureError
        If it is broken or encrypted, or takes too long or too much memory.
    ModuleNotFoundError
        If pypdfium2 is not installed.
    """
    return int(_asked({"page": 0}, source, name)[0]["count"])


def drawn_page(source: Source, number: int, name: str) -> Image.Image:
    """Return a page of a document, its number counted from 1, in grey.

    Raises
    ------
    PictureError, ModuleNotFoundError
        As for `count_of_pages`.
    """
    reply, pixels = _asked({"page": number}, source, name)
    return Image.frombytes("L", (reply["width"], reply["height"]), pixels)


def _asked(request: dict[str, Any], source: Source, name: str) -> tuple[Reply, bytes]:
    """Return the reply to a request about a document, and the pixels that follow it."""
    if not is_installed("pypdfium2"):
        raise missing("pypdfium2", f"{name}: a PDF document")
    content = source if isinstance(source, bytes) else b""
    request |= {"path": None if isinstance(source, bytes) else os.path.abspath(source), "size": len(content)}
    drawer = _drawer(os.getpid())
    try:
        reply, pixels = drawer.ask(request, content)
    except (EOFError, OSError, ValueError):
        drawer.end()
        _drawer.cache_clear()
        raise PictureError(
            f"{name}: drawing it takes more than {MAX_SECONDS} seconds or too much memory; export it as a picture"
        ) from None
    if "error" in reply:
        raise PictureError(f"{name}: {reply['error']}")
    return reply, pixels


class _Drawer:
    """The process that opens documents and draws pages."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", "from lenet.image.pdf import serve; serve()"]
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
        )
        self._lock = threading.Lock()
        self.end = weakref.finalize(self, _end, self._process, os.getpid())

    def ask(self, request: dict[str, Any], content: bytes) -> tuple[Reply, bytes]:
        """Return the reply to a request, and what follows it; EOFError or OSError if the process was ended."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with self._lock:
            alarm = threading.Timer(MAX_SECONDS, process.kill)
            alarm.start()
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n" + content)
                process.stdin.flush()
                reply = json.loads(_line(process.stdout))
                return reply, _exactly(process.stdout, reply.get("size", 0))
            finally:
                alarm.cancel()


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a process that draws, unless a fork of its owner does."""
    if os.getpid() == owner:
        process.kill()
        process.communicate()


@lru_cache(1)
def _drawer(owner: int) -> _Drawer:
    """Return the process that draws for this process; after a fork, another one."""
    return _Drawer()


def serve() -> None:
    """Answer requests on stdin until it ends: what the process that draws does."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    documents = _Documents()
    while line := requests.readline():
        request = json.loads(line)
        content = _exactly(requests, request["size"])
        _limit()
        reply, pixels = _answer(request, content, documents)
        replies.write(json.dumps(reply).encode() + b"\n" + pixels)
        replies.flush()


class _Documents:
    """The document that was opened last: its pages are asked for one after the other."""

    def __init__(self) -> None:
        self._key: Any = None
        self._document: Any = None

    def opened(self, path: str | None, content: bytes) -> Any:
        """Return a document, of a file or of its bytes."""
        import pypdfium2

        key = content if path is None else (path, os.stat(path).st_mtime_ns, os.stat(path).st_size)
        if key != self._key:
            if self._document is not None:
                self._document.close()
            self._key = self._document = None
            self._document = pypdfium2.PdfDocument(content if path is None else path)
            self._key = key
        return self._document


def _answer(request: dict[str, Any], content: bytes, documents: _Documents) -> tuple[Reply, bytes]:
    import pypdfium2

    try:
        document = documents.opened(request["path"], content)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            return {"error": "the document is encrypted; expected one without a password"}, b""
        return {"error": f"not a whole PDF document ({error})"}, b""
    if not request["page"]:
        return {"count": len(document)}, b""
    try:
        sheet = document[request["page"] - 1]
        width, height = sheet.get_size()
        scale = min(DPI / POINTS_PER_INCH, (MAX_PAGE_PIXELS / max(1.0, width * height)) ** 0.5)
        picture = sheet.render(scale=scale, grayscale=True).to_pil().convert("L")
    except Exception as error:  # whatever pdfium makes of a broken page
        return {"error": f"the page is broken ({error})"}, b""
    pixels = picture.tobytes()
    return {"width": picture.width, "height": picture.height, "size": len(pixels)}, pixels


def _limit() -> None:
    """Limit the memory of this process, and its time, in case the one that asks ends before it does."""
    if sys.platform == "win32":
        return
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + MAX_SECONDS + 1, hard))
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, hard))


def _line(file: Any) -> bytes:
    line = bytes(file.readline())
    if not line.endswith(b"\n"):
        raise EOFError
    return line


def _exactly(file: BinaryIO | Any, size: int) -> bytes:
    content = bytes(file.read(size)) if size else b""
    if len(content) < size:
        raise EOFError
    return content
