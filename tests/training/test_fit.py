"""Trainings: what an epoch is, the same bytes for any number of threads, resuming, interrupts, bad arguments."""

import math
import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest

import lenet
from lenet import Contrast, Dense, Network, Recipe, Spec, fit, presets
from lenet.engine import cpu
from lenet.recipe import Constant, Distortion, LevenbergMarquardt, Patience, Sgd
from lenet.training.errors import TrainingError

SPEC = presets["lenet5"].spec
RECIPE = replace(presets["lenet5"].recipe, epochs=3, batch_size=32)


@pytest.fixture(scope="module")
def digits(digits_train):
    return digits_train


def test_an_epoch_says_what_it_was(digits):
    images, labels = digits
    epochs = list(fit(SPEC, RECIPE, images[:320], labels[:320], (images[320:400], labels[320:400]), seed=1))
    assert [e.number for e in epochs] == [1, 2, 3]
    assert epochs[-1].loss < epochs[0].loss
    for epoch in epochs:
        assert epoch.seconds > 0
        wrong = (epoch.network.predict(images[320:400]) != labels[320:400]).sum()
        assert epoch.validation == wrong / 80
    assert epochs[0].network.provenance["seed"] == 1
    assert not np.array_equal(epochs[0].network.flat, epochs[1].network.flat)


def test_the_loss_is_the_mean_over_samples_not_over_minibatches(digits):
    """Seven samples in minibatches of four: with a rate that moves nothing, the mean of seven losses."""
    images, labels = digits[0][:7], digits[1][:7]
    recipe = Recipe(Constant(1e-30), epochs=1, batch_size=4)
    (epoch,) = fit(SPEC, recipe, images, labels, seed=2)
    probabilities = Network.create(SPEC, 2, init=recipe.init, scale=recipe.scale).predict_proba(images)
    assert epoch.loss == pytest.approx(-np.log(probabilities[np.arange(7), labels]).mean(), rel=1e-5)


def test_every_sample_is_used_once_an_epoch(digits):
    """Plain gradient descent on one whole batch does not depend on the order, minibatches do."""
    images, labels = digits[0][:50], digits[1][:50]
    recipe = Recipe(Constant(0.01), epochs=1, batch_size=50, optimizer=Sgd())
    one = lenet.train(SPEC, recipe, images, labels, seed=3)
    other = lenet.train(SPEC, recipe, images[::-1], labels[::-1], seed=3)
    assert np.allclose(one.flat, other.flat, atol=1e-6)


def test_same_seed_same_bits_for_any_number_of_threads(digits):
    images, labels = digits[0][:500], digits[1][:500]
    nets = [lenet.train(SPEC, RECIPE, images, labels, seed=5, threads=threads) for threads in (1, 2, 3, 7)]
    assert len({net.flat.tobytes() for net in nets}) == 1
    assert lenet.train(SPEC, RECIPE, images, labels, seed=6).flat.tobytes() != nets[0].flat.tobytes()


@pytest.mark.parametrize("name", presets)
def test_a_resumed_training_ends_like_one_that_never_stopped(digits, name):
    spec, recipe = presets[name].spec, presets[name].recipes.get("remedy", presets[name].recipe)
    recipe = replace(recipe, epochs=3, batch_size=32)
    maps = np.zeros((144, spec.input[0], 28, 28), np.uint8)
    maps[:, 0] = digits[0][:144]
    images, labels = maps[:112], digits[1][:112]  # the last minibatch of an epoch is half of one
    holdout = maps[112:], digits[1][112:144]
    whole = list(fit(spec, recipe, images, labels, holdout, seed=1))
    rest = list(fit(spec, recipe, images, labels, holdout, seed=1, resume_from=whole[0].state))
    assert [e.number for e in rest] == [2, 3]
    assert rest[-1].network.flat.tobytes() == whole[-1].network.flat.tobytes()


