"""Many pictures at once, on all cores; a picture that cannot be read is reported, and the others are still read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from lenet.engine import cpu
from lenet.image.decode import decode
from lenet.processes import call_with_context, may_start_processes, process_pool
from lenet.reading.reader import Reader
from lenet.reading.result import Reading

BATCH_PICTURES = 16
"""Pictures whose candidates the networks see in one call."""
MIN_PICTURES_FOR_PROCESSES = 65
"""Fewer pictures are read by this process, sooner than others could be started."""
MAX_BATCH_PIXELS = 20_000_000
"""A batch with more pixels is split, so that memory is bounded."""

Result = Reading | Exception


def read_batches(pictures: Sequence[Any], reader: Reader, threads: int | None = None) -> Iterator[Result]:
    """Read pictures with a reader, yielding for each in order its `Reading` or the exception that says why not.

    Parameters
    ----------
    pictures : sequence
        Paths, bytes, arrays or PIL images.
    reader : Reader
    threads : int, optional
        Processes to share the work, see `lenet.engine.cpu.threads_to_use`; few pictures are read by this process.
    """
    threads = cpu.threads_to_use(threads)
    size = max(1, min(BATCH_PICTURES, -(-len(pictures) // threads)))
    batches = [pictures[first : first + size] for first in range(0, len(pictures), size)]
    count = min(threads, len(batches)) if len(pictures) >= MIN_PICTURES_FOR_PROCESSES else 1
    if count < 2 or not may_start_processes():
        for batch in batches:
            yield from _read_batch(reader, batch, threads)
        return
    while batches:
        with process_pool(count, reader) as pool:
            pending = [pool.submit(call_with_context, _read_batch, list(map(_picklable, batch))) for batch in batches]
            done = 0
            try:
                for future in pending:
                    yield from future.result()
                    done += 1
            except BrokenProcessPool:  # a process was killed, perhaps for what is in this batch
                yield from (_read_alone(picture, reader) for picture in batches[done])
                done += 1
        batches = batches[done:]


def _read_alone(picture: Any, reader: Reader) -> Result:
    """Read a picture in a process of its own."""
    with process_pool(1, reader) as pool:
        try:
            return pool.submit(call_with_context, _read_batch, [_picklable(picture)]).result()[0]
        except BrokenProcessPool:
            return MemoryError("the process that read it was ended, perhaps for want of memory")


def _picklable(picture: Any) -> Any:
    """Return a picture in a form that goes from process to process."""
    return bytes(picture) if isinstance(picture, memoryview | bytearray) else picture


def _read_batch(reader: Reader, batch: Sequence[Any], threads: int = 1) -> list[Result]:
    results: list[Result] = [ValueError("not read")] * len(batch)
    decoded: list[tuple[int, Any]] = []
    for index, picture in enumerate(batch):
        try:
            decoded.append((index, decode(picture)))
        except Exception as error:  # whatever it is, the other pictures are still read
            results[index] = error
        if index + 1 == len(batch) or sum(grey.size for _, grey in decoded) > MAX_BATCH_PIXELS:
            read = _read_together(reader, [grey for _, grey in decoded], threads)
            for (at, _), result in zip(decoded, read, strict=True):
                results[at] = result
            decoded.clear()
    return results


def _read_together(reader: Reader, pictures: Sequence[Any], threads: int) -> list[Result]:
    """Read pictures in one call; if that fails, one by one."""
    try:
        return [page.reading for page in reader.pages(pictures, threads)]
    except Exception as error:
        if len(pictures) == 1:
            return [error]
        return [result for picture in pictures for result in _read_together(reader, [picture], threads)]
