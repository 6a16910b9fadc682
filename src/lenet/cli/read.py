"""``lenet read``: from pictures to numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import lenet
from lenet.cli.shared import AsJson, Reject, Threads, app, network_called, one_line, say, single_called
from lenet.reading import Reader, read_many
from lenet.reading.draw import explained


def _grid(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    rows, _, columns = text.lower().partition("x")
    if not (rows.isascii() and rows.isdigit() and columns.isascii() and columns.isdigit()):
        raise typer.BadParameter(f"--grid is {text!r}; expected rows and columns such as 3x8")
    return int(rows), int(columns)


@app.command()
def read(
    pictures: Annotated[list[str], typer.Argument(help="Pictures of digits.")],
    mode: Annotated[str, typer.Option(help="What is in them: auto, digit, line or page.")] = "auto",
    length: Annotated[int | None, typer.Option(min=1, help="How many digits a line has.")] = None,
    grid: Annotated[str | None, typer.Option(help="A form's rows and columns, such as 3x8: a digit a cell.")] = None,
    checksum: Annotated[str | None, typer.Option(help="Only numbers that are right: luhn, iban or isbn.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Reads single digits: a network's file, or the name of a shipped one.")
    ] = None,
    strings: Annotated[str | None, typer.Option(help="Another network for the pieces of whole numbers.")] = None,
    windows: Annotated[str | None, typer.Option(help="Another network to sweep over whole numbers.")] = None,
    reject: Reject = None,
    fail_on_reject: Annotated[
        bool, typer.Option("--fail-on-reject", help="Exit with 3 if a picture is not accepted.")
    ] = False,
    explain: Annotated[
        Path | None, typer.Option(help="A directory for pictures of each step; of several pictures, one each in it.")
    ] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Read the digits in pictures. A picture that cannot be read is reported, and the others still are."""
    network = None if model is None else network_called(model)
    pieces = None if strings is None else network_called(strings)
    swept = None if windows is None else single_called(windows)
    reader = Reader(network, reject, mode, length, _grid(grid), checksum, pieces, swept)
    if reader.caveat:
        say(f"lenet: {reader.caveat}")
    failed, refused = False, False
    results = (
        read_many(pictures, reader, threads) if explain is None else _explained(pictures, explain, reader, threads)
    )
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
            refused = True
            say(f"{picture}: {result.reason}")
    if failed or (refused and fail_on_reject):
        raise typer.Exit(1 if failed else 3)


def _explained(
    pictures: list[str], explain: Path, reader: Reader, threads: int | None
) -> Iterator[lenet.Reading | Exception]:
    """Read pictures one by one, and keep what each step made of them: of several, in a directory each."""
    for number, picture in enumerate(pictures, 1):
        directory = explain if len(pictures) == 1 else explain / f"{number}-{Path(picture).name}"
        try:
            yield explained(picture, directory, reader, threads)
            say(f"{picture}: the steps are in {directory}")
        except Exception as error:  # whatever it is, the other pictures are still read
            yield error


def _show(picture: str, result: lenet.Reading, several: bool, as_json: bool) -> None:
    if as_json:
        found: dict[str, Any] = {"picture": picture, **result.to_dict()}
        print(json.dumps(found))
        return
    for line in str(result).split("\n"):
        print(f"{picture}\t{line}" if several else line)
