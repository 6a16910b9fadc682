"""The history of a training: accuracies against hand-worked ones, files, and what is printed."""

import json
from dataclasses import replace

import numpy as np
import pytest

import lenet
from lenet import History, Network, Recipe, fit, presets
from lenet.recipe import Constant, Sgd
from lenet.training.history import EpochMetrics

SPEC = presets["lenet5"].spec
MINIBATCHES = {"losses": [1, 2], "accuracies": [0, 1], "rates": [3, 4]}
ARRAYS = {name: np.array(values, np.float32) for name, values in MINIBATCHES.items()}
FIRST = EpochMetrics(1, 0.5, 0.75, 0.25, 0.7, 0.1, 2.0, 300, **ARRAYS)
SECOND = EpochMetrics(2, 0.25, None, None, None, 0.05, 0.0, 300)


def test_accuracies_are_those_of_the_scores_before_the_step(digits_train):
    """With a rate that moves nothing, they are the initial network's; the order is that of the epoch."""
    images, labels = (array[:70] for array in digits_train)
    recipe = Recipe(Constant(1e-30), epochs=2, batch_size=16, shuffle=False)
    network = Network.create(SPEC, 3, init=recipe.init, scale=recipe.scale)
    right = network.predict(images) == labels
    for epoch in fit(SPEC, recipe, images, labels, (images, labels), seed=3):
        assert epoch.accuracy == right.mean()
        assert np.allclose(epoch.accuracies, [right[k : k + 16].mean() for k in range(0, 70, 16)])
        assert epoch.validation == (~right).mean()
        probabilities = network.predict_proba(images)[np.arange(70), labels]
        assert epoch.validation_loss == pytest.approx(-np.log(probabilities).mean(), rel=1e-5)
        assert epoch.rates.tolist() == [np.float32(1e-30)] * 5


@pytest.mark.parametrize("batch_size", [1, 16, 200])
def test_accuracies_of_shuffled_minibatches_of_every_size(digits_train, batch_size):
    images, labels = (array[:90] for array in digits_train)
    recipe = Recipe(Constant(1e-30), epochs=1, batch_size=batch_size, optimizer=Sgd())
    right = Network.create(SPEC, 1, init=recipe.init, scale=recipe.scale).predict(images) == labels
    (epoch,) = fit(SPEC, recipe, images, labels, seed=1)
    assert epoch.accuracy == pytest.approx(right.mean())
    assert len(epoch.accuracies) == len(epoch.losses) == -(-90 // batch_size)
    sizes = np.minimum(batch_size, 90 - batch_size * np.arange(len(epoch.accuracies)))
    assert (epoch.accuracies * sizes).sum() == pytest.approx(right.sum())


def test_the_smallest_distance_is_the_answer(digits_train):
    images, labels = (array[:40] for array in digits_train)
    preset = presets["lenet5-1998"]
    recipe = replace(preset.recipe, epochs=1, batch_size=8, schedule=Constant(1e-30), optimizer=Sgd())
    right = Network.create(preset.spec, 2, init=recipe.init, scale=recipe.scale).predict(images) == labels
    (epoch,) = fit(preset.spec, recipe, images, labels, seed=2)
    assert epoch.accuracy == right.mean()


def test_a_network_whose_scores_are_all_equal_answers_the_lowest_class(digits_train):
    """As `predict` does: a dead network is right for its zeros only, not for everything."""
    images, labels = (array[:50] for array in digits_train)
    spec = presets["lenet5"].spec
    recipe = Recipe(Constant(1e-30), epochs=1)
    dead = Network(spec, {name: np.zeros(shape, np.float32) for name, shape in spec.arrays.items()}, recipe.scale)
    (epoch,) = fit(spec, recipe, images, labels, initial=dead)
    assert epoch.accuracy == (labels == 0).mean()


def test_nondigits_have_no_accuracy(digits_train):
    images, labels = (array[:60] for array in digits_train)
    recipe = Recipe(Constant(1e-30), epochs=1, batch_size=4, nondigits=1.0)
    right = Network.create(SPEC, 5, init=recipe.init, scale=recipe.scale).predict(images) == labels
    (epoch,) = fit(SPEC, recipe, images, labels, seed=5)
    assert epoch.images == 120
    assert epoch.accuracy == right.mean()


def test_an_epoch_has_the_history_so_far(digits_train):
    images, labels = (array[:100] for array in digits_train)
    epochs = list(fit(SPEC, Recipe(Constant(0.01), epochs=3), images, labels))
    history = epochs[-1].history
    assert [epoch.number for epoch in history] == [1, 2, 3]
    assert history[1].loss == epochs[1].loss
    assert len(epochs[0].history) == 1
    assert np.array_equal(history.minibatches()["losses"], np.concatenate([epoch.losses for epoch in epochs]))
    resumed = list(fit(SPEC, Recipe(Constant(0.01), epochs=3), images, labels, resume_from=epochs[0].state))
    untimed = [[replace(epoch, seconds=0) for epoch in each] for each in (resumed[-1].history, history)]
    assert untimed[0] == untimed[1]


def test_columns_and_slices():
    history = History([FIRST, SECOND])
    assert history.to_dict()["epoch"] == [1, 2]
    assert history.to_dict()["accuracy"] == [0.75, None]
    assert list(history[1:]) == [SECOND]
    assert History().to_dict() == {name: [] for name in FIRST.to_dict()}
    assert len(History().plot().axes) == 2  # empty ones


@pytest.mark.parametrize("minibatches", [False, True])
def test_files_of_json_lines(tmp_path, minibatches):
    path = tmp_path / "history.jsonl"
    History([FIRST, SECOND]).save(path, minibatches=minibatches)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["validation"] for line in lines] == [0.25, None]
    again = History.load(path)
    assert list(again) == [FIRST, SECOND]
    assert again[0].losses.tolist() == ([1, 2] if minibatches else [])


