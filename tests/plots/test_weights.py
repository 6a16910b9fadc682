"""Kernels and connection tables: that every weight is where it belongs."""

import numpy as np
import pytest
from helpers import axes_of, texts_of

import lenet
from lenet import Conv, Dense, Network, Spec, plots
from lenet.plots.weights import mosaic
from lenet.zoo.connection_tables import TABLE_I


def test_kernels_side_by_side_with_a_pixel_around():
    kernels = np.arange(2 * 3 * 2 * 1, dtype=np.float32).reshape(2, 3, 2, 1)
    tiled = mosaic(kernels)
    assert tiled.shape == (3 * 3 + 1, 2 * 2 + 1)
    for map_, input_ in np.ndindex(2, 3):
        assert tiled[3 * input_ + 1 : 3 * input_ + 3, 2 * map_ + 1].tolist() == kernels[map_, input_, :, 0].tolist()
    assert np.isfinite(tiled).sum() == kernels.size


def test_every_kernel_of_every_convolution():
    network = lenet.load("lenet5")
    drawn = axes_of(plots.kernels(network))
    assert list(drawn) == ["C1 0", "C3 0", "C5 0", "C5 60"]
    for name, axes in drawn.items():
        layer, first = name.split()
        weights = network.weights[f"{layer}.weight"][int(first) :][:60]
        limit = np.abs(network.weights[f"{layer}.weight"]).max()
        assert axes.images[0].get_clim() == (-limit, limit)
        values = np.ma.getdata(axes.images[0].get_array())
        assert np.array_equal(values, mosaic(weights), equal_nan=True)
    labels = [text.get_text() for text in drawn["C5 60"].get_xticklabels()]
    assert labels == [str(k) for k in range(60, 120)]


def test_kernels_that_the_table_leaves_out_are_grey():
    axes = axes_of(plots.kernels(lenet.load("lenet5")))["C3 0"]
    connected, left_out = axes.collections
    assert len(connected.get_paths()) == sum(map(len, TABLE_I)) == 60
    corners = {tuple(path.get_extents().p0) for path in left_out.get_paths()}
    missing = {(map_, k) for map_, row in enumerate(TABLE_I) for k in range(6) if k not in row}
    assert corners == {(6 * map_ + 0.5, 6 * k + 0.5) for map_, k in missing}


def test_a_network_without_convolutions_has_no_kernels():
    network = Network.create(Spec((1, 4, 4), (Dense("OUTPUT", 2),)))
    with pytest.raises(ValueError, match="the network has no convolution"):
        plots.kernels(network)


def test_the_connection_table_and_its_parameters(tmp_path):
    figure = plots.connection_table(lenet.presets["lenet5-1998"].spec, tmp_path / "a.png")
    table = np.asarray(axes_of(figure)["C3"].images[0].get_array())
    assert table.shape == (6, 16)
    assert [tuple(np.flatnonzero(column)) for column in table.T] == list(TABLE_I)
    lines = texts_of(figure)[-1].splitlines()
    assert lines[0] == "60 connections of maps, of 96 possible ones, each with a kernel of 5x5 = 25 weights"
    assert lines[1] == "60 x 25 weights + 16 biases = 1,516 parameters"
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_a_convolution_by_its_name_has_a_table_that_is_full():
    spec = lenet.presets["lenet5"].spec
    figure = plots.connection_table(spec, name="C5")
    assert np.asarray(axes_of(figure)["C5"].images[0].get_array()).all()
    assert texts_of(figure)[-1].splitlines()[1] == "1920 x 25 weights + 120 biases = 48,120 parameters"
    with pytest.raises(ValueError, match="no convolution is called 'F6'; the network has C1, C3, C5"):
        plots.connection_table(spec, name="F6")


def test_without_a_table_there_is_none_to_draw():
    with pytest.raises(ValueError, match="no convolution has a connection table"):
        plots.connection_table(Spec((1, 8, 8), (Conv("C1", 2, 3), Dense("OUTPUT", 2))))