def test_a_loss_that_is_no_number_ends_the_training(digits):
    images, labels = digits[0][:64], digits[1][:64]
    recipe = Recipe(Constant(1e38), epochs=2, batch_size=16)
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) at minibatch \d of epoch 1, learning rate 1e\+38"):
        list(fit(SPEC, recipe, images, labels))


def test_a_name_or_a_preset_is_no_spec_and_no_recipe():
    preset, images = presets["lenet5"], np.zeros((1, 28, 28), np.uint8)
    with pytest.raises(TypeError, match=r'spec is \'lenet5\'; expected a Spec, such as lenet.presets\["lenet5"\].spec'):
        fit("lenet5", preset.recipe, images, [0])
    with pytest.raises(TypeError, match="spec is a Preset; expected a Spec"):
        fit(preset, preset.recipe, images, [0])
    with pytest.raises(TypeError, match="recipe is 'quick'; expected a Recipe"):
        fit(preset.spec, "quick", images, [0])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"images": np.full((3, 28, 28), 20.0)},
            ValueError,
            "pixels are float64 from 20 to 20, neither 0 to 1 nor",
        ),
        ({"labels": [1, 2]}, ValueError, r"labels are int64 \(2,\); expected one whole number for each of 3 images"),
        ({"labels": [1, 2, 10]}, ValueError, "labels from 1 to 10; the network has classes 0 to 9"),
        ({"labels": [1.0, 2.0, 3.0]}, ValueError, "labels are float64"),
        ({"images": np.zeros((0, 28, 28), np.uint8), "labels": np.zeros(0, int)}, ValueError, "no images to train on"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"threads": 0}, ValueError, "threads is 0"),
        ({"validation": (np.zeros((2, 28, 28), np.uint8), [1])}, ValueError, "labels are int64"),
        (
            {"validation": (np.zeros((0, 28, 28), np.uint8), np.zeros(0, int))},
            ValueError,
            "no validation images; expected at least one",
        ),
    ],
)
def test_bad_arguments_are_refused_before_training(change, error, message):
    arguments = {"images": np.zeros((3, 28, 28), np.uint8), "labels": [1, 2, 3], **change}
    with pytest.raises(error, match=message):
        fit(SPEC, RECIPE, arguments.pop("images"), arguments.pop("labels"), **arguments)


def test_ctrl_c_stops_within_an_epoch(digits):
    """A signal in the middle of an endless epoch: training ends at once, and can continue afterwards."""
    images, labels = digits
    order = np.tile(np.arange(len(images), dtype=np.uint32), 200)
    assert len(order) > 250_000
    trainer = cpu.trainer(SPEC, Network.create(SPEC).flat, replace(RECIPE, distortion=None))
    rates = np.full(math.ceil(len(order) / 32), 0.01, np.float32)
    with pytest.raises(KeyboardInterrupt):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        trainer.run(images[:, None], labels, order, rates, 2)
    steps = trainer.state()[3]
    assert 0 < steps < len(rates)
    trainer.run(images[:64, None], labels[:64], order[:64], rates[:2], 2)
    assert trainer.state()[3] == steps + 2


def test_steps_end_in_the_middle_of_an_epoch(digits):
    images, labels = digits[0][:100], digits[1][:100]
    recipe = replace(RECIPE, epochs=9, steps=6)  # four minibatches an epoch
    epochs = list(fit(SPEC, recipe, images, labels))
    assert [(e.images, e.state.steps, e.planned) for e in epochs] == [(100, 4, 2), (64, 6, 2)]


def test_early_stopping_keeps_the_best_network(digits):
    images, labels = digits[0][:300], digits[1][:300]
    holdout = digits[0][300:400], digits[1][300:400]
    recipe = replace(RECIPE, epochs=50, schedule=Constant(0.05), stopping=Patience(30, 1.5, 0.995))
    epochs = list(fit(SPEC, recipe, images, labels, holdout, seed=2))
    errors = [e.validation for e in epochs]
    assert len(epochs) < 50
    assert recipe.stopping.exhausted(errors, 10)
    assert not recipe.stopping.exhausted(errors[:-1], 10)
    assert lenet.evaluate(epochs[-1].network, *holdout).error == min(errors)
    with pytest.raises(ValueError, match="stops early by the error on validation images; none are given"):
        fit(SPEC, recipe, images, labels)


