"""Golden weights: what one epoch made of five presets, to the byte."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from lenet import Adam, Constant, fit, presets
from lenet.engine import cpu

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "weights.json").read_text())
"""The SHA-256 of each preset's weights as one float32 vector."""


OTHER_RECIPES = {
    "lenet-tf-wide": replace(presets["lenet-tf-wide"].recipe, schedule=Constant(1e-4), batch_size=50, optimizer=Adam())
}
"""Where the golden weights are of another recipe than the preset's own: here that of its first version, with Adam."""


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.skipif(not cpu.isa()[3], reason="the weights are those of instruction sets that fuse multiply and add")
@pytest.mark.parametrize("name", GOLDEN)
def test_one_epoch_gives_the_golden_weights(name, mnist_train):
    """The first 12,000 training images, seed 3."""
    images, labels = mnist_train
    preset = presets[name]
    validation = (images[-1000:], labels[-1000:]) if preset.recipe.stopping else None
    recipe = OTHER_RECIPES.get(name, preset.recipe)
    epoch = next(fit(preset.spec, recipe, images[:12_000], labels[:12_000], validation, seed=3))
    assert hashlib.sha256(epoch.network.flat.tobytes()).hexdigest() == GOLDEN[name]
