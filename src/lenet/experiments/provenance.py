"""What every published measurement names: processor, threads, date, version and commit; from clean commits only."""

from __future__ import annotations

import datetime
import platform
from pathlib import Path
from typing import Any

from lenet._version import __version__, source_commit
from lenet.engine import cpu


class DirtyTreeError(RuntimeError):
    """Files were changed since the last commit, so that a published figure would not say what made it."""


def require_clean_commit() -> None:
    """Raise `DirtyTreeError` unless the source is a commit without changes."""
    commit = source_commit()
    if commit == "unknown" or commit.endswith("-dirty"):
        raise DirtyTreeError(f"the source is {commit}; a published figure needs a clean commit: commit or stash first")


def processor_name() -> str:
    """Return the processor's name as the operating system knows it."""
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def provenance(threads: int | None = None) -> dict[str, Any]:
    """Return what a measurement should name: processor, threads, date, version, and the source's commit."""
    return {
        "processor": processor_name(),
        "threads": cpu.threads_to_use(threads),
        "date": datetime.date.today().isoformat(),
        "lenet": __version__,
        "commit": source_commit(),
    }
