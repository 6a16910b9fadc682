"""The command line as a user runs it: what it prints where, its exit codes, one line for every mistake."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import child_environment

import lenet
from lenet.data.idx import to_idx

DIGITS = Path(__file__).parent.parent / "examples" / "digits"


def run(*arguments: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "lenet.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=child_environment(**environment), timeout=120)
    assert done.returncode == code, done.stderr
    return done


def one_line(done: subprocess.CompletedProcess) -> str:
    lines = [line for line in done.stderr.splitlines() if not line.startswith("data:")]
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


def test_read_one_picture_prints_the_digit():
    done = run("read", DIGITS / "7.png")
    assert (done.stdout, done.stderr) == ("7\n", "")


def test_read_json():
    data = json.loads(run("read", DIGITS / "4.png", "--json").stdout)
    assert data["text"] == "4"
    assert data["accepted"] is True


def test_read_many_reports_bad_ones_and_reads_the_others(tmp_path):
    bad, missing = tmp_path / "bad.png", tmp_path / "missing.png"
    bad.write_bytes(b"\x89PNG nonsense")
    done = run("read", DIGITS / "1.png", bad, missing, tmp_path, DIGITS / "2.png", code=1)
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["1", "2"]
    errors = done.stderr.splitlines()
    assert len(errors) == 3
    assert "bad.png: not a picture" in errors[0]
    assert "missing.png: No such file" in errors[1]
    assert "Is a directory" in errors[2]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "digits"
    done = run("train", "--data", "digits", "--epochs", 12, "--seed", 1, "--out", out)
    return out, done


def test_train_says_what_it_does(trained):
    out, done = trained
    assert done.stdout == f"{out / 'network.safetensors'}\n"
    lines = done.stderr.splitlines()
    assert lines[0] == "data: scikit-learn's digits, train, scaled up to 28x28, the first 1319"
    assert len(lines) == 13
    assert all(word in lines[1] for word in ("epoch  1/12", "loss", "validation error", "images/s", "s left"))


def test_evaluate_prints_error_confusion_and_the_worst(trained):
    out, _ = trained
    done = run("evaluate", out / "network.safetensors", "--data", "digits")
    assert done.stdout.startswith("error ")
    assert "confusion" in done.stdout
    assert "most wrong" in done.stdout
    data = json.loads(run("evaluate", out / "network.safetensors", "--data", "digits", "--json").stdout)
    assert data["n"] == 359
    assert np.sum(data["confusion"]) == 359
    assert data["error"] < 0.1
    assert data["risk"][0]["error"] == pytest.approx(data["error"])
    assert [row["coverage"] for row in data["risk"]] == sorted((row["coverage"] for row in data["risk"]), reverse=True)
    assert 0 <= data["nondigits"]["refused"] <= 1
    for heading in ("expected calibration error", "risk against coverage", "non-digits refused"):
        assert heading in done.stdout


def test_evaluate_with_a_wished_error(trained):
    """The threshold comes from the digits held out in training, never from those it is tried on."""
    network = lenet.Network.load(trained[0] / "network.safetensors")
    assert network.calibration.images == 119
    arguments = ("evaluate", trained[0] / "network.safetensors", "--data", "digits", "--reject")
    data = json.loads(run(*arguments, "5%", "--json").stdout)["reject"]
    assert data["wished"] == 0.05
    assert data["threshold"] == network.calibration.threshold(0.05)
    images, labels = lenet.data.digits("test")
    sure = network.predict_proba(images).max(axis=1) >= data["threshold"]
    assert data["accepted"] == sure.mean()
    assert data["error"] == (network.predict(images) != labels)[sure].mean()
    assert "errors aimed at 5 %" in run(*arguments, "0.05").stdout
    assert "no threshold keeps errors at 0.01 %: 119 images held out support" in one_line(
        run(*arguments, "0.01%", code=1)
    )
    assert "'few' is no share; expected one such as 0.1% or 0.001" in one_line(run(*arguments, "few", code=1))


def test_train_json(tmp_path):
    done = run("train", "--data", "digits", "--epochs", 1, "--validation", 0, "--out", tmp_path / "a", "--json")
    data = json.loads(done.stdout)
    assert data["validation"] is None
    assert Path(data["network"]).exists()


def test_training_goes_on_from_trained_weights(trained, tmp_path):
    out, _ = trained
    first = lenet.Network.load(out / "network.safetensors")
    arguments = ("--data", "digits", "--epochs", 2, "--begin", out / "network.safetensors", "--out", tmp_path / "b")
    run("train", *arguments)
    fine = lenet.Network.load(tmp_path / "b" / "network.safetensors")
    assert fine.provenance["begin"]["history"] == first.provenance["history"]
    losses = [row["loss"] for row in fine.provenance["history"]]
    assert losses[0] < 0.5 * first.provenance["history"][0]["loss"]


def test_epochs_asked_for_are_done_whatever_steps_the_recipe_has(tmp_path):
    """The tutorial's recipe ends after 300 steps: 12 epochs of these images."""
    preset = ("--preset", "lenet-tf-modular", "--data", "digits", "--validation", 138)
    done = run("train", *preset, "--epochs", 13, "--out", tmp_path / "a", "--json")
    assert json.loads(done.stdout)["epochs"] == 13


def test_summary_of_preset_and_file(trained):
    out, _ = trained
    assert "340,908" in run("summary", "lenet5-1998").stdout
    data = json.loads(run("summary", out / "network.safetensors", "--json").stdout)
    assert data["parameters"] == lenet.presets["lenet5"].spec.parameters
    assert [row["name"] for row in data["layers"]] == ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]


def test_presets_lists_all():
    assert set(json.loads(run("presets", "--json").stdout)) == set(lenet.presets)
    assert "lenet-keras" in run("presets").stdout


