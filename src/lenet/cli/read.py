"""``lenet read``: from pictures to numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

import lenet
from lenet.cli.shared import AsJson, Reject, Threads, app, one_line, say
from lenet.image.files import NamedPicture, named_pictures
from lenet.reading.batch import read_batches
from lenet.reading.explain import explained
from lenet.reading.reader import Reader


def _grid(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    rows, _, columns = text.lower().partition("x")
    if not (rows.isascii() and rows.isdigit() and columns.isascii() and columns.isdigit()):
        raise typer.BadParameter(f"--grid is {text!r}; expected rows and columns such as 3x8")
    return int(rows), int(columns)


@app.command()
def read(
    pictures: Annotated[
        list[str], typer.Argument(help="Pictures of digits: files, PDF documents, folders, patterns; - is stdin.")
    ],
    mode: Annotated[str, typer.Option(help="What they show: auto, digit, line or page.")] = "auto",
    length: Annotated[int | None, typer.Option(min=1, help="How many digits a line has.")] = None,
    grid: Annotated[str | None, typer.Option(help="A form's rows and columns, such as 3x8: a digit a cell.")] = None,
    checksum: Annotated[str | None, typer.Option(help="Only numbers that are right: luhn, iban or isbn.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The classifier for single digits: a network's file, or the name of a pretrained one."),
    ] = None,
    candidates: Annotated[
        str | None, typer.Option(help="Another network that classifies segmentation candidates.")
    ] = None,
    sliding_window: Annotated[str | None, typer.Option(help="Another network for the sliding window.")] = None,
    reject: Reject = None,
    fail_on_reject: Annotated[
        bool, typer.Option("--fail-on-reject", help="Exit with 3 if a picture is not accepted.")
    ] = False,
    explain: Annotated[
        Path | None,
        typer.Option(help="A directory for pictures of each step; with a subdirectory each for several pictures."),
    ] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Read the digits in pictures. A picture that cannot be read is reported, and the others still are."""
    reader = Reader(
        model,
        reject=reject,
        mode=mode,
        length=length,
        grid=_grid(grid),
        checksum=checksum,
        candidates=candidates,
        sliding_window=sliding_window,
    )
    if reader.caveat:
        say(f"lenet: {reader.caveat}")
    named = named_pictures(pictures)
    names, sources = [name for name, _ in named], [picture for _, picture in named]
    results = read_batches(sources, reader, threads) if explain is None else _explained(named, explain, reader, threads)
    failed, rejected = _report(names, results, as_json)
    if failed or (rejected and fail_on_reject):
        raise typer.Exit(1 if failed else 3)


def _report(pictures: list[str], results: Iterable[lenet.Reading | Exception], as_json: bool) -> tuple[bool, bool]:
    """Print results as they come; return whether a picture could not be read, and whether one was rejected."""
    failed, rejected = False, False
    for picture, result in zip(pictures, results, strict=True):
        if isinstance(result, Exception):
            failed = True
            message = one_line(result, picture)
            message = message if message.startswith(picture) else f"{picture}: {message}"
            say(f"lenet: {message}")
            if as_json:
                print(json.dumps({"picture": picture, "error": message}))
            continue
        _show(picture, result, len(pictures) > 1, as_json)
        if not result.accepted:
            rejected = True
            say(f"{picture}: {result.reason}")
    return failed, rejected


def _explained(
    pictures: Sequence[NamedPicture], explain: Path, reader: Reader, threads: int | None
) -> Iterator[lenet.Reading | Exception]:
    """Read pictures one by one, and write pictures of each step: for several, in a directory each."""
    for number, (name, picture) in enumerate(pictures, 1):
        directory = explain if len(pictures) == 1 else explain / f"{number}-{Path(name).name}"
        try:
            yield explained(picture, directory, reader, threads=threads)
            say(f"{name}: the steps are in {directory}")
        except Exception as error:  # whatever it is, the other pictures are still read
            yield error


def _show(picture: str, result: lenet.Reading, several: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"picture": picture, **result.to_dict()}))
        return
    for line in result.text.split("\n"):
        print(f"{picture}\t{line}" if several else line)
