"""The command as a process: streams and exit codes as a shell has them, interrupts, closed pipes."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers import child_environment
from PIL import Image

DIGITS = Path(__file__).parent.parent.parent / "examples" / "digits"


def start(*arguments: object, module: str = "lenet.cli") -> subprocess.Popen:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=child_environment())


@pytest.mark.parametrize("module", ["lenet", "lenet.cli"])
def test_data_go_to_stdout_and_nothing_to_stderr(module):
    process = start("read", DIGITS / "7.png", module=module)
    assert process.communicate(timeout=120) == ("7\n", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("summary", "lenet6"), 1, "lenet: lenet6: no such file, and no pretrained network"),
        (("nonsense",), 2, "Usage: lenet "),
        (("read", "{blank}", "--fail-on-reject"), 3, "{blank}: empty"),
    ],
)
def test_exit_codes(arguments, code, message, tmp_path):
    blank = tmp_path / "blank.png"
    Image.new("L", (80, 40), 230).save(blank)
    process = start(*(argument.format(blank=blank) for argument in arguments))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == code
    assert stderr.startswith(message.format(blank=blank))
    assert "Traceback" not in stderr


def test_a_closed_pipe_ends_it_quietly():
    """As in ``lenet presets | head -0``."""
    with start("presets") as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=120) == 1


def test_interrupted_while_starting_exits_130():
    """The signal comes while the command line's own code is being imported."""
    code = "import builtins, os, signal, lenet.__main__ as m\n" + (
        "real = builtins.__import__\n"
        "def late(name, *a, **k):\n"
        "    if name == 'lenet.cli': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *a, **k)\n"
        "builtins.__import__ = late\n"
        "m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=child_environment(), check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