def test_look_draws(tmp_path):
    assert run("look", "lenet5", DIGITS / "8.png", "--out", tmp_path / "a.png").stdout == f"{tmp_path / 'a.png'}\n"
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_look_draws_distortions(tmp_path):
    run("look", "lenet5", DIGITS / "8.png", "--distortions", "--out", tmp_path / "a.png")
    one = (tmp_path / "a.png").read_bytes()
    assert one.startswith(b"\x89PNG")
    run("look", "lenet5", DIGITS / "8.png", "--distortions", "--seed", 1, "--out", tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() != one


def test_members_are_kept_as_one(tmp_path):
    arguments = ("train", "--data", "digits", "--epochs", 2, "--seed", 5, "--members", 2, "--out", tmp_path)
    assert run(*arguments).stdout == f"{tmp_path / 'ensemble.safetensors'}\n"
    ensemble = lenet.open_file(tmp_path / "ensemble.safetensors")
    assert [network.provenance["seed"] for network in ensemble.networks] == [5, 6]
    assert ensemble.provenance["seeds"] == [5, 6]
    assert ensemble.calibration.images == len(lenet.data.digits("train")[1]) // 12
    first = (tmp_path / "ensemble.safetensors").read_bytes()
    run(*arguments, "--resume")
    assert (tmp_path / "ensemble.safetensors").read_bytes() == first
    found = json.loads(run("evaluate", tmp_path / "ensemble.safetensors", "--data", "digits", "--json").stdout)
    assert found["n"] == len(lenet.data.digits("test")[1])
    begun = run(*arguments[:-1], tmp_path, code=1)
    assert "seed-5: holds a training; --resume goes on with members" in one_line(begun)
    nothing = run(*arguments[:-1], tmp_path / "elsewhere", "--resume", code=1)
    assert "no seed-5/checkpoint.safetensors or other member's to resume from" in one_line(nothing)
    last = run("summary", tmp_path / "ensemble.safetensors", code=1)
    assert "an ensemble of 2 networks; expected a single one" in one_line(last)


def test_bench_measures():
    data = json.loads(run("bench", "--threads", 1, "--json").stdout)
    assert min(data[key] for key in ("peak", "train", "infer", "one")) > 0
    assert data["threads"] == 1


def test_no_colour_off_a_terminal():
    assert "\x1b" not in run("summary", "lenet5", FORCE_COLOR="1").stdout


def test_a_blank_page_reads_as_nothing(tmp_path):
    from PIL import Image

    Image.new("L", (50, 50), 200).save(tmp_path / "blank.png")
    done = run("read", tmp_path / "blank.png")
    assert (done.stdout, done.stderr) == ("\n", f"{tmp_path / 'blank.png'}: empty\n")


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("summary", "lenet6"), "lenet6: no such file, and no shipped network (ensemble, lenet5"),
        (("train", "--preset", "lenet6"), "no preset is called 'lenet6'"),
        (("train", "--data", "nowhere"), "nowhere: neither mnist, nor digits"),
        (("train", "--data", "digits", "--validation", 9999), "9999 samples held out of 1438"),
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
            ("train", "--data", "digits", "--begin", "ensemble"),
            "ensemble: an ensemble; expected a single network",
        ),
        (("train", "--data", "digits", "--unsure"), "--unsure is for strings and windows with fields of one's own"),
    ],
)
def test_mistakes_are_one_line_and_exit_1(arguments, message, tmp_path):
    if arguments[0] == "train" and "--out" not in arguments:
        arguments = (*arguments, "--out", tmp_path / "run")
    assert message in one_line(run(*arguments, code=1))


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"LENET_ISA": "mmx"}, "LENET_ISA is 'mmx'; this processor runs: "),
        ({"LENET_NUM_THREADS": "many"}, "LENET_NUM_THREADS is 'many'"),
    ],
)
def test_bad_environment(environment, message, tmp_path):
    done = run("train", "--data", "digits", "--out", tmp_path / "run", code=1, **environment)
    assert message in one_line(done)


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
def test_wrong_usage_exits_2(arguments):
    assert "Usage: lenet" in run(*arguments, code=2).stderr


def test_broken_data_leave_nothing_half_done(tmp_path):
    content = to_idx(np.zeros((100, 28, 28), np.uint8))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content[:-1])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(to_idx(np.zeros(100, np.uint8)))
    done = run("train", "--data", tmp_path, "--out", tmp_path / "run", code=1)
    assert "train-images-idx3-ubyte: 78399 values; its header says 100 x 28 x 28 = 78400" in one_line(done)
    assert not (tmp_path / "run").exists()


def test_images_larger_than_the_network(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(to_idx(np.zeros((100, 40, 40), np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(to_idx(np.zeros(100, np.uint8)))
    done = run("train", "--data", tmp_path, "--out", tmp_path / "run", code=1)
    assert (
        "images of 40x40, of which F6 would get 3x3 values a map and sees 1x1; expected uint8 (n, 32, 32) or smaller"
        in one_line(done)
    )


@pytest.mark.mnist
def test_verify_compares_with_the_published_files():
    assert run("data", "verify").stdout.count("as published") == 4
    assert "4 of 4" in run("data", "list").stdout


def test_verify_a_directory_without_the_files(tmp_path):
    assert f"{tmp_path}: no file called train-images" in one_line(run("data", "verify", tmp_path, code=1))


def test_reproduce_refuses_a_page_that_is_none(tmp_path):
    for out in (tmp_path / "figures.json", tmp_path):
        done = run("reproduce", "lenet1", "--out", out, code=1)
        assert one_line(done) == f"lenet: --out is {out}; expected the name of a page that ends in .md"
    assert not list(tmp_path.iterdir())
