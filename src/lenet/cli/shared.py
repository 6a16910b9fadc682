"""What all commands share: options, messages, errors of one line, and the exit code.

Data go to stdout, progress and messages to stderr. Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 something was
rejected and ``--fail-on-reject`` was given, 130 interrupted. An error is one line; no library's traceback is printed.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import lenet
from lenet.model.ensemble import single_network
from lenet.training.errors import TrainingError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(no_args_is_help=True, help="List, fetch, verify and draw data sets.")
app.add_typer(data_app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"lenet {lenet.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Fast, faithful LeNet-5 and its variants, with a reader for handwritten numbers."""


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Threads = Annotated[int | None, typer.Option(min=1, max=1024, help="Threads; by default all available processors.")]
Data = Annotated[
    str,
    typer.Option(
        "--data", help="mnist, digits, or a file or directory: pictures by class, IDX, .csv, .parquet, .npz, .pkl.gz."
    ),
]
OwnData = Annotated[
    str | None,
    typer.Option("--data", help="As for train; by default mnist, for a network with other classes none."),
]
Reject = Annotated[
    str | None,
    typer.Option(help="Reject what is not confident: the error wanted among accepted answers, such as 0.1%."),
]

EXPECTED = (ValueError, TypeError, OSError, ModuleNotFoundError, MemoryError, TrainingError)
"""What bad input raises: shown as one line. Anything else is a bug in lenet and shows its traceback."""


def spec_of(name: str) -> lenet.Spec:
    """Return the spec of a preset, a pretrained network or a file."""
    if name in lenet.presets:
        return lenet.presets[name].spec
    try:
        return single_network(lenet.load(name), name).spec
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}; presets are {', '.join(lenet.presets)}") from error


def say(message: str) -> None:
    """Write a line to stderr."""
    if sys.stderr is not None:  # closed by whoever called
        print(message, file=sys.stderr, flush=True)


def show(table: Table) -> None:
    """Print a table to stdout; at its full width if stdout is not a terminal."""
    if sys.stdout is None:  # closed by whoever called
        return
    # Names of classes, layers and files are text, never markup.
    if sys.stdout.isatty():
        console = Console(markup=False, emoji=False)
    else:
        console = Console(markup=False, emoji=False, width=200, force_terminal=False, no_color=True)
    console.print(table)


def one_line(error: BaseException, subject: str = "") -> str:
    """Return an error's message as one line; `subject` is its file, if the message does not name one."""
    if isinstance(error, OSError) and error.strerror:
        place = error.filename or subject
        return f"{place}: {error.strerror}" if place else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
