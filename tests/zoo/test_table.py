from dataclasses import replace

import numpy as np
import pytest
from conftest import strokes

from lenet import Network, engine, presets, train
from lenet.presets import preset
from lenet.tables import DIGIT_CODES
from lenet.weights import draw, flatten


def test_smallest_distances_between_the_papers_codes():
    codes = np.array(DIGIT_CODES)
    assert codes.shape == (10, 84)
    assert set(codes.ravel()) == {-1.0, 1.0}
    squares = ((codes[:, None] - codes) ** 2).sum(axis=-1)
    pairs = sorted((squares[a, b], a, b) for a in range(10) for b in range(a))
    assert [(d, b, a) for d, a, b in pairs[:3]] == [(48, 6, 8), (72, 0, 4), (72, 8, 9)]


def test_the_bars_that_tell_0_from_o():
    for digit in (0, 2, 4, 5):
        assert DIGIT_CODES[digit][:14] == (-1.0, *[1.0] * 5, *[-1.0] * 8)


def test_unknown_preset():
    with pytest.raises(ValueError, match=r"no preset is called 'lenet6'; there are lenet5, lenet5-1998"):
        preset("lenet6")


# Sigmoids start on a plateau that takes epochs to leave, and one recipe is famous for not learning.
RELUCTANT = {"lenet-tf-sigmoid", "lenet-tf-relu", "lenet-d2l"}


@pytest.mark.parametrize("name", sorted(set(presets) - RELUCTANT))
def test_presets_learn(name):
    """A stroke in one of three places: these networks learn to tell them in a moment."""
    images, labels = strokes(192)
    maps = np.zeros((len(images), presets[name].spec.input[0], 28, 28), np.uint8)
    maps[:, 0] = images
    # The recipe for trained weights is the gentler one.
    recipe = presets[name].fine or presets[name].recipe
    recipe = replace(recipe, epochs=30, steps=None, batch_size=32, stopping=None)
    net = train(presets[name].spec, recipe, maps, labels, seed=1)
    assert isinstance(net, Network)
    assert (net.predict(maps) == labels).mean() > 0.95


def test_lenet1_has_the_published_counts():
    """LeCun et al. 1990: 98,442 connections, 2,578 independent parameters."""
    spec = presets["lenet1"].spec
    assert (spec.connections, spec.parameters) == (98_442, 2_578)


def test_parameters_of_c3_with_and_without_table_i():
    counts = {
        n: next(r.parameters for r in presets[n].spec.summary() if r.name == "C3") for n in ("lenet5", "lenet5-full")
    }
    assert counts == {"lenet5": 1_516, "lenet5-full": 2_416}


@pytest.mark.mnist
def test_rates_of_the_first_pass_tell_how_the_first_weights_were_drawn(mnist_train):
    """LeCun et al. 1998 report effective rates up to 0.016 in the first pass: so with ±2.4/√fan-in, not ±2.4/fan-in."""
    images, _ = mnist_train
    spec, recipe = presets["lenet5-1998"].spec, presets["lenet5-1998"].recipe
    largest = {}
    for init in ("lecun1998-root", "lecun1998"):
        flat = flatten(spec, draw(spec, init, 0))
        trainer = engine.trainer(spec, flat, recipe.scale, recipe.loss, recipe.optimizer, 1)
        curvature = trainer.curvature(images[:500, None])
        rates = recipe.schedule.at(0, recipe.epochs) / (recipe.optimizer.mu + curvature)
        largest[init] = rates[flat != 0].max()  # without biases, and connections that Table I leaves out
    assert largest["lecun1998-root"] == pytest.approx(0.016, abs=0.002)
    assert largest["lecun1998"] == pytest.approx(5e-4 / 0.02, rel=0.01)