@pytest.mark.mnist
@pytest.mark.slow
def test_lenet5_learns_mnist(mnist_train, mnist_test):
    images, labels = mnist_train
    net = lenet.train(SPEC, replace(presets["lenet5"].recipe, epochs=2), images[:55000], labels[:55000], seed=1)
    assert lenet.evaluate(net, images[55000:], labels[55000:]).error < 0.02


def test_second_derivatives_do_not_go_through_contrast_normalisation(digits):
    spec = Spec((1, 28, 28), (Contrast("N", 9), Dense("OUT", 10)))
    with pytest.raises(ValueError, match="N: second derivatives do not go through contrast normalisation"):
        fit(spec, Recipe(Constant(0.1), optimizer=LevenbergMarquardt()), *digits)


def test_without_shuffling_every_epoch_has_the_images_order(digits):
    """Two epochs in the given order are one over the images twice in a row."""
    images, labels = digits[0][:64], digits[1][:64]
    recipe = Recipe(Constant(0.01), epochs=2, batch_size=16, shuffle=False)
    twice = np.concatenate([images, images]), np.concatenate([labels, labels])
    one = lenet.train(SPEC, recipe, images, labels, seed=3)
    two = lenet.train(SPEC, replace(recipe, epochs=1), *twice, seed=3)
    assert one.flat.tobytes() == two.flat.tobytes()


def test_only_initial_weights_that_fit_are_taken(digits):
    other = Network.create(presets["lenet1"].spec, init="he", scale=RECIPE.scale)
    with pytest.raises(ValueError, match="expected the same layers and grey levels as are trained"):
        fit(SPEC, RECIPE, *digits, initial=other)


def test_distortions_larger_than_the_images(digits):
    recipe = Recipe(Constant(0.01), distortion=Distortion(shift=28))
    with pytest.raises(ValueError, match="a distortion shift of 28 pixels; the images have 28x28"):
        fit(presets["lenet1"].spec, recipe, *digits)
    with pytest.raises(ValueError, match="a distortion cut of 30 pixels; the images have 28x28"):
        fit(presets["lenet1"].spec, replace(recipe, distortion=Distortion(cut=30)), *digits)
    with pytest.raises(ValueError, match="a distortion elastic of 28 pixels; the images have 28x28"):
        fit(presets["lenet1"].spec, replace(recipe, distortion=Distortion(elastic=28)), *digits)


def test_arguments_in_the_wrong_place(digits):
    images, labels = digits
    with pytest.raises(TypeError, match=r"seed is a ndarray; validation is one argument, a pair \(images, labels\)"):
        lenet.fit(SPEC, RECIPE, images, labels, (images, labels), labels)
    for validation, message in (
        (0.2, r"validation is 0.2; expected a pair \(images, labels\): images\[n:\], labels\[n:\] are the last ones"),
        (images, "validation is ndarray; expected a pair"),
        (lenet.data.load("digits", "test"), "validation is Dataset; .*: validation.images, validation.labels"),
    ):
        with pytest.raises(TypeError, match=message):
            lenet.fit(SPEC, RECIPE, images, labels, validation)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"initial": "lenet5"}, r"initial is 'lenet5'; expected a Network, such as lenet.load\(name\)"),
        ({"teacher": "reader"}, "teacher is 'reader'; expected a network or an ensemble"),
        ({"resume_from": 3}, "resume_from is a int; expected the state of an Epoch"),
    ],
)
def test_names_are_no_networks(digits, options, message):
    with pytest.raises(TypeError, match=message):
        lenet.fit(SPEC, RECIPE, *digits, **options)
