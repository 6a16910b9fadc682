"""The presets: what was published of them, and that they learn."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import strokes

from lenet import Network, presets, train

# Sigmoids start on a plateau that takes epochs to leave, and one recipe is famous for not learning.
RELUCTANT = {"lenet-tf-sigmoid", "lenet-tf-relu", "lenet-d2l"}


@pytest.mark.parametrize("name", sorted(set(presets) - RELUCTANT))
def test_presets_learn(name):
    """A stroke in one of three places: these networks learn to classify it in a moment."""
    images, labels = strokes(192)
    maps = np.zeros((len(images), presets[name].spec.input[0], 28, 28), np.uint8)
    maps[:, 0] = images
    # The recipe for trained initial weights is the gentler one.
    recipe = presets[name].recipes.get("fine_tune", presets[name].recipe)
    spec = presets[name].spec
    epochs = 4 if spec.parameters > 100_000 else 10  # large networks take longer for an epoch, and fewer of them
    recipe = replace(recipe, epochs=epochs, steps=None, batch_size=32, stopping=None)
    net = train(spec, recipe, maps, labels, seed=1)
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
