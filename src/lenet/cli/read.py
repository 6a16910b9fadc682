"""``lenet read``: from pictures to numbers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import typer

import lenet
from lenet.cli.shared import AsJson, Reject, Threads, app, one_line, say
from lenet.image.errors import PictureError
from lenet.image.files import NamedPicture, named_pictures
from lenet.reading.batch import read_batches
from lenet.reading.explain import explained
from lenet.reading.reader import AUTO, Reader
from lenet.reading.records import REJECTED, Table, records_of
from lenet.reading.review import Review

Pictures = Annotated[
    list[str], typer.Argument(help="Pictures of digits: files, PDF documents, folders, patterns; - is stdin.")
]
ExplainDirectory = Annotated[
    Path | None,
    typer.Option(help="A directory for pictures of each step; with a subdirectory each for several pictures."),
]
ReviewDirectory = Annotated[
    Path | None, typer.Option(help="A directory for a page on which to correct the rejected lines; with --reject.")
]
Signs = Annotated[bool, typer.Option("--signs", help="As text, print signs too: −12.50, 35×2+1.")]
Value = Annotated[
    bool, typer.Option("--value", help="As text, print the number that a line is, ? for a line that is none.")
]
Format = Annotated[
    str, typer.Option("--format", help="text, csv or tsv with a row for each line, or jsonl with all details.")
]


def _grid(text: str | None) -> tuple[int, int] | str | None:
    if text is None or text == AUTO:
        return text
    rows, _, columns = text.lower().partition("x")
    if not (rows.isascii() and rows.isdigit() and columns.isascii() and columns.isdigit()):
        raise typer.BadParameter(f"--grid is {text!r}; expected rows and columns such as 3x8, or {AUTO}")
    return int(rows), int(columns)


@app.command()
def read(
    pictures: Pictures,
    mode: Annotated[str, typer.Option(help="What they show: auto, digit, line or page.")] = "auto",
    length: Annotated[int | None, typer.Option(min=1, help="How many digits a line has.")] = None,
    grid: Annotated[
        str | None, typer.Option(help="A form's rows and columns, such as 3x8; auto: by its walls.")
    ] = None,
    checksum: Annotated[str | None, typer.Option(help="Only numbers that are right: luhn, iban or isbn.")] = None,
    pattern: Annotated[str | None, typer.Option(help="What a line looks like: '##/##/####', # for a digit.")] = None,
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
    explain: ExplainDirectory = None,
    review: ReviewDirectory = None,
    threads: Threads = None,
    format_: Format = "text",
    signs: Signs = False,
    value: Value = False,
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
        pattern=pattern,
        candidates=candidates,
        sliding_window=sliding_window,
    )
    if reader.caveat:
        say(f"lenet: {reader.caveat}")
    named = named_pictures(pictures)
    show = _shown_as("jsonl" if as_json else format_, len(named) > 1, signs, value)
    sources = [picture for _, picture in named]
    results = read_batches(sources, reader, threads) if explain is None else _explained(named, explain, reader, threads)
    failed, rejected = _report(named, results, show, _opened_review(review, reject))
    if failed or (rejected and fail_on_reject):
        raise typer.Exit(1 if failed else 3)


def _shown_as(name: str, several: bool, signs: bool, value: bool) -> Show:
    """Return what prints results in a format; a usage error for an unknown one, or for content that it has anyway."""
    if signs and value:
        raise typer.BadParameter("--signs and --value; expected one of them")
    content = "value_text" if value else "full_text" if signs else "text"
    if name not in FORMATS:
        raise typer.BadParameter(f"--format is {name!r}; expected one of {', '.join(FORMATS)}")
    if name != "text" and content != "text":
        raise typer.BadParameter(f"--signs or --value with {name}, which has both; leave them out")
    return FORMATS[name](several, content)


def _opened_review(directory: Path | None, reject: str | None) -> Review | None:
    if directory is not None and reject is None:
        raise typer.BadParameter("--review without --reject, which says what is rejected")
    return None if directory is None else Review(directory)


def _report(
    pictures: Sequence[NamedPicture], results: Iterable[lenet.Reading | Exception], show: Show, review: Review | None
) -> tuple[bool, bool]:
    """Print results as they come; return whether a picture could not be read, and whether one was rejected."""
    failed, rejected = False, False
    for picture, result in zip(pictures, results, strict=True):
        if isinstance(result, Exception):
            failed = True
            message = one_line(result, picture.name)
            result = PictureError(message if message.startswith(picture.name) else f"{picture.name}: {message}")
            say(f"lenet: {result}")
        elif result.reason:
            rejected = True
            say(f"{picture.name}: {result.reason}")
            if review is not None:
                review.add(picture.picture, result, *picture.place)
        show(picture, result)
        sys.stdout.flush()
    if review is not None:
        say(f"the rejected lines are in {review.write()}")
    return failed, rejected


def _text(several: bool, content: str) -> Show:
    """Print digits, a line of text for each line; of several pictures, each after the picture's name and a tab."""

    def text_of(line: lenet.reading.Line) -> str:
        text: str | None = None if line.accepted is False else getattr(line, content)
        return REJECTED if text is None else text

    def show(picture: NamedPicture, result: lenet.Reading | Exception) -> None:
        if isinstance(result, Exception):
            return
        for text in list(map(text_of, result.lines)) or [""]:
            print(f"{picture.name}\t{text}" if several else text)

    return show


def _json(several: bool, content: str) -> Show:
    """Print an object for each picture."""

    def show(picture: NamedPicture, result: lenet.Reading | Exception) -> None:
        failed = isinstance(result, Exception)
        described = {"error": str(result)} if failed else cast(lenet.Reading, result).to_dict()
        print(json.dumps({"picture": picture.name, **described}))

    return show


def _table(several: bool, content: str, delimiter: str = ",") -> Show:
    """Print a table with a row for each line."""
    table = Table(sys.stdout, delimiter)

    def show(picture: NamedPicture, result: lenet.Reading | Exception) -> None:
        table.write(records_of(result, *picture.place))

    return show


Show = Callable[[NamedPicture, lenet.Reading | Exception], None]
FORMATS: dict[str, Callable[[bool, str], Show]] = {
    "text": _text,
    "csv": _table,
    "tsv": partial(_table, delimiter="\t"),
    "jsonl": _json,
}
"""How results are printed, by the name of the format; given whether there are several pictures, and what of a line."""


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
