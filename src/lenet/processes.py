"""A pool of processes for work in Python, which threads cannot share."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

import cv2

Result = TypeVar("Result")

_context: list[Any] = []
"""In a process of a pool: the value that it was started with."""


def process_pool(count: int, context: Any) -> ProcessPoolExecutor:
    """Return a pool of `count` processes, each of which keeps `context`; submit `call_with_context` to it.

    The processes are not forked from this one, whose threads would be missing in them, but from a server process that
    has only imported what they need, and that serves later calls too. Windows has no such server.
    """
    start: Any
    if "forkserver" in multiprocessing.get_all_start_methods():
        start = multiprocessing.get_context("forkserver")
        start.set_forkserver_preload([type(context).__module__, "cv2"])
    else:
        start = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, start, initializer=_keep, initargs=(context,))


def call_with_context(function: Callable[..., Result], *arguments: Any) -> Result:
    """Return, in a process of a pool, what `function` returns for the pool's context and the arguments."""
    return function(_context[0], *arguments)


def may_start_processes() -> bool:
    """Return whether this process may start others: daemonic processes may not."""
    return not multiprocessing.current_process().daemon


def _keep(context: Any) -> None:
    cv2.setNumThreads(1)  # there is a process for every core
    _context[:] = [context]
