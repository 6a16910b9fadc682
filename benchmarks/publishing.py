"""Where a benchmark writes its results: to the published file, from a clean commit only, or to any other file.

The commit is that of the repository that the package `lenet` lies in. So run benchmarks from a checkout, with
`PYTHONPATH=src` or an editable install; of a package that lies elsewhere the commit is unknown, and nothing is
published. A published file is a change: commit it before the next benchmark.
"""

import argparse
from pathlib import Path

from lenet.experiments.provenance import DirtyTreeError, require_clean_commit

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def parser_of(description: str) -> argparse.ArgumentParser:
    """Return a parser with a module's docstring as its description."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_out(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the option --out; by default it is the published file of that name."""
    text = f"the file of the results; by default benchmarks/results/{name}, which needs a clean commit"
    parser.add_argument("--out", type=Path, default=RESULTS / name, metavar="FILE", help=text)


def is_published(out: Path) -> bool:
    """Return whether a file is among the published ones."""
    return RESULTS in out.resolve().parents


def check_out(out: Path) -> None:
    """End the program with a message and exit code 1 if results in `out` would be published without a clean commit."""
    if is_published(out):
        check_clean()
    elif not out.resolve().parent.is_dir():
        raise SystemExit(f"{out}: its directory does not exist")


def check_clean() -> None:
    """End the program with a message and exit code 1 unless the source is a clean commit."""
    try:
        require_clean_commit()
    except DirtyTreeError as error:
        raise SystemExit(str(error)) from error
