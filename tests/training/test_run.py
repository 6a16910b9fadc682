"""Trainings that keep files: same bytes, nothing lost when killed, resumed to the same end."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import child_environment

import lenet
from lenet import Constant, Ensemble, Network, presets
from lenet.model import file
from lenet.training.errors import RunError, TrainingError
from lenet.training.run import (
    CHECKPOINT,
    CURVES,
    ENSEMBLE,
    HISTORY,
    NETWORK,
    Run,
    _current_names,
    _made,
    ensemble,
)


def finish(run):
    """Train to the end and return the last epoch."""
    for epoch in run.epochs():
        last = epoch
    return last


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A training of three epochs, and its last epoch."""
    training, validation = lenet.data.load("digits", "train").split(200)
    preset = presets["lenet5"]
    directory = tmp_path_factory.mktemp("trained") / "run"
    run = Run(
        directory=directory,
        spec=preset.spec,
        recipe=replace(preset.recipe, epochs=3),
        training=training,
        validation=validation,
        seed=1,
    )
    return run, finish(run)


@pytest.fixture
def run(trained, tmp_path, monkeypatch):
    """The same training in a directory of the test's own, where nothing draws curves again."""
    monkeypatch.setattr("lenet.training.run.is_installed", lambda package: False)
    directory = tmp_path / "run"
    shutil.copytree(trained[0].directory, directory)
    return replace(trained[0], directory=directory)


