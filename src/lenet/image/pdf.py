"""PDF documents, drawn page by page in a process of its own.

pdfium cannot be interrupted, and a small document may keep it busy for ever or ask for any amount of memory. So another
process opens documents and draws pages. It is ended when it takes too long, and ends by itself when nothing is asked of
it for a while. Needs pypdfium2, the extra ``pdf``. Pages are drawn at `DPI`, or smaller where they would have more than
`MAX_PAGE_PIXELS`, whatever size the file says.

The processes talk through pipes: a request is a line of JSON, and the document's bytes if it is no file and not the one
that was opened last; a reply is a line of JSON, and the pixels of a page.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
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
IDLE_SECONDS = 30
"""After so long without a request, the process that draws ends, and with it the document is closed."""

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
    return int(_asked(source, 0, name)[0]["count"])


def drawn_page(source: Source, number: int, name: str) -> Image.Image:
    """Return a page of a document, its number counted from 1, in grey.

    Raises
    ------
    PictureError, ModuleNotFoundError
        As for `count_of_pages`.
    """
    reply, pixels = _asked(source, number, name)
    return Image.frombytes("L", (reply["width"], reply["height"]), pixels)


def _asked(source: Source, page: int, name: str) -> tuple[Reply, bytes]:
    """Return the reply to a request for a page, or for the count of pages, and the pixels that follow it."""
    if not is_installed("pypdfium2"):
        raise missing("pypdfium2", f"{name}: a PDF document")
    for _ in range(2):  # the process may have ended before it was asked
        drawer = _drawer(os.getpid())
        try:
            reply, pixels = drawer.ask(source, page)
        except TimeoutError:
            _drawer.cache_clear()
            raise PictureError(
                f"{name}: drawing it takes more than {MAX_SECONDS} seconds; export it as a picture"
            ) from None
        except EOFError:
            if drawer is _drawer(os.getpid()):  # no other thread has seen it before
                _drawer.cache_clear()
            continue
        if "error" in reply:
            raise PictureError(f"{name}: {reply['error']}")
        return reply, pixels
    raise PictureError(f"{name}: drawing it takes too much memory, or crashes; export it as a picture")


class _Drawer:
    """The process that opens documents and draws pages."""

    def __init__(self) -> None:
        # Modules are not looked for in the current directory (-P), which may be one of other people's files.
        command = [sys.executable, "-P", "-c", "from lenet.image.pdf import serve; serve()"]
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,  # an interrupt is for the one that asks
        )
        self._lock = threading.Lock()
        self._opened = ""
        self.end = weakref.finalize(self, _end, self._process, os.getpid())

    def ask(self, source: Source, page: int) -> tuple[Reply, bytes]:
        """Return the reply to a request and the pixels that follow; EOFError if the process ended, TimeoutError."""
        content, path = (source, None) if isinstance(source, bytes) else (b"", os.path.abspath(source))
        key = hashlib.sha256(content).hexdigest() if content else ""
        with self._lock:
            sent = content if key != self._opened else b""
            late = threading.Event()

            def expire() -> None:
                late.set()
                self._process.kill()

            alarm = threading.Timer(MAX_SECONDS, expire)
            alarm.start()
            try:
                answer = self._exchange({"page": page, "path": path, "size": len(sent)}, sent)
            except BaseException as failure:  # also an interrupt: what comes then is no reply to the next request
                self.end()
                if late.is_set():
                    raise TimeoutError from None
                if isinstance(failure, OSError | ValueError):
                    raise EOFError from failure
                raise
            finally:
                alarm.cancel()
            self._opened = "" if "error" in answer[0] else key
            return answer

    def _exchange(self, request: Reply, content: bytes) -> tuple[Reply, bytes]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n" + content)
        process.stdin.flush()
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        reply = json.loads(line)
        return reply, _exactly(process.stdout, reply.get("size", 0))


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
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what else is printed is no reply
    documents = _Documents()
    while True:
        with _deadline(IDLE_SECONDS):
            line = requests.readline()
        if not line:
            return
        # In case the one that asks ends before it can end this process.
        with _deadline(2 * MAX_SECONDS):
            request = json.loads(line)
            content = _exactly(requests, request["size"])
            _limit_memory()
            reply, pixels = _answer(request, content, documents)
            replies.write(json.dumps(reply).encode() + b"\n" + pixels)
            replies.flush()


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """End this process unless the ``with`` block ends in so many seconds."""
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Documents:
    """The document that was opened last: its pages are asked for one after the other."""

    def __init__(self) -> None:
        self._key: Any = None
        self._document: Any = None

    def opened(self, path: str | None, content: bytes) -> Any:
        """Return a document, of a file or of its bytes; without either, the one that was opened last."""
        import pypdfium2

        key = (path, os.stat(path).st_mtime_ns, os.stat(path).st_size) if path else None
        if content or key != self._key:
            if self._document is not None:
                self._document.close()
            self._key = self._document = None
            self._document = pypdfium2.PdfDocument(content or path)
            self._key = key
        return self._document


def _answer(request: Reply, content: bytes, documents: _Documents) -> tuple[Reply, bytes]:
    """Return the reply to a request, and the pixels of a page."""
    import pypdfium2

    try:
        document = documents.opened(request["path"], content)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            return {"error": "the document is encrypted; expected one without a password"}, b""
        return {"error": f"not a whole PDF document ({error})"}, b""
    except OSError as error:
        return {"error": f"cannot be opened ({error})"}, b""
    if not request["page"]:
        return {"count": len(document)}, b""
    try:
        sheet = document[request["page"] - 1]
        width, height = sheet.get_size()
        scale = min(DPI / POINTS_PER_INCH, (MAX_PAGE_PIXELS / max(1.0, width * height)) ** 0.5)
        picture = sheet.render(scale=scale, grayscale=True).to_pil()
    except Exception as error:  # whatever pdfium makes of a broken page
        return {"error": f"the page is broken ({error})"}, b""
    pixels = picture.tobytes()
    return {"width": picture.width, "height": picture.height, "size": len(pixels)}, pixels


def _limit_memory() -> None:
    """Limit the memory of this process, where the system can."""
    if sys.platform not in ("win32", "darwin"):
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _exactly(file: BinaryIO | Any, size: int) -> bytes:
    content = bytes(file.read(size)) if size else b""
    if len(content) < size:
        raise EOFError
    return content
