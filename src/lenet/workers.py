"""Processes that share what threads cannot: work in Python."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def workers(count: int, begin: Callable[..., None], *given: Any) -> ProcessPoolExecutor:
    """Return so many processes, each of which first calls `begin`, a function of a module, with what is `given`.

    They are not forked from this process, whose threads would not be in them, but from one that has only loaded what
    they need, and is there for the next call too; Windows has none.
    """
    context: Any
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([begin.__module__, "cv2"])
    else:
        context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_start, initargs=(begin, given))


def in_one() -> bool:
    """Tell whether this process may start none."""
    return bool(multiprocessing.current_process().daemon)


def _start(begin: Callable[..., None], given: tuple[Any, ...]) -> None:
    import cv2

    cv2.setNumThreads(1)  # there is a process for every core
    begin(*given)