def test_files_of_a_run(trained):
    run, last = trained
    assert sorted(p.name for p in run.directory.iterdir()) == sorted((NETWORK, HISTORY, CHECKPOINT, CURVES))
    net = Network.load(run.directory / NETWORK)
    assert net.flat.tobytes() == last.network.flat.tobytes()
    assert net.provenance["data"] == "scikit-learn's digits, train, scaled up to 28x28, the first 1238"
    rows = [json.loads(line) for line in (run.directory / HISTORY).read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["validation"] == last.validation


def test_same_seed_same_bytes_of_the_file(run, tmp_path):
    for threads in (1, 2, 3, 7):
        again = replace(run, directory=tmp_path / f"again{threads}", threads=threads)
        finish(again)
        assert (again.directory / NETWORK).read_bytes() == (run.directory / NETWORK).read_bytes()


def test_resumed_ends_like_never_stopped(run, tmp_path):
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
    before = (run.directory / NETWORK).read_bytes()
    with pytest.raises(RunError, match="holds a training; --resume continues it"):
        finish(run)
    with pytest.raises(RunError, match=r"other seed \(1, now 2\); expected the same --seed as before"):
        finish(replace(run, seed=2, resume=True))
    with pytest.raises(
        RunError,
        match="expected the same --quick, --best and --set as before: recipe.batch_size is 128 there, 64 now",
    ):
        finish(replace(run, recipe=replace(run.recipe, batch_size=64), resume=True))
    with pytest.raises(RunError, match="with other images; expected the same --data, its options"):
        finish(replace(run, training=run.validation, resume=True))
    assert (run.directory / NETWORK).read_bytes() == before


def test_two_trainings_take_no_directory_at_once(run, tmp_path):
    run = replace(run, directory=tmp_path / "other")
    epochs = run.epochs()
    next(epochs)
    with pytest.raises(RunError, match="other: another training runs there; expected another directory"):
        finish(replace(run, resume=True))
    epochs.close()
    assert finish(replace(run, resume=True)).number == 3


def test_a_network_without_its_checkpoint_is_kept(run):
    (run.directory / CHECKPOINT).unlink()
    with pytest.raises(RunError, match="network.safetensors: is there without its checkpoint.safetensors; move it"):
        finish(run)


def test_what_a_killed_training_was_writing_is_removed(run):
    rest = file.partial_path(run.directory / NETWORK, 12345)
    rest.touch()
    assert list(replace(run, resume=True).epochs()) == []
    assert not rest.exists()


def test_more_epochs_extend_a_training_whose_rates_do_not_depend_on_them(run, tmp_path):
    """It ends like one that was longer from the start."""
    short = replace(run, directory=tmp_path / "a", recipe=replace(run.recipe, schedule=Constant(0.02), epochs=2))
    finish(short)
    long = replace(short, recipe=replace(short.recipe, epochs=4))
    assert [epoch.number for epoch in replace(long, resume=True).epochs()] == [3, 4]
    whole = replace(long, directory=tmp_path / "b")
    finish(whole)
    assert (short.directory / NETWORK).read_bytes() == (whole.directory / NETWORK).read_bytes()
    with pytest.raises(RunError, match="recipe.epochs is 4 there, 3 now; 4 epochs are done"):
        finish(replace(long, recipe=replace(long.recipe, epochs=3), resume=True))


def test_what_cannot_be_extended_says_why(run, tmp_path):
    with pytest.raises(RunError, match="recipe.epochs is 3 there, 15 now; OneCycle sets its learning rates by the num"):
        finish(replace(run, recipe=replace(run.recipe, epochs=15), resume=True))
    steps = replace(run, directory=tmp_path, recipe=replace(run.recipe, schedule=Constant(0.02), steps=50))
    finish(steps)
    with pytest.raises(RunError, match="recipe.epochs is 3 there, 15 now; it ends after 50 steps"):
        finish(replace(steps, recipe=replace(steps.recipe, epochs=15), resume=True))
    with pytest.raises(RunError, match="recipe.steps is 50 there, None now; it ends after 50 steps"):
        finish(replace(steps, recipe=replace(steps.recipe, epochs=15, steps=None), resume=True))
    other = replace(run.recipe, schedule=Constant(0.02), epochs=15)
    with pytest.raises(
        RunError,
        match="expected the same --quick, --best and --set as before: recipe.epochs is 3 there, 15 now; recipe",
    ):
        finish(replace(run, recipe=other, resume=True))


def test_fine_tuning_has_anothers_weights_as_initial_weights_and_is_another_training(run, tmp_path):
    first = Network.load(run.directory / NETWORK)
    fine = replace(run, directory=tmp_path / "fine", recipe=replace(run.recipe, epochs=2), initial=first)
    epochs = list(fine.epochs())
    # Its first loss shows what the first training had to learn.
    assert epochs[0].loss < 0.5 * json.loads((run.directory / HISTORY).read_text().splitlines()[0])["loss"]
    # Resumed, it ends like one that was never stopped; with other initial weights it is another training.
    stopped = replace(fine, directory=tmp_path / "stopped")
    next(stopped.epochs())
    with pytest.raises(RunError, match="another training, with other initial"):
        finish(replace(stopped, initial=Network.load(fine.directory / NETWORK), resume=True))
    assert finish(replace(stopped, resume=True)).network.flat.tobytes() == epochs[-1].network.flat.tobytes()


def test_nothing_to_resume(run, tmp_path):
    with pytest.raises(RunError, match="no checkpoint.safetensors to resume from"):
        finish(replace(run, directory=tmp_path / "new" / "run", resume=True))
    assert not (tmp_path / "new").exists()


def test_a_training_that_fails_leaves_no_empty_directory(run, tmp_path):
    steep = replace(run.recipe, schedule=Constant(1e30))
    with pytest.raises(TrainingError):
        finish(replace(run, directory=tmp_path / "new" / "run", recipe=steep))
    assert not (tmp_path / "new").exists()
    kept = tmp_path / "kept"
    kept.mkdir()
    with pytest.raises(TrainingError):
        finish(replace(run, directory=kept, recipe=steep))
    assert kept.is_dir()


def test_a_broken_checkpoint_is_named(run):
    (run.directory / CHECKPOINT).write_bytes(b"broken")
    with pytest.raises(ValueError, match="checkpoint.safetensors: not a whole safetensors file"):
        finish(replace(run, resume=True))


@pytest.mark.parametrize(
    "damage",
    [{"history": [1, 2]}, {"history": [{}, {}]}, {"epoch": -5}, {"epoch": 10**12}, {"steps": 2**70}, {"history": 3}],
    ids=str,
)
def test_a_damaged_checkpoint_is_named(run, damage):
    path = run.directory / CHECKPOINT
    arrays, header = file.read(path)
    file.write(path, arrays, {**header, **damage})
    with pytest.raises(RunError, match=r"checkpoint.safetensors: not a checkpoint"):
        finish(replace(run, resume=True))


def test_the_networks_file_has_its_history(run):
    about = Network.load(run.directory / NETWORK).provenance
    rows = [json.loads(line) for line in (run.directory / HISTORY).read_text().splitlines()]
    assert about["history"] == [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
    assert {"epoch", "loss", "accuracy", "validation", "validation_loss", "rate", "images"} == set(about["history"][0])


@pytest.mark.parametrize("where", ["file/run", "/proc/run"])
def test_an_unwritable_directory_is_refused_before_training(run, tmp_path, where):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="cannot be written to .*nothing was trained"):
        finish(replace(run, directory=tmp_path / where))


def test_members_of_an_ensemble_differ_in_their_seeds_only(run, tmp_path):
    both = replace(run, directory=tmp_path / "both", recipe=replace(run.recipe, epochs=1), provenance={"preset": "x"})
    assert [(member, epoch.number) for member, epoch in ensemble(both, 2)] == [(0, 1), (1, 1)]
    assert sorted(p.name for p in both.directory.iterdir()) == [ENSEMBLE, "seed-1", "seed-2"]
    result = lenet.load(both.directory / ENSEMBLE)
    assert isinstance(result, Ensemble)
    assert result.calibration.images == 200
    assert result.provenance == {"preset": "x", "seeds": [1, 2], "data": run.training.name}
    for seed, network in zip((1, 2), result.networks, strict=True):
        alone = finish(replace(both, directory=tmp_path / f"alone{seed}", seed=seed))
        assert network.flat.tobytes() == alone.network.flat.tobytes()
        assert network.provenance["seed"] == seed


def test_an_ensemble_resumes_the_members_that_are_not_done(run, tmp_path):
    both = replace(run, directory=tmp_path / "both", recipe=replace(run.recipe, epochs=2))
    with pytest.raises(RunError, match=r"no seed-1/checkpoint.safetensors or other member's to resume from"):
        next(ensemble(replace(both, resume=True), 2))
    for member, epoch in ensemble(both, 2):
        if (member, epoch.number) == (1, 1):
            break
    assert not (both.directory / ENSEMBLE).exists()
    with pytest.raises(RunError, match="seed-1: holds a training; --resume continues its members"):
        next(ensemble(both, 2))
    resumed = ensemble(replace(both, resume=True), 2)
    assert [(member, epoch.number) for member, epoch in resumed] == [(1, 2)]
    assert len(lenet.load(both.directory / ENSEMBLE).networks) == 2


def test_an_ensemble_takes_no_directory_of_a_single_training(run):
    with pytest.raises(RunError, match="run: holds a training"):
        next(ensemble(replace(run, resume=True), 2))


def test_an_ensemble_takes_no_directory_of_another_one(run, tmp_path):
    shutil.copytree(run.directory, tmp_path / "both" / "seed-7")
    for resume in (False, True):
        with pytest.raises(RunError, match="both: holds seed-7 of another ensemble; expected another directory"):
            next(ensemble(replace(run, directory=tmp_path / "both", resume=resume), 2))
    assert [path.name for path in (tmp_path / "both").iterdir()] == ["seed-7"]


def test_other_names_of_classes_are_another_training(run):
    renamed = replace(run.training, classes=tuple("abcdefghij"))
    with pytest.raises(RunError, match="another training, with other classes"):
        finish(replace(run, training=renamed, resume=True))


def test_a_single_training_takes_no_directory_of_an_ensemble(run):
    shutil.copytree(run.directory, run.directory / "seed-1")
    (run.directory / "checkpoint.safetensors").unlink()
    for resume in (False, True):
        with pytest.raises(RunError, match="run: holds an ensemble, seed-1; --resume with --members continues it"):
            finish(replace(run, resume=resume))


COMMAND = [sys.executable, "-m", "lenet.cli", "train", "--data", "digits", "--seed", "3", "--threads", "2"]


def started(out: Path, *options: str) -> subprocess.Popen:
    command = [*COMMAND, "--out", str(out), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=child_environment())


@pytest.fixture(scope="module")
def never_killed(tmp_path_factory):
    """The file of a training that ran to its end."""
    directory = tmp_path_factory.mktemp("whole") / "run"
    with started(directory, "--epochs", "60") as whole:
        _, messages = whole.communicate(timeout=120)
        assert whole.returncode == 0, messages
    return (directory / NETWORK).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_training_loses_only_the_epoch_it_was_in(tmp_path, kill, never_killed):
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
    assert (tmp_path / "killed" / NETWORK).read_bytes() == never_killed
    assert not list((tmp_path / "killed").glob(".*"))


def test_a_checkpoint_of_an_earlier_version_continues():
    """Fields that a later version adds have their defaults, and former names today's."""
    preset = lenet.presets["lenet5-full"]
    current = json.loads(json.dumps({"spec": preset.spec.to_dict(), "recipe": preset.recipe.to_dict()}))
    former = json.loads(json.dumps(current))
    for field in ("shuffle", "distortion", "averaging", "distillation", "nondigits", "letterforms"):
        del former["recipe"][field]
    for layer in former["spec"]["layers"]:
        layer.pop("border", None)
    assert former != current
    assert _current_names(former) == current


def test_a_checkpoint_with_former_names_continues(run, tmp_path):
    """`begin` became `initial`, `hands` `letterforms`, and a distillation's `share` its `weight`."""
    first = Network.load(run.directory / NETWORK)
    recipe = replace(
        run.recipe, epochs=2, letterforms=0.1, distillation=lenet.Distillation("lenet5", 0.5), batch_size=128
    )
    stopped = replace(run, directory=tmp_path / "stopped", recipe=recipe, initial=first)
    next(stopped.epochs())
    path = stopped.directory / CHECKPOINT
    arrays, header = file.read(path)
    former = json.loads(json.dumps(header))
    former["begin"] = former.pop("initial")
    former["recipe"]["hands"] = former["recipe"].pop("letterforms")
    former["recipe"]["distillation"]["share"] = former["recipe"]["distillation"].pop("weight")
    file.write(path, arrays, former)
    assert [epoch.number for epoch in replace(stopped, resume=True).epochs()] == [2]


def test_the_loser_of_a_directory_leaves_the_winners_there(tmp_path, monkeypatch):
    """Both find no directory; the winner makes it first."""
    directory, exists = tmp_path / "new", Path.exists
    with _made(directory):
        monkeypatch.setattr(Path, "exists", lambda path: path != directory and exists(path))
        with pytest.raises(RunError, match="another training runs there"), _made(directory):
            pass
        assert directory.is_dir()
    assert not directory.is_dir()  # nothing was written


def test_an_ensemble_without_its_members_is_kept(run, tmp_path):
    directory = tmp_path / "ensemble"
    list(ensemble(replace(run, directory=directory, recipe=replace(run.recipe, epochs=1)), 2))
    before = (directory / ENSEMBLE).read_bytes()
    for member in directory.glob("seed-*"):
        shutil.rmtree(member)
    with pytest.raises(RunError, match="ensemble.safetensors: is there without its members; move it away"):
        list(ensemble(replace(run, directory=directory, seed=5), 2))
    assert (directory / ENSEMBLE).read_bytes() == before


def test_an_ensemble_takes_its_directory_for_itself(run, tmp_path):
    first = ensemble(replace(run, directory=tmp_path / "both", recipe=replace(run.recipe, epochs=1)), 2)
    next(first)
    for other in (
        ensemble(replace(run, directory=tmp_path / "both", seed=5), 2),
        replace(run, directory=tmp_path / "both").epochs(),
    ):
        with pytest.raises(RunError, match="both: another training runs there; expected another directory"):
            next(other)
    assert [member for member, _ in first] == [1]
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == ["ensemble.safetensors", "seed-1", "seed-2"]


def test_only_its_own_files_are_cleared_away(run):
    mine = run.directory / ".movie.mp4.partial"
    mine.write_text("precious")
    list(replace(run, resume=True).epochs())
    assert mine.read_text() == "precious"


def test_a_finished_training_whose_network_is_gone(run):
    (run.directory / NETWORK).unlink()
    with pytest.raises(RunError, match="network.safetensors: is missing, and all epochs are done; train again in ano"):
        list(replace(run, resume=True).epochs())
