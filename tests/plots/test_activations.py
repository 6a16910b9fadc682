"""All layers on one sheet, one layer large: that what is drawn is what the network gave."""

import itertools

import numpy as np
import pytest
from helpers import axes_of, images_of, texts_of, values_of
from matplotlib.colors import to_hex

import lenet
from lenet import Conv, Dense, Network, Pool, Spec, plots
from lenet.plots.figure import ALARM, DARK, LIGHT
from lenet.reading import normalised
from lenet.zoo.connection_tables import TABLE_I


@pytest.fixture(scope="module")
def seven(request):
    return normalised(request.config.rootpath / "examples" / "digits" / "7.png")


@pytest.mark.parametrize("name", lenet.presets)
def test_every_map_of_every_preset_has_its_values(name):
    preset = lenet.presets[name]
    network = Network.create(preset.spec, scale=preset.recipe.scale)
    image = np.random.default_rng(0).integers(0, 256, (network.spec.input[0], 28, 28), np.uint8)
    figure, trace = plots.layers(network, image), network.trace(image[None])
    drawn = images_of(figure)
    for layer, values in list(trace.items())[:-1]:
        if values.shape[2:] in ((), (1, 1)):
            rows = [drawn.pop(label) for label in list(drawn) if label.split()[0] == layer]
            assert np.array_equal(np.concatenate([values_of(row)[0] for row in rows]), values[0].ravel())
        else:
            for number, values_of_map in enumerate(values[0]):
                assert np.array_equal(values_of(drawn.pop(f"{layer} {number}")), values_of_map)
    assert not drawn
    assert list(axes_of(figure)) == [network.spec.layers[-1].name]


def test_all_maps_of_a_layer_have_one_scale_around_0(seven):
    network = lenet.load("lenet5")
    figure, trace = plots.layers(network, seven), network.trace(seven[None])
    for layer in ("C1", "S2", "C3", "S4", "C5", "F6"):
        limit = pytest.approx(np.abs(trace[layer]).max())
        limits = {image.get_clim() for name, image in images_of(figure).items() if name.split()[0] == layer}
        assert [(-low, high) for low, high in limits] == [(limit, limit)]
        (scale,) = [axes for axes in figure.axes if axes.get_label() == f"scale of {layer}"]
        assert scale.get_xlim() == next(iter(limits))
    assert images_of(figure)["INPUT 0"].get_clim() == (network.scale.paper, network.scale.ink)


def test_the_answer_and_its_probability(seven):
    network = lenet.load("lenet5")
    figure = plots.layers(network, seven, subject="a seven")
    probabilities = network.predict_proba(seven[None])[0]
    title, lines = texts_of(figure)[:2]
    assert title == "Answer: 7   probability 99.9 %"
    assert lines.startswith("a seven\naccepted: it reaches the rejection threshold of 98.4 %")
    bars = axes_of(figure)["OUTPUT"].patches
    assert [bar.get_height() for bar in bars] == pytest.approx(100 * probabilities, rel=1e-4)
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [DARK if k == 7 else LIGHT for k in range(10)]
    low, high = axes_of(figure)["OUTPUT"].get_ylim()
    assert low == 0 and 100 <= high < 125


def test_the_darkest_bar_is_the_answer_of_distances_too(seven):
    network = Network.create(lenet.presets["lenet5-1998"].spec, seed=3)
    axes = axes_of(plots.layers(network, seven))["OUTPUT"]
    distances = network.trace(seven[None])["OUTPUT"][0]
    answer = int(distances.argmin())
    dark = [k for k, bar in enumerate(axes.patches) if to_hex(bar.get_facecolor()) != LIGHT]
    assert dark == [answer] == [int(np.argmax([bar.get_height() for bar in axes.patches]))]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == [f"{k}\n{distance:.1f}" for k, distance in enumerate(distances)]


def test_what_is_not_accepted_is_said():
    network = lenet.load("reader")
    noise = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
    figure = plots.layers(network, noise)
    assert texts_of(figure)[0].startswith("Probably no digit, likeliest ")
    assert texts_of(figure)[1].startswith("not accepted: below the rejection threshold of 99.5 %")
    colours = {to_hex(bar.get_facecolor()) for bar in axes_of(figure)["OUTPUT"].patches}
    assert colours == {ALARM, LIGHT}


def test_subsampling_is_drawn_below_its_map_half_as_wide(seven):
    drawn = images_of(plots.layers(lenet.load("lenet5"), seven))
    for above, below, count in (("C1", "S2", 6), ("C3", "S4", 16)):
        for k in range(count):
            (left, right, bottom, _), (x0, x1, _, y0) = (drawn[f"{name} {k}"].get_extent() for name in (above, below))
            assert (x0 + x1) == pytest.approx(left + right)
            assert y0 > bottom  # counted downwards
            assert x1 - x0 == pytest.approx((right - left) / 2)


