"""The version of lenet, and the commit of its source."""

from __future__ import annotations

import subprocess
from pathlib import Path

__version__ = "0.1.0"


def source_commit() -> str:
    """Return the commit of the repository that this package lies in, as ``git describe`` has it; or ``unknown``.

    It ends in ``-dirty`` if files were changed since.
    """
    package = Path(__file__).resolve().parent
    described = []
    for command in (["rev-parse", "--show-toplevel"], ["describe", "--always", "--dirty"]):
        try:
            done = subprocess.run(["git", *command], cwd=package, capture_output=True, text=True, check=False)
        except OSError:  # no git
            return "unknown"
        described.append(done.stdout.strip())
    # The package may lie in somebody else's repository, whose commit says nothing about it.
    in_own_repository = Path(described[0]) == package.parent.parent
    return (described[1] if in_own_repository else "") or "unknown"
