"""Trainings by the presets' own recipes: what is kept of them, and what an interrupt leaves."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers import strokes

from lenet import Network, fit, presets, train
from lenet.data import Dataset
from lenet.experiments import report, reproduce
from lenet.recipe import Constant, Recipe
from lenet.zoo.preset import PresetTable, Published


@pytest.fixture
def small() -> tuple[Dataset, Dataset]:
    """Strokes in one of three places, 240 to train on and 60 to test with."""
    images, labels = strokes(300)
    return Dataset(images[:240], labels[:240], "strokes", ""), Dataset(images[240:], labels[240:], "strokes", "")


@pytest.fixture
def short():
    """Presets whose recipes take a moment; two of them one image at a time."""
    entries = {}
    for name in ("lenet1", "lenet5-mse", "lenet5-1998", "lenet-tf-relu"):
        epochs = 1 if name == "lenet-tf-relu" else 2  # it has the most weights
        recipe = replace(presets[name].recipe, epochs=epochs, steps=None, validation=None)
        remedy = replace(recipe, init="he", batch_size=8, schedule=Constant(0.01))
        others = {"remedy": remedy} if "remedy" in presets[name].recipes else {}
        entries[name] = replace(presets[name], recipe=recipe, recipes=others)
    return PresetTable(entries)


def test_a_training_is_what_train_gives(small):
    recipe = Recipe(Constant(0.05), epochs=3, batch_size=16)
    spec = presets["lenet1"].spec
    outcome = reproduce.run_one(reproduce.Reproduction("x", spec, recipe, 4), *small)
    net = train(spec, recipe, small[0].images, small[0].labels, seed=4)
    assert outcome.error == pytest.approx(100 * (net.predict(small[1].images) != small[1].labels).mean())
    assert (outcome.epochs, outcome.steps) == (3, 45)
    assert outcome.curve[-1][0] == 45
    assert [at for at, _ in outcome.curve] == sorted({at for at, _ in outcome.curve})


def test_what_the_source_prints_on_the_way_is_measured_too(small):
    """The test error after epochs, and the accuracy of the minibatches before their steps."""
    recipe = Recipe(Constant(0.05), epochs=3, batch_size=16)
    published = Published(None, error_after=((2, 5.0),), accuracy_every=10)
    spec = presets["lenet1"].spec
    outcome = reproduce.run_one(reproduce.Reproduction("x", spec, recipe, 4, published), *small)
    epochs = list(fit(spec, recipe, small[0].images, small[0].labels, seed=4))
    ((number, error),) = outcome.errors_after
    assert number == 2
    assert error == pytest.approx(100 * (epochs[1].network.predict(small[1].images) != small[1].labels).mean())
    accuracies = np.concatenate([epoch.accuracies for epoch in epochs])
    assert outcome.accuracies == [(step, pytest.approx(accuracies[step])) for step in (0, 10, 20, 30, 40)]


def test_figures_do_not_depend_on_the_company(small, short, tmp_path):
    """Trainings side by side in threads give what each gives alone; a file keeps what it held."""
    path = tmp_path / "docs" / "figures.json"
    lines = []
    reproduce.reproduce(["lenet5-1998", "lenet5-mse"], 2, *small, path, threads=2, report=lines.append, table=short)
    assert len(lines) == 5
    together = json.loads(path.read_text())
    reproduce.reproduce(["lenet5-mse"], 2, *small, path, threads=1, table=short)
    again = json.loads(path.read_text())
    assert list(again) == list(together)
    for name in together:
        for one, two in zip(together[name]["outcomes"], again[name]["outcomes"], strict=True):
            assert {**one, "seconds": 0} == {**two, "seconds": 0}


def test_the_page_has_what_was_measured(small, short, tmp_path):
    figures = reproduce.reproduce([], 2, *small, tmp_path / "figures.json", table=short)
    text = report.page(figures, short)
    for name in short:
        assert f"| `{name}` |" in text
        errors = [o["error"] for o in figures[name]["outcomes"] if "failed" not in o]
        if errors:
            assert f"{np.mean(errors):.2f}" in text
    assert "`lenet5-mse` against `lenet5-1998`" in text
    assert "init 'he'" in text


def test_a_training_that_fails_is_an_outcome(small, short, tmp_path):
    wild = replace(short["lenet1"], recipe=replace(short["lenet1"].recipe, schedule=Constant(1e30)))
    lines = []
    figures = reproduce.reproduce(
        ["lenet1"],
        1,
        *small,
        tmp_path / "figures.json",
        report=lines.append,
        table=PresetTable({"lenet1": wild}),
    )
    (outcome,) = figures["lenet1"]["outcomes"]
    assert set(outcome) == {"seed", "failed"}
    assert "a smaller rate may help" in outcome["failed"]
    assert lines[0] == f"lenet1, seed 0: {outcome['failed']}"


def test_an_interrupted_run_keeps_what_was_there(small, short, tmp_path):
    """Half of a preset's seeds do not replace all of them."""
    path = tmp_path / "figures.json"
    reproduce.reproduce(["lenet1"], 2, *small, path, table=short)
    before = path.read_bytes()

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reproduce.reproduce(["lenet1"], 2, *small, path, report=interrupt, table=short)
    assert path.read_bytes() == before


def test_a_name_twice_is_one_preset(short):
    assert [planned.seed for planned in reproduce.reproductions(["lenet1", "lenet1"], 2, short)] == [0, 1]


def test_dead_units_are_those_that_never_answer():
    spec = presets["lenet-tf-modular"].spec
    net = Network.create(spec, 0)
    weight, bias = net.weights["F5.weight"].copy(), np.full(120, 1e3)
    weight[:30], bias[:30] = 0, -1
    net = net.with_weights(**{"F5.weight": weight, "F5.bias": bias})
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    dead = reproduce.dead_units(net, images)
    assert set(dead) == {"C1", "C3", "F5"}
    assert dead["F5"] == pytest.approx(30 / 120)


def test_bad_names_seeds_and_files(small, tmp_path):
    with pytest.raises(ValueError, match="no preset is called 'lenet9'"):
        reproduce.reproductions(["lenet9"], 1)
    with pytest.raises(ValueError, match="0 seeds; expected at least 1"):
        reproduce.reproductions([], 0)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text('{"a": 1}')
    (tmp_path / "half.json").write_text('{"lenet1": {"outcomes": 3}}')
    for name in ("broken.json", "other.json", "half.json"):
        with pytest.raises(ValueError, match=f"{name}: not the figures of an earlier run"):
            reproduce.reproduce(["lenet1"], 1, *small, tmp_path / name)