@pytest.mark.parametrize("name", ["lenet5", "lenet-theano", "lenet-tf-wide", "lenet-candidates"])
def test_nothing_lies_over_anything_else(name):
    preset = lenet.presets[name]
    network = Network.create(preset.spec, scale=preset.recipe.scale)
    figure = plots.layers(network, np.full((network.spec.input[0], 28, 28), 99, np.uint8))
    things = [*images_of(figure).values(), *(axes for axes in figure.axes if axes.get_label() != "sheet")]
    boxes = np.array([thing.get_window_extent().extents for thing in things])
    assert (boxes >= 0).all()
    assert (boxes[:, 2:] <= figure.bbox.size).all()
    x0, y0, x1, y1 = boxes.T
    apart = (x1[:, None] <= x0) | (x0[:, None] >= x1) | (y1[:, None] <= y0) | (y0[:, None] >= y1)
    assert (apart | np.eye(len(boxes), dtype=bool)).all()


def test_texts_do_not_lie_over_each_other(seven):
    network = Network.create(lenet.presets["lenet5-1998"].spec)
    figure = plots.layers(network, seven, subject="a seven")
    figure.canvas.draw()
    texts = [*figure.texts, *axes_of(figure)["OUTPUT"].get_xticklabels()]
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    assert not [1 for one, other in itertools.combinations(boxes, 2) if one.overlaps(other)]


def test_one_layer_large_with_the_maps_that_each_map_sees(seven):
    network = lenet.load("lenet5")
    figure = plots.layer(network, seven, "C3", subject="a seven")
    drawn, texts = images_of(figure), texts_of(figure)
    assert list(drawn) == [f"C3 {k}" for k in range(16)]
    for k, (image, inputs) in enumerate(zip(drawn.values(), TABLE_I, strict=True)):
        assert np.array_equal(values_of(image), network.trace(seven[None])["C3"][0, k])
        assert texts[2 * k : 2 * k + 2] == [str(k), f"sees S2: {' '.join(map(str, inputs))}"]
    assert "C3   16 x 10 x 10" in texts
    assert "convolution 5x5, tanh;  a seven" in texts
    assert "convolution 5x5, tanh: each map sees all maps below" in texts_of(plots.layer(network, seven, "C1"))


def test_one_dense_layer_large(seven):
    network = lenet.load("lenet5")
    axes = axes_of(plots.layer(network, seven, "F6"))["F6"]
    assert np.allclose([bar.get_height() for bar in axes.patches], network.trace(seven[None])["F6"][0])
    red, _, blue, _ = np.transpose([bar.get_facecolor() for bar in axes.patches])
    assert np.array_equal(red > blue, network.trace(seven[None])["F6"][0] > 0)


@pytest.mark.parametrize("name", ["lenet5", "lenet5-1998"])
def test_the_output_large_has_a_dark_answer(name, seven):
    network = Network.create(lenet.presets[name].spec, seed=1)
    axes = axes_of(plots.layer(network, seven, "OUTPUT"))["OUTPUT"]
    assert np.allclose([bar.get_height() for bar in axes.patches], network.trace(seven[None])["OUTPUT"][0])
    dark = [k for k, bar in enumerate(axes.patches) if to_hex(bar.get_facecolor()) == DARK]
    assert dark == network.predict(seven[None]).tolist()
    assert ("squared distance" in axes.get_ylabel()) == (name == "lenet5-1998")


def test_a_layer_that_is_not_there(seven):
    with pytest.raises(ValueError, match="no layer is called 'C2'; expected one of INPUT, C1, S2, C3"):
        plots.layer(lenet.load("lenet5"), seven, "C2")


def test_units_that_do_not_fill_the_last_row():
    spec = Spec((1, 8, 8), (Pool("P"), Dense("F", 131, "tanh"), Dense("OUTPUT", 30)))
    network, image = Network.create(spec), np.full((8, 8), 200, np.uint8)
    figure = plots.layers(network, image)
    rows = [images_of(figure)[name] for name in ("F 0", "F 66")]
    assert [values_of(row).shape for row in rows] == [(1, 66), (1, 65)]
    widths = [row.get_extent()[1] - row.get_extent()[0] for row in rows]
    assert widths[0] / 66 == pytest.approx(widths[1] / 65)  # a unit is as wide in each
    assert len(axes_of(figure)["OUTPUT"].patches) == 30


def test_maps_that_are_not_square():
    spec = Spec((1, 8, 14), (Conv("C", 2, 3), Pool("P", stride=1), Dense("OUTPUT", 3)))
    drawn = images_of(plots.layers(Network.create(spec), np.full((8, 14), 200, np.uint8)))
    for name, shape in (("C 0", (6, 12)), ("P 1", (5, 11))):
        left, right, bottom, top = drawn[name].get_extent()
        assert (right - left) / (bottom - top) == pytest.approx(shape[1] / shape[0])
