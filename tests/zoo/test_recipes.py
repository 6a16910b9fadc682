"""The recipes' open questions, where a measurement answers them."""

import pytest

from lenet import presets
from lenet.engine import cpu
from lenet.model.arrays import flatten
from lenet.model.initial import initial_weights


@pytest.mark.mnist
def test_rates_of_the_first_pass_tell_how_the_first_weights_were_drawn(mnist_train):
    """LeCun et al. 1998 report effective rates up to 0.016 in the first pass: so with ±2.4/√fan-in, not ±2.4/fan-in."""
    images, _ = mnist_train
    spec, recipe = presets["lenet5-1998"].spec, presets["lenet5-1998"].recipe
    largest = {}
    for init in ("lecun1998-root", "lecun1998"):
        flat = flatten(spec, initial_weights(spec, init, 0))
        trainer = cpu.trainer(spec, flat, recipe)
        curvature = trainer.curvature(images[:500, None])
        rates = recipe.schedule.at(0, recipe.epochs) / (recipe.optimizer.mu + curvature)
        largest[init] = rates[flat != 0].max()  # without biases, and connections that Table I leaves out
    assert largest["lecun1998-root"] == pytest.approx(0.016, abs=0.002)
    assert largest["lecun1998"] == pytest.approx(5e-4 / 0.02, rel=0.01)
