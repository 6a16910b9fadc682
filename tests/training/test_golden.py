"""Golden weights: what one epoch made of five presets, to the byte."""

import hashlib
import json
from pathlib import Path

import pytest

from lenet import fit, presets
from lenet.engine import cpu

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "weights.json").read_text())
"""The SHA-256 of each preset's weights as one float32 vector."""


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.skipif(not cpu.isa()[3], reason="the weights are those of instruction sets that fuse multiply and add")
@pytest.mark.parametrize("name", GOLDEN)
def test_one_epoch_gives_the_golden_weights(name, mnist_train):
    """The first 12,000 training images, seed 3."""
    images, labels = mnist_train
    preset = presets[name]
    validation = (images[-1000:], labels[-1000:]) if preset.recipe.stopping else None
    epoch = next(fit(preset.spec, preset.recipe, images[:12_000], labels[:12_000], validation, seed=3))
    assert hashlib.sha256(epoch.network.flat.tobytes()).hexdigest() == GOLDEN[name]
