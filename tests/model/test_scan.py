"""A network as a sliding window over larger images, and several offsets of its last pooling at once."""

import numpy as np
import pytest
from networks import NAMED, SCALE, every_isa

from lenet import Contrast, Conv, DeformPool, Dense, Dropout, Network, Pool, Rbf, Spec, Subsample, _engine, presets
from lenet.engine import cpu
from lenet.model.arrays import flatten
from lenet.model.initial import initial_weights
from lenet.model.scan import last_pooling, layer_outputs, output_shapes, positions, scan_model, sees_borders

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (5, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def net():
    return Network.create(presets["lenet5"].spec, seed=1)


@pytest.mark.parametrize("name", ["lenet5", "lenet5-1998", "lenet-theano", "lenet-keras", "lenet1"])
def test_a_scan_scores_every_window(name):
    """C5 as a convolution: what the network says of each window, cut out, it says as a sliding window."""
    net = Network.create(presets[name].spec, 3, init="lecun1998")
    _, height, width = net.spec.input
    picture = RANDOM.integers(0, 256, (height + 9, width + 30), np.uint8)
    scores = net.scan(picture)
    assert scores.shape == (10, 3, 8)
    for row in range(3):
        for column in range(8):
            window = picture[4 * row : 4 * row + height, 4 * column : 4 * column + width]
            alone = net.scores(window[None])[0]
            if name == "lenet5-1998":  # its distances are added in another order
                assert scores[:, row, column] == pytest.approx(alone, rel=1e-5)
            else:
                assert np.array_equal(scores[:, row, column], alone)


def test_a_scan_with_strides():
    """Strides of 2 and 3: positions are 6 pixels apart. Dropout changes nothing."""
    layers = (
        Conv("C1", 3, 5, activation="tanh", stride=2),
        Dropout("D2", 0.5),
        Conv("C3", 4, 3, activation="tanh", stride=3),
        Dense("F5", 6, "tanh"),
        Dense("OUT", 3),
    )
    net = Network.create(Spec((1, 22, 23), layers), 3)
    picture = RANDOM.integers(0, 256, (22 + 13, 23 + 30), np.uint8)
    scores = net.scan(picture)
    assert scores.shape == (3, 3, 6)
    for row, column in np.ndindex(3, 6):
        window = picture[6 * row : 6 * row + 22, 6 * column : 6 * column + 23]
        assert np.array_equal(scores[:, row, column], net.scores(window[None])[0])
    assert net.trace(picture[None])["C1"].shape == (1, 3, 16, 25)


def test_a_trace_of_a_larger_image(net):
    trace = net.trace(RANDOM.integers(0, 256, (2, 40, 60), np.uint8))
    assert trace["C5"].shape == (2, 120, 3, 8)
    assert trace["OUTPUT"].shape == (2, 10, 3, 8)
    assert trace["OUTPUT"].sum(axis=1) == pytest.approx(np.ones((2, 3, 8)), abs=1e-5)
    assert trace["INPUT"].shape == (2, 1, 40, 60)


def test_the_layer_that_cannot_take_a_size_is_named():
    theano = Network.create(presets["lenet-theano"].spec)
    with pytest.raises(ValueError, match="images of 40x28, of which F5 would get 7x4 values a map and sees 4x4"):
        theano.predict(np.zeros((1, 40, 28), np.uint8))
    with pytest.raises(ValueError, match="images of 29x28; expected"):  # one more pixel reaches no layer above
        theano.predict(np.zeros((1, 29, 28), np.uint8))


def test_what_cannot_be_scanned(net):
    whole = Network.create(Spec((1, 8, 8), (Contrast("N", 3), Dense("OUT", 2))))
    with pytest.raises(ValueError, match="N: contrast normalisation sees a whole picture"):
        whole.scan(np.zeros((40, 40), np.uint8))
    with pytest.raises(ValueError, match="a picture of 28x28 to scan; expected at least 32x32"):
        net.scan(IMAGES[0])
    with pytest.raises(
        ValueError, match="images of 40x20, of which F6 would get 3x1 values a map and sees 1x1; expected"
    ):
        net.trace(np.zeros((1, 40, 20), np.uint8))
    with pytest.raises(TypeError, match="pixels are complex128"):
        net.scan(np.zeros((40, 40), complex))


def test_positions_and_shapes_by_hand():
    """LeNet-5 sees 32 pixels and moves by 4: 44 wide, it answers at (44 - 32) / 4 + 1 positions."""
    spec = presets["lenet5-1998"].spec
    assert positions(spec, 32, 32) == (1, 1)
    assert positions(spec, 36, 47) == (2, 4)
    shapes = output_shapes(spec, 36, 44)
    assert shapes == {
        "C1": (6, 32, 40),
        "S2": (6, 16, 20),
        "C3": (16, 12, 16),
        "S4": (16, 6, 8),
        "C5": (120, 2, 4),
        "F6": (84, 2, 4),  # radial basis functions are left out
    }


def test_which_layers_see_borders():
    codes = ((1.0,), (0.0,))
    seeing = [Conv("C", 2, 3, padding="same"), Contrast("N", 3), Rbf("O", codes), Pool("P", border="keep")]
    blind = [Conv("C", 2, 3), Pool("P"), Subsample("S"), DeformPool("D"), Dropout("D", 0.5), Dense("F", 3)]
    assert [sees_borders(layer) for layer in (*seeing, *blind)] == [True] * 4 + [False] * 6


def test_a_softmax_is_over_the_classes_of_each_position(net):
    images = RANDOM.integers(0, 256, (2, 1, 36, 44), np.uint8)
    sums = layer_outputs(net.spec, net.flat, net.scale, images, softmax_output=False)["OUTPUT"]
    probabilities = layer_outputs(net.spec, net.flat, net.scale, images)["OUTPUT"]
    assert sums.shape == probabilities.shape == (2, 10, 2, 4)
    odds = np.exp(sums.astype(np.float64))
    assert probabilities == pytest.approx(odds / odds.sum(axis=1, keepdims=True), abs=1e-6)


def test_the_last_pooling():
    spec = presets["lenet5-1998"].spec
    assert last_pooling(spec).name == "S4"
    assert last_pooling(Spec((1, 4, 4), (Dense("OUT", 2),))) is None


@every_isa
@pytest.mark.parametrize("last", [Pool("S4"), Pool("S4", method="mean"), Subsample("S4"), Pool("S4", window=3)])
def test_offsets_are_scans_that_begin_in_other_columns(last, isa):
    before = (Conv("C1", 5, 3, activation="relu"), Pool("S2"), Conv("C3", 4, 3, activation="tanh"))
    spec = Spec((2, 18, 18), (*before, last, Dense("F5", 7, "tanh"), Dense("OUT", 3)))
    flat = flatten(spec, initial_weights(spec, "he", 5))
    images = np.random.default_rng(5).integers(0, 256, (20, 2, 18, 53), np.uint8)
    offset_model = scan_model(spec, flat, SCALE, (18, 53), offsets=last.step, isa=isa)
    scores = offset_model.scores(images, 2)
    done = 0
    for offset in range(last.step):
        shifted = np.ascontiguousarray(images[..., 2 * offset :])
        shapes = [list(shape) for shape in output_shapes(spec, *shifted.shape[2:]).values()]
        alone = scan_model(spec, flat, SCALE, shifted.shape[2:], isa=isa).trace(shifted, False, shapes)[-1]
        alone = alone.reshape(20, -1)
        assert scores[:, done : done + alone.shape[1]].tobytes() == alone.tobytes()
        done += alone.shape[1]
    assert done == scores.shape[1]


def test_a_model_with_offsets_only_answers():
    spec = NAMED["kernel 3"]
    flat = flatten(spec, initial_weights(spec, "he", 5))
    images = np.zeros((1, 1, 16, 40), np.uint8)
    network = scan_model(spec, flat, SCALE, (16, 40), offsets=2)
    with pytest.raises(ValueError, match="branches has scores, but no answer"):
        network.predict(images, 1)
    with pytest.raises(ValueError, match="branches has no layers one by one"):
        network.trace(images, False, [[1]] * len(spec.layers))
    described = cpu.layers(spec)
    described[1]["offsets"] = 2
    with pytest.raises(ValueError, match="layer 1: its branches are not alike"):  # a dense layer sees all columns
        _engine.Model(spec.input, described, flat, (0.0, 1.0), "")
    described[0]["offsets"] = 2
    with pytest.raises(ValueError, match="layer 0: only pooling begins in several columns"):
        _engine.Model(spec.input, described, flat, (0.0, 1.0), "")