def test_a_file_of_an_earlier_version(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text('{"epoch": 1, "loss": 0.5, "validation": 0.1, "rate": 0.1, "seconds": 1.0, "images": 9}\n')
    assert History.load(path)[0].accuracy is None


@pytest.mark.parametrize(
    "line", ["{", "3", "[]", '{"epoch": 1}', '{"epoch": "x", "loss": 1}', "[" * 10_000, '{"epoch": Infinity}']
)
def test_a_file_that_is_no_history(tmp_path, line):
    path = tmp_path / "history.jsonl"
    History([FIRST]).save(path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ValueError, match="history.jsonl, line 2: .*expected a line of a history"):
        History.load(path)


def test_what_is_printed(digits_train):
    images, labels = (array[:100] for array in digits_train)
    epoch = next(lenet.fit(SPEC, Recipe(Constant(0.01), epochs=12), images, labels, (images, labels)))
    start = f"epoch  1/12  loss {epoch.loss:.4f}  accuracy {100 * epoch.accuracy:.2f} %  validation error"
    assert str(epoch).startswith(start)
    assert "\n" not in str(epoch) + repr(epoch) + repr(epoch.history)
    assert len(repr(epoch)) < 300
    assert str(History([FIRST, SECOND])).splitlines() == [
        "epoch 1  loss 0.5000  accuracy 75.00 %  validation error 25.00 %  150 images/s",
        "epoch 2  loss 0.2500",
    ]


def test_a_notebook_shows_curves_and_a_table():
    html = History([FIRST, SECOND])._repr_html_()
    assert html.startswith("<svg")
    assert "<script" not in html
    assert html.count("<tr>") == 3
    assert "<svg" not in History()._repr_html_()


def test_an_accuracy_of_no_images_is_kept_as_null(tmp_path):
    path = tmp_path / "history.jsonl"
    History([replace(FIRST, accuracies=np.array([np.nan, 1], np.float32))]).save(path, minibatches=True)
    assert json.loads(path.read_text())["accuracies"] == [None, 1.0]
    assert np.array_equal(History.load(path)[0].accuracies, [np.nan, 1], equal_nan=True)


def test_a_measurement_by_its_name():
    history = History([FIRST, SECOND])
    assert history["accuracy"] == [0.75, None]
    with pytest.raises(KeyError, match="no measurement is called 'acc'; expected one of epoch, loss, accuracy"):
        history["acc"]
