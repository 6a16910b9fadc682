"""Every block of Python on the pages runs, and prints what the page says; so does every command in a console block.

The blocks of a page run in order, in one namespace and one temporary directory, which has the repository's examples. A
block of ``output`` is what the block before it prints, and the lines below a command in a ``console`` block are what
the command prints; ``...`` stands for anything. Commands in a block of ``bash`` are only shown.
"""

import doctest
import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from lenet.cli import main

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LANGUAGES = {"python", "console", "output", "bash", "text"}
SLOW = {"README.md", "README.zh-CN.md", "tutorial.md", "coming-from.md", "ensembles.md"}
"""Pages that take more than a few seconds."""


@dataclass(frozen=True)
class Block:
    """A block of code: its language, the rest of its first line, its text, and the line of the page where it starts."""

    language: str
    marks: tuple[str, ...]
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    tokens = MarkdownIt().parse(page.read_text())
    assert not [token.map for token in tokens if token.type == "code_block"], f"{page}: code that is not fenced"
    blocks = []
    for token in tokens:
        if token.type == "fence" and not token.info.startswith("{"):  # in braces it is a directive of Sphinx
            language, *marks = token.info.split() or ["none"]
            blocks.append(Block(language, tuple(marks), token.content, token.map[0] + 1))
    return blocks


def parameter(page: Path):
    marks = {mark for block in blocks_of(page) for mark in block.marks} | ({"slow"} if page.name in SLOW else set())
    name = str(page.relative_to(ROOT))
    return pytest.param(page, id=name, marks=[getattr(pytest.mark, mark) for mark in sorted(marks)])


def check_output(got: str, expected: str, where: str) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(expected, got, flags):
        pytest.fail(f"{where}: the page says\n{expected}\nand it printed\n{got}")


def run_command(line: str) -> str:
    """Run a command line of lenet in this process; return what it printed to both streams."""
    name, *arguments = shlex.split(line, comments=True)
    assert name == "lenet", f"{line}: only commands of lenet run; show others in a block of bash"
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert not exit_.value.code, f"{line}: {printed.getvalue()}"
    return printed.getvalue()


def run_console(block: Block, where: str) -> None:
    command, *rest = block.text.split("\n$ ")
    assert command.startswith("$ "), f"{where}: expected a command after a dollar sign"
    for text in [command.removeprefix("$ "), *rest]:
        line, _, expected = text.replace("\\\n", " ").partition("\n")
        printed = run_command(line)
        if expected.strip():
            check_output(printed, expected, f"{where}: {line}")


def run_python(block: Block, namespace: dict[str, object], page: Path) -> str:
    code = compile("\n" * block.line + block.text, str(page), "exec")  # so that a traceback has the page's lines
    with redirect_stdout(io.StringIO()) as printed:
        exec(code, namespace)
    return printed.getvalue()


@pytest.mark.parametrize("page", [parameter(page) for page in PAGES])
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed = None
    for block in blocks_of(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        assert block.language in LANGUAGES, where
        if block.language == "output":
            assert printed is not None, f"{where}: there is no block of Python before it"
            check_output(printed, block.text, where)
        printed = run_python(block, namespace, page) if block.language == "python" else None
        if block.language == "console":
            run_console(block, where)


CHINESE = sorted([ROOT / "README.zh-CN.md", *(ROOT / "docs" / "zh").glob("*.md")])


def without_comments(block: Block) -> tuple[str, tuple[str, ...], str]:
    """Return a block's language, marks and text, without the comments and the spaces before them."""
    text = re.sub(r" +# .*", "", block.text) if block.language in {"python", "console", "bash"} else block.text
    return block.language, block.marks, text


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_in_chinese_are_those_in_english(page):
    """Each page in Chinese has the code of the page in English of that name; comments differ."""
    english = ROOT / "README.md" if page.parent == ROOT else ROOT / "docs" / page.name
    assert [without_comments(block) for block in blocks_of(page)] == [without_comments(b) for b in blocks_of(english)]
