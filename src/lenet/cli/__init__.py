"""The command ``lenet``: each command parses, calls one library function, prints."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper

from lenet.cli.shared import EXPECTED, app, one_line, say

MODULES = {
    "bench": "experiments",
    "data": "data",
    "evaluate": "evaluate",
    "look": "look",
    "presets": "models",
    "read": "read",
    "reproduce": "experiments",
    "summary": "models",
    "train": "train",
}
"""The module of each command."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; by default the process's own arguments."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that has not all letters shows the others by their numbers
            stream.reconfigure(errors="backslashreplace")
    name = arguments[0] if arguments else ""
    try:
        for module in _modules_for(name):
            import_module(f"lenet.cli.{module}")
        app(args=arguments, prog_name="lenet")
    except EXPECTED as error:
        say(f"lenet: {one_line(error)}")
        sys.exit(1)


def _modules_for(name: str) -> list[str]:
    """Return the modules that a first argument needs: that of the command, so that it starts sooner; else all."""
    if name == "--version":
        return []
    return [MODULES[name]] if name in MODULES else sorted(set(MODULES.values()))
