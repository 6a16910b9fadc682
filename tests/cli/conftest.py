"""The command line called in this process."""

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from lenet.cli import main


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str

    @property
    def one_line(self) -> str:
        """The one line of an error; nothing else was printed, except which data were read, and notes about them."""
        lines = [line for line in self.stderr.splitlines() if not line.startswith(("data:", "note:"))]
        assert len(lines) == 1, self.stderr
        assert self.stdout == ""
        return lines[0]


@pytest.fixture
def run(capsys):
    """Return a function that calls the command line with arguments and checks the exit code."""

    def call(*arguments: object, code: int = 0) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main(list(map(str, arguments)))
        printed = capsys.readouterr()
        assert exit_.value.code == code, printed.err
        return Done(printed.out, printed.err)

    return call


@pytest.fixture
def few_nondigits(monkeypatch):
    """Of the non-digits on which `evaluate` tests a network, a tenth."""
    monkeypatch.setattr("lenet.evaluation.nondigits.TEST_COUNT", 200)


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> tuple[Path, Done]:
    """Return the directory of a network that was trained on scikit-learn's digits, and what the command printed."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr), pytest.raises(SystemExit) as exit_:
        main(["train", "--data", "digits", "--epochs", "12", "--seed", "1", "--out", str(out)])
    assert exit_.value.code == 0, stderr.getvalue()
    return out, Done(stdout.getvalue(), stderr.getvalue())
