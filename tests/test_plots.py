import numpy as np
import pytest
from PIL import Image

import lenet
from lenet import figures

HISTORY = [{"epoch": n, "loss": 1 / n, "validation": 0.1 / n} for n in range(1, 6)]


def test_curves_are_drawn(tmp_path):
    figures.curves(HISTORY, tmp_path / "a.png")
    figures.curves([{**row, "validation": None} for row in HISTORY], tmp_path / "b.png")
    both, alone = (np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in ("a.png", "b.png"))
    orange = (abs(both.astype(int) - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 30).sum()
    assert orange > 200  # the validation error has its line, and only where there is one
    assert (abs(alone.astype(int) - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 30).sum() == 0


@pytest.mark.parametrize("name", lenet.presets)
def test_layers_of_every_preset_are_drawn(name, tmp_path):
    net = lenet.Network.create(lenet.presets[name].spec, scale=lenet.presets[name].recipe.scale)
    figures.layers(net.trace(np.full((1, net.spec.input[0], 28, 28), 99, np.uint8)), tmp_path / "a.png")
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
    assert picture.shape[1] > 1000
    assert picture.min() == 0
    assert picture.max() == 255


def test_maps_side_by_side_with_gaps():
    maps = np.stack([np.zeros((8, 8)), np.full((8, 8), 2.0)]).astype(np.float32)
    tiled = figures._tiled(maps)
    assert tiled.shape == (8, 17)
    assert tiled[0].tolist() == [0] * 9 + [1] * 8
