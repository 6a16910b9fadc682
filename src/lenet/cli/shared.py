"""What all commands share: options, messages, errors of one line, and the exit code.

Data go to stdout, progress and messages to stderr. Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 something was
rejected and the caller minds, 130 interrupted. An error is one line; no library's traceback is printed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import lenet
from lenet.files import open_file, shipped
from lenet.train import TrainingError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="LeNet-5, whole: train it, test it, read digits with it.",
)
data_app = typer.Typer(no_args_is_help=True, help="Where the data are, and fetching them.")
app.add_typer(data_app, name="data")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Threads = Annotated[int | None, typer.Option(min=1, max=1024, help="Threads; by default all processors at hand.")]
Data = Annotated[
    str,
    typer.Option("--data", help="mnist, digits, or a file or directory: IDX, pictures by class, .pkl.gz, .npz, .csv."),
]
Reject = Annotated[
    str | None,
    typer.Option(help="Accept only so sure answers that at most this share is wrong, such as 0.1%."),
]

EXPECTED = (ValueError, TypeError, OSError, ModuleNotFoundError, MemoryError, TrainingError)
"""What bad input raises: shown as one line. Anything else is a mistake of ours and shows its traceback."""


def say(message: str) -> None:
    """Write a line to stderr."""
    if sys.stderr is not None:  # closed by whoever called
        print(message, file=sys.stderr, flush=True)


def show(table: Table) -> None:
    """Print a table to stdout, as wide as it needs where stdout is no terminal."""
    console = Console() if sys.stdout.isatty() else Console(width=200, force_terminal=False, no_color=True)
    console.print(table)


def network_called(name: str) -> lenet.Network | lenet.Ensemble:
    """Return the network or ensemble in a file, or the shipped one of that name."""
    if name in shipped():
        return lenet.load(name)
    if not Path(name).exists():
        raise FileNotFoundError(f"{name}: no such file, and no shipped network ({', '.join(shipped())})")
    return open_file(name)


def single_called(name: str) -> lenet.Network:
    """Return the network in a file, or the shipped one of that name; ValueError for an ensemble."""
    network = network_called(name)
    if not isinstance(network, lenet.Network):
        raise ValueError(f"{name}: an ensemble; expected a single network")
    return network


def one_line(error: BaseException, subject: str = "") -> str:
    """Return an error's message as one line; `subject` is the file it is about where it does not say so itself."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or subject}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        app(args=arguments, prog_name="lenet")
    except EXPECTED as error:
        say(f"lenet: {one_line(error)}")
        sys.exit(1)
