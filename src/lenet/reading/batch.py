"""Many pictures at once, on all cores: what cannot be read is reported, and the others still are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from lenet import engine
from lenet.reading.decode import decode
from lenet.reading.reader import Reader
from lenet.reading.result import Reading
from lenet.workers import in_one, work_on, workers

BATCH = 16
"""Pictures whose candidates go through the network together."""

FEW = 65
"""Fewer pictures are read sooner than processes are started."""

PIXELS = 20_000_000
"""Fewer pictures go together if they have more pixels than this: memory is bounded."""


def read_many(pictures: Sequence[Any], reader: Reader, threads: int | None = None) -> Iterator[Reading | Exception]:
    """Read pictures, each as `lenet.read` takes them, yielding for each its `Reading` or why there is none.

    Parameters
    ----------
    pictures : sequence
        Paths, bytes, arrays or PIL images.
    reader : Reader
        Says how.
    threads : int, optional
        Processes to share the work, see `lenet.engine.threads_to_use`; few pictures are read by this one.
    """
    threads = engine.threads_to_use(threads)
    size = max(1, min(BATCH, -(-len(pictures) // threads)))
    batches = [pictures[first : first + size] for first in range(0, len(pictures), size)]
    count = min(threads, len(batches)) if len(pictures) >= FEW else 1
    if count < 2 or in_one():
        for batch in batches:
            yield from _batch(batch, reader, threads)
        return
    while batches:
        with workers(count, reader) as pool:
            waiting = [pool.submit(work_on, _work, [_plain(one) for one in batch]) for batch in batches]
            done = 0
            try:
                for work in waiting:
                    yield from work.result()
                    done += 1
            except BrokenProcessPool:  # a worker was killed, perhaps for what is in this batch
                yield from (_alone(picture, reader) for picture in batches[done])
                done += 1
        batches = batches[done:]


def _alone(picture: Any, reader: Reader) -> Reading | Exception:
    """Read a picture in a process of its own."""
    with workers(1, reader) as pool:
        try:
            return pool.submit(work_on, _work, [_plain(picture)]).result()[0]
        except BrokenProcessPool:
            return MemoryError("the process that read it was ended, perhaps for want of memory")


def _work(reader: Reader, batch: Sequence[Any]) -> list[Reading | Exception]:
    return _batch(batch, reader, 1)


def _plain(picture: Any) -> Any:
    """Return a picture in a form that goes from process to process."""
    return bytes(picture) if isinstance(picture, memoryview | bytearray) else picture


def _batch(batch: Sequence[Any], reader: Reader, threads: int) -> list[Reading | Exception]:
    results: list[Reading | Exception] = [ValueError("not read")] * len(batch)
    waiting: list[tuple[int, Any]] = []
    for number, picture in enumerate(batch):
        try:
            waiting.append((number, decode(picture)))
        except Exception as error:  # whatever it is, the other pictures are still read
            results[number] = error
        if number + 1 == len(batch) or sum(grey.size for _, grey in waiting) > PIXELS:
            for (at, _), result in zip(waiting, _together(waiting, reader, threads), strict=True):
                results[at] = result
            waiting.clear()
    return results


def _together(waiting: Sequence[tuple[int, Any]], reader: Reader, threads: int) -> list[Reading | Exception]:
    """Read pictures at once; if that fails, one by one."""
    greys = [grey for _, grey in waiting]
    try:
        return [page.reading for page in reader.pages(greys, threads)]
    except Exception as error:
        if len(waiting) == 1:
            return [error]
        return [result for one in waiting for result in _together([one], reader, threads)]
