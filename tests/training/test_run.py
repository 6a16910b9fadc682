"""Trainings that keep files: same bytes, nothing lost when killed, resumed to the same end."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import child_environment

import lenet
from lenet import Network, presets
from lenet.runs import CHECKPOINT, CURVES, HISTORY, NETWORK, Run, RunError


@pytest.fixture
def run(tmp_path):
    training, validation = lenet.data.load("digits", "train").split(200)
    preset = presets["lenet5"]
    return Run(tmp_path / "run", preset.spec, replace(preset.recipe, epochs=3), training, validation, seed=1)


def finish(run):
    for epoch in run.epochs():
        last = epoch
    return last


def test_files_of_a_run(run):
    last = finish(run)
    assert sorted(p.name for p in run.directory.iterdir()) == sorted((NETWORK, HISTORY, CHECKPOINT, CURVES))
    net = Network.load(run.directory / NETWORK)
    assert net.flat.tobytes() == last.network.flat.tobytes()
    assert net.provenance["data"] == "scikit-learn's digits, train, scaled up to 28x28, the first 1238"
    rows = [json.loads(line) for line in (run.directory / HISTORY).read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["validation"] == last.validation


def test_same_seed_same_bytes_of_the_file(run, tmp_path):
    finish(run)
    for threads in (1, 2, 3, 7):
        again = replace(run, directory=tmp_path / f"again{threads}", threads=threads)
        finish(again)
        assert (again.directory / NETWORK).read_bytes() == (run.directory / NETWORK).read_bytes()


def test_resumed_ends_like_never_stopped(run, tmp_path):
    finish(run)
    stopped = replace(run, directory=tmp_path / "stopped")
    for epoch in stopped.epochs():
        if epoch.number == 1:
            break
    resumed = replace(stopped, resume=True)
    assert [e.number for e in resumed.epochs()] == [2, 3]
    assert (resumed.directory / NETWORK).read_bytes() == (run.directory / NETWORK).read_bytes()
    assert len((resumed.directory / HISTORY).read_text().splitlines()) == 3
    assert list(resumed.epochs()) == []


def test_a_directory_with_another_training_is_left_alone(run):
    finish(run)
    before = (run.directory / NETWORK).read_bytes()
    with pytest.raises(RunError, match="holds a training; --resume goes on with it"):
        finish(run)
    with pytest.raises(RunError, match=r"another training, with other seed \(1, now 2\)"):
        finish(replace(run, seed=2, resume=True))
    with pytest.raises(RunError, match="with other recipe"):
        finish(replace(run, recipe=replace(run.recipe, batch_size=64), resume=True))
    with pytest.raises(RunError, match="with other images"):
        finish(replace(run, training=run.validation, resume=True))
    assert (run.directory / NETWORK).read_bytes() == before


def test_fine_tuning_begins_with_anothers_weights_and_is_another_training(run, tmp_path):
    finish(run)
    first = Network.load(run.directory / NETWORK)
    fine = replace(run, directory=tmp_path / "fine", recipe=replace(run.recipe, epochs=2), begin=first)
    epochs = list(fine.epochs())
    # It knows from the start what the first training had to learn.
    assert epochs[0].loss < 0.5 * json.loads((run.directory / HISTORY).read_text().splitlines()[0])["loss"]
    # Resumed, it ends like one that was never stopped; begun with other weights it is another training.
    stopped = replace(fine, directory=tmp_path / "stopped")
    next(stopped.epochs())
    with pytest.raises(RunError, match="another training, with other begin"):
        finish(replace(stopped, begin=Network.load(fine.directory / NETWORK), resume=True))
    assert finish(replace(stopped, resume=True)).network.flat.tobytes() == epochs[-1].network.flat.tobytes()


def test_nothing_to_resume(run):
    with pytest.raises(RunError, match="no checkpoint.safetensors to resume from"):
        finish(replace(run, resume=True))


def test_a_broken_checkpoint_is_named(run):
    finish(run)
    (run.directory / CHECKPOINT).write_bytes(b"broken")
    with pytest.raises(ValueError, match="checkpoint.safetensors: not a whole safetensors file"):
        finish(replace(run, resume=True))


@pytest.mark.parametrize(
    "damage",
    [{"history": [1, 2]}, {"history": [{}, {}]}, {"epoch": -5}, {"epoch": 10**12}, {"steps": 2**70}, {"errors": 3}],
    ids=str,
)
def test_a_damaged_checkpoint_is_named(run, damage):
    from lenet import weights

    finish(run)
    path = run.directory / CHECKPOINT
    arrays, header = weights.read(path)
    weights.write(path, arrays, {**header, **damage})
    with pytest.raises(RunError, match=r"checkpoint.safetensors: not a checkpoint"):
        finish(replace(run, resume=True))


def test_the_networks_file_has_its_history(run):
    finish(run)
    about = Network.load(run.directory / NETWORK).provenance
    rows = [json.loads(line) for line in (run.directory / HISTORY).read_text().splitlines()]
    assert about["history"] == [{key: row[key] for key in ("epoch", "loss", "validation")} for row in rows]


@pytest.mark.parametrize("where", ["file/run", "/proc/run"])
def test_an_unwritable_directory_is_refused_before_training(run, tmp_path, where):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="cannot be written to .*nothing was trained"):
        finish(replace(run, directory=tmp_path / where))


COMMAND = [sys.executable, "-m", "lenet.cli", "train", "--data", "digits", "--seed", "3", "--threads", "2"]


def started(out: Path, *options: str) -> subprocess.Popen:
    command = [*COMMAND, "--out", str(out), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=child_environment())


@pytest.mark.slow
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_training_loses_only_the_epoch_it_was_in(tmp_path, kill):
    with started(tmp_path / "whole", "--epochs", "60") as whole:
        _, messages = whole.communicate(timeout=120)
        assert whole.returncode == 0, messages
    with started(tmp_path / "killed", "--epochs", "60") as killed:
        for line in killed.stderr:
            if "epoch  3/60" in line:
                break
        os.kill(killed.pid, kill)
        _, rest = killed.communicate(timeout=60)
    if kill == signal.SIGINT:
        assert killed.returncode == 130
        assert rest.splitlines()[-1].startswith("interrupted: epoch ")
    Network.load(tmp_path / "killed" / NETWORK)
    with started(tmp_path / "killed", "--epochs", "60", "--resume") as resumed:
        _, messages = resumed.communicate(timeout=120)
        assert resumed.returncode == 0, messages
    assert "epoch  1/60" not in messages
    assert (tmp_path / "killed" / NETWORK).read_bytes() == (tmp_path / "whole" / NETWORK).read_bytes()
    assert not list((tmp_path / "killed").glob(".*"))


def test_a_training_of_an_earlier_version_goes_on():
    """Fields that a later version adds have their defaults."""
    preset = lenet.presets["lenet5-full"]
    now = json.loads(json.dumps({"spec": preset.spec.to_dict(), "recipe": preset.recipe.to_dict()}))
    then = json.loads(json.dumps(now))
    for field in ("shuffle", "distortion", "averaging", "distillation", "nondigits", "hands"):
        del then["recipe"][field]
    for layer in then["spec"]["layers"]:
        layer.pop("border", None)
    assert then != now
    assert lenet.runs._as_of_now(then) == now
