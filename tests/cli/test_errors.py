"""Mistakes of the caller: one line on stderr, nothing on stdout, the exit code that the documentation gives."""

import numpy as np
import pytest

import lenet
from lenet.cli import MODULES
from lenet.data.idx import to_idx


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("summary", "lenet6"), "lenet6: no such file, and no pretrained network; those are reader, lenet5, ensemble"),
        (("train", "--preset", "lenet6"), "no preset is called 'lenet6'"),
        (("train", "--data", "nowhere"), "nowhere: neither mnist, nor digits"),
        (("train", "--data", "digits", "--validation", 9999), "9999 hold-out samples of 1438"),
        (("train", "--data", "digits", "--out", "/proc/x"), "/proc/x: cannot be written to"),
        (("evaluate", "lenet5", "--data", "digits", "--split", "dev"), "split is 'dev'"),
        (("evaluate", "/nowhere"), "/nowhere: no such file"),
        (("evaluate", __file__, "--data", "digits"), "not a whole safetensors file"),
        (("look", "lenet5", "/nowhere.png"), "/nowhere.png: No such file or directory"),
        (("train", "--preset", "lenet-keras", "--quick"), "lenet-keras has no quick recipe; there is one for lenet5"),
        (
            ("train", "--data", "digits", "--teacher", "lenet5"),
            "a teacher is given, but the recipe has no distillation",
        ),
        (
            ("train", "--data", "digits", "--initial", "ensemble"),
            "ensemble: an ensemble of 5 networks; expected a single network",
        ),
        (("train", "--data", "digits", "--hard-examples"), "hard examples of digits; they are for candidates and"),
        (("train", "--data", "candidates:/nowhere"), "/nowhere/boxes.tsv: no such file; expected a table"),
    ],
)
def test_mistakes_are_one_line_and_exit_1(run, arguments, message, tmp_path):
    if arguments[0] == "train" and "--out" not in arguments:
        arguments = (*arguments, "--out", tmp_path / "run")
    assert message in run(*arguments, code=1).one_line


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("LENET_ISA", "mmx", "LENET_ISA is 'mmx'; this processor runs: "),
        ("LENET_NUM_THREADS", "many", "LENET_NUM_THREADS is 'many'"),
    ],
)
def test_bad_environment(run, name, value, message, tmp_path, monkeypatch):
    monkeypatch.setenv(name, value)
    assert message in run("train", "--data", "digits", "--out", tmp_path / "run", code=1).one_line


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("train", "--nonsense"),
        ("read",),
        ("train", "--epochs", "many"),
        ("train", "--epochs", 0),
        ("train", "--threads", 0),
        ("train", "--seed", -1),
        ("train", "--quick", "--best"),
        ("train", "--members", 0),
    ],
)
def test_wrong_usage_exits_2(run, arguments):
    done = run(*arguments, code=2)
    assert "Usage: lenet" in done.stderr
    assert done.stdout == ""


def test_the_help_lists_all_commands(run):
    text = run("--help").stdout
    assert all(f"  {name} " in text for name in MODULES)


def test_the_version(run):
    assert run("--version").stdout == f"lenet {lenet.__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("read",), ("data", "fetch")])
def test_help_has_a_short_name(run, arguments):
    assert run(*arguments, "-h") == run(*arguments, "--help")


def test_a_shell_completes_commands_and_options(run, monkeypatch):
    monkeypatch.setenv("_LENET_COMPLETE", "complete_bash")
    for words, expected in (("lenet ev", ["evaluate"]), ("lenet read --expl", ["--explain"])):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
        assert run().stdout.split() == expected


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_command_has_a_help_text(run, name):
    assert f"Usage: lenet {name}" in run(name, "--help").stdout


def test_broken_data_leave_nothing_half_done(run, tmp_path):
    content = to_idx(np.zeros((100, 28, 28), np.uint8))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content[:-1])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(to_idx(np.zeros(100, np.uint8)))
    done = run("train", "--data", tmp_path, "--out", tmp_path / "run", code=1)
    assert "train-images-idx3-ubyte: 78399 values; its header says 100 x 28 x 28 = 78400" in done.one_line
    assert not (tmp_path / "run").exists()


def test_images_larger_than_the_network(run, tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(to_idx(np.zeros((100, 40, 40), np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(to_idx(np.zeros(100, np.uint8)))
    done = run("train", "--data", tmp_path, "--out", tmp_path / "run", code=1)
    assert f"images of 40x40 in train from {tmp_path}; expected at most 32x32: size=32 (--size 32)" in done.one_line


def test_a_bug_is_no_mistake_of_the_caller(run, monkeypatch):
    """Its traceback is shown: only the errors that bad input raises become one line."""

    def broken(*arguments, **options):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("lenet.cli.read.Reader", broken)
    with pytest.raises(ZeroDivisionError):
        run("read", "a.png")
