"""Processes that share what threads cannot: work in Python."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

_given: list[Any] = []
"""In one of the processes: what it was given."""


def workers(count: int, given: Any) -> ProcessPoolExecutor:
    """Return so many processes that share work on what is `given`: submit `work_on` to them.

    They are not forked from this process, whose threads would not be in them, but from one that has only loaded what
    they need, and is there for the next call too; Windows has none.
    """
    context: Any
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([type(given).__module__, "cv2"])
    else:
        context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_start, initargs=(given,))


def work_on(work: Callable[..., Result], *arguments: Any) -> Result:
    """Return, in one of the processes, what `work` makes of what that was given, and of the arguments."""
    return work(_given[0], *arguments)


def in_one() -> bool:
    """Tell whether this process may start none."""
    return bool(multiprocessing.current_process().daemon)


def _start(given: Any) -> None:
    import cv2

    cv2.setNumThreads(1)  # there is a process for every core
    _given[:] = [given]
