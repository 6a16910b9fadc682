"""Plots: that lines, maps and samples are where they belong."""

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet import plots

COLUMNS = {
    "epoch": [1, 2, 3],
    "loss": [1.0, 0.5, 0.25],
    "accuracy": [0.7, 0.8, 0.9],
    "validation": [0.2, None, 0.05],
    "validation_loss": [0.6, None, 0.2],
}


def test_curves_have_the_values(tmp_path):
    figure = plots.curves(COLUMNS, tmp_path / "a.png")
    loss, accuracy = figure.axes
    assert [line.get_xydata().tolist() for line in loss.lines] == [[[1, 1], [2, 0.5], [3, 0.25]], [[1, 0.6], [3, 0.2]]]
    assert np.allclose(accuracy.lines[0].get_ydata(), [70, 80, 90])
    assert np.allclose(accuracy.lines[1].get_xydata(), [[1, 80], [3, 95]])
    assert loss.get_ylim()[0] == 0
    assert accuracy.get_ylim()[1] <= 100
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1080, 456)


def test_curves_of_one_epoch_have_sensible_axes():
    one = plots.curves({name: values[:1] for name, values in COLUMNS.items()} | {"validation": [None]})
    for axes in one.axes:
        assert axes.get_xlim() == (0.5, 1.5)
        assert [tick for tick in axes.get_xticks() if 0.5 <= tick <= 1.5] == [1]
    assert len(one.axes[1].lines) == 1  # nothing is drawn of what was not measured


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
