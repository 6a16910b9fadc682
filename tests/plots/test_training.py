"""Plots: that lines, maps and samples are where they belong."""

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet import plots

HISTORY = [{"epoch": n, "loss": 1 / n, "validation": 0.1 / n} for n in range(1, 6)]


def test_curves_are_drawn(tmp_path):
    plots.curves(HISTORY, tmp_path / "a.png")
    plots.curves([{**row, "validation": None} for row in HISTORY], tmp_path / "b.png")
    both, alone = (np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in ("a.png", "b.png"))
    orange = (abs(both.astype(int) - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 30).sum()
    assert orange > 200  # the validation error has its line, and only where there is one
    assert (abs(alone.astype(int) - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 30).sum() == 0


@pytest.mark.parametrize("name", lenet.presets)
def test_layers_of_every_preset_are_drawn(name, tmp_path):
    net = lenet.Network.create(lenet.presets[name].spec, scale=lenet.presets[name].recipe.scale)
    plots.layers(net.trace(np.full((1, net.spec.input[0], 28, 28), 99, np.uint8)), tmp_path / "a.png")
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
    assert picture.shape[1] > 1000
    assert picture.min() == 0
    assert picture.max() == 255


def test_maps_side_by_side_with_gaps():
    maps = np.stack([np.zeros((8, 8)), np.full((8, 8), 2.0)]).astype(np.float32)
    tiled = plots._tiled(maps)
    assert tiled.shape == (8, 17)
    assert tiled[0].tolist() == [0] * 9 + [1] * 8


def test_samples_are_drawn_row_by_row(tmp_path):
    images = np.zeros((7, 28, 28), np.uint8)
    images[2] = 255
    plots.samples(images, np.arange(7), tmp_path / "a.png", columns=5)
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
    height, width = picture.shape
    dark = (picture < 30).mean(axis=0) > 0.2
    inked = np.flatnonzero(dark) / width
    assert 0.4 <= inked.min() < inked.max() <= 0.6  # the third of five columns
    assert height == pytest.approx(width * 2 * 0.95 / (5 * 0.8), abs=2)  # two rows
    with pytest.raises(ValueError, match="no samples to draw"):
        plots.samples(images[:0], np.zeros(0, np.uint8), tmp_path / "b.png")


def test_distortions_have_a_row_for_each_name(tmp_path):
    examples = {"one": np.zeros((2, 28, 28), np.uint8), "two": np.full((2, 28, 28), 255, np.uint8)}
    certain, uncertain = np.eye(10)[[3, 4]], np.full((2, 10), 0.1)
    plots.distortions(examples, {"one": certain, "two": uncertain}, tmp_path / "a.png")
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    upper, lower = np.split(picture, [picture.shape[0] // 2])
    orange = [(abs(half - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 60).sum() for half in (upper, lower)]
    assert orange[0] == 0
    assert orange[1] > 5  # confidence below 90 % is in another colour
    assert (lower.sum(axis=-1) < 30).sum() > 1000 > (upper.sum(axis=-1) < 30).sum()
