"""``lenet train``: what it prints, and the files that it keeps."""

import json
from pathlib import Path

import lenet


def test_it_prints_each_epoch(trained):
    out, done = trained
    assert done.stdout == f"{out / 'network.safetensors'}\n"
    lines = done.stderr.splitlines()
    assert lines[0] == "data: scikit-learn's digits, train, scaled up to 28x28, the first 1319"
    assert len(lines) == 18
    words = ("epoch  1/12", "loss", "accuracy", "validation error", "images/s", "s left")
    assert all(word in lines[1] for word in words)
    assert lines[13].startswith("validation: error ")
    assert lines[13].endswith(" of 119 images; calibrated on them")
    assert lines[14] == f"files in {out}: checkpoint.safetensors, curves.png, history.jsonl, network.safetensors"


def test_the_next_commands_that_it_names_work(run, trained):
    out, done = trained
    evaluate, look, read = (line.removeprefix("next:").split()[1:] for line in done.stderr.splitlines()[15:])
    assert "error" in run(*evaluate).stdout
    assert run(*look, "--out", out / "look.png").stdout == f"{out / 'look.png'}\n"
    (out / "look.png").unlink()
    assert read == ["read", "picture.png", "--model", str(out / "network.safetensors")]
    assert run("read", "examples/digits/7.png", *read[2:]).stdout.strip().isdigit()


def test_fields_are_changed_by_their_names(run, tmp_path):
    fields = ("C1.kernel=7", "C1.maps=8", "C1.activation=relu", "C3.table=none", "recipe.batch_size=64")
    options = [word for field in fields for word in ("--set", field)]
    run("train", "--data", "digits", "--epochs", 1, *options, "--out", tmp_path / "a")
    network = lenet.Network.load(tmp_path / "a" / "network.safetensors")
    assert network.weights["C1.weight"].shape == (8, 1, 7, 7)
    assert network.weights["C3.weight"].shape == (16, 8, 5, 5)
    assert network.spec.layers[0].activation == "relu"
    assert network.provenance["recipe"]["batch_size"] == 64
    wrong = run("train", "--data", "digits", "--set", "C1.maps=8", "--out", tmp_path / "b", code=1)
    assert "C3: its table connects 6 input maps, and there are 8 now" in wrong.one_line
    assert "--set C3.table=none" in wrong.one_line
    assert not (tmp_path / "b").exists()


def test_json(run, tmp_path):
    done = run("train", "--data", "digits", "--epochs", 1, "--validation", 0, "--out", tmp_path / "a", "--json")
    data = json.loads(done.stdout)
    assert data["validation"] is None
    assert Path(data["network"]).exists()


def test_fine_tuning_has_trained_initial_weights(run, trained, tmp_path):
    out, _ = trained
    first = lenet.Network.load(out / "network.safetensors")
    arguments = ("--data", "digits", "--epochs", 2, "--initial", out / "network.safetensors", "--out", tmp_path / "b")
    run("train", *arguments)
    fine = lenet.Network.load(tmp_path / "b" / "network.safetensors")
    assert fine.provenance["initial"]["history"] == first.provenance["history"]
    losses = [row["loss"] for row in fine.provenance["history"]]
    assert losses[0] < 0.5 * first.provenance["history"][0]["loss"]


def test_a_given_number_of_epochs_is_done_whatever_steps_the_recipe_has(run, tmp_path):
    """By default this ends after ten steps, in the first epoch."""
    steps = ("--preset", "lenet-tf-modular", "--data", "digits", "--set", "recipe.batch_size=100")
    ended = run("train", *steps, "--set", "recipe.steps=10", "--validation", 138, "--out", tmp_path / "a", "--json")
    assert json.loads(ended.stdout)["epochs"] == 1
    longer = ("--epochs", 30, "--validation", 138, "--out", tmp_path / "b", "--json")  # 390 steps; the recipe has 300
    assert json.loads(run("train", *steps, *longer).stdout)["epochs"] == 30


def test_members_are_kept_as_one(run, tmp_path, few_nondigits):
    arguments = ("train", "--data", "digits", "--epochs", 2, "--seed", 5, "--members", 2, "--out", tmp_path)
    assert run(*arguments).stdout == f"{tmp_path / 'ensemble.safetensors'}\n"
    ensemble = lenet.load(tmp_path / "ensemble.safetensors")
    assert [network.provenance["seed"] for network in ensemble.networks] == [5, 6]
    assert ensemble.provenance["seeds"] == [5, 6]
    assert ensemble.calibration.images == len(lenet.data.digits("train")[1]) // 12
    first = (tmp_path / "ensemble.safetensors").read_bytes()
    run(*arguments, "--resume")
    assert (tmp_path / "ensemble.safetensors").read_bytes() == first
    evaluation = json.loads(run("evaluate", tmp_path / "ensemble.safetensors", "--data", "digits", "--json").stdout)
    assert evaluation["n"] == len(lenet.data.digits("test")[1])
    again = run(*arguments[:-1], tmp_path, code=1)
    assert "seed-5: holds a training; --resume continues its members" in again.one_line
    nothing = run(*arguments[:-1], tmp_path / "elsewhere", "--resume", code=1)
    assert "no seed-5/checkpoint.safetensors or other member's to resume from" in nothing.one_line
    summary = run("summary", tmp_path / "ensemble.safetensors", code=1)
    assert "an ensemble of 2 networks; expected a single network" in summary.one_line


def test_a_training_that_stopped_early_is_not_said_to_be_longer(run, tmp_path):
    stopping = 'recipe.stopping={"kind":"Patience","minibatches":30,"factor":1,"improvement":0.5}'
    constant = 'recipe.schedule={"kind":"Constant","rate":0.01}'
    options = ("--data", "digits", "--epochs", 30, "--set", constant, "--set", stopping, "--out", tmp_path, "--json")
    first = json.loads(run("train", *options).stdout)
    assert first["epochs"] < 30
    again = run("train", *options, "--resume")
    assert json.loads(again.stdout)["epochs"] == first["epochs"]
    assert f"already trained for {first['epochs']} epochs" in again.stderr


def test_one_field_is_set_once(run, tmp_path):
    twice = run("train", "--set", "C1.kernel=3", "--set", "C1.kernel=7", "--out", tmp_path / "a", code=2)
    assert "--set C1.kernel twice" in twice.stderr
    both = run("train", "--epochs", 2, "--set", "recipe.epochs=5", "--out", tmp_path / "a", code=1)
    assert "2 epochs, and a change of recipe.epochs" in both.one_line
    assert not (tmp_path / "a").exists()
