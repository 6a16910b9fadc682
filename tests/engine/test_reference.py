"""The reference against finite differences and values worked out by hand."""

import numpy as np
import pytest

from lenet import Contrast, Conv, DeformPool, Dense, Dropout, Pool, Rbf, Spec, Subsample
from lenet.engine import reference
from lenet.model.initial import initial_weights
from lenet.recipe import CrossEntropy, Map, MeanSquared

RBF_CODES = ((1.0, -1.0, 1.0, 1.0), (-1.0, -1.0, 1.0, -1.0), (1.0, 1.0, -1.0, 1.0))

SPECS = {
    "conv with a table": (
        Conv("A", 3, 3, table=((0,), (0, 1), (1,)), activation="tanh"),
        Conv("B", 2, (2, 3), activation="scaled_tanh"),
        Dense("OUT", 3, "softmax"),
    ),
    "same padding, even kernel": (Conv("A", 2, 4, padding="same", activation="sigmoid"), Dense("OUT", 3, "softmax")),
    "stride": (
        Conv("A", 3, 3, table=((0,), (0, 1), (1,)), activation="tanh", stride=2),
        Conv("B", 2, 2, padding="same", activation="tanh", stride=3),
        Dense("OUT", 3),
    ),
    "stride, same padding": (Conv("A", 2, (4, 3), padding="same", activation="tanh", stride=2), Dense("OUT", 3)),
    "max": (Conv("A", 2, 2), Pool("P", activation="tanh"), Dense("OUT", 3, "softmax")),
    "overlapping max": (Conv("A", 2, 2, activation="tanh"), Pool("P", window=3, stride=2), Dense("OUT", 3)),
    "mean": (Conv("A", 2, 2, activation="relu"), Pool("P", window=3, method="mean"), Dense("OUT", 3, "softmax")),
    "subsample": (Conv("A", 2, 3, activation="scaled_tanh"), Subsample("S", activation="tanh"), Dense("OUT", 3)),
    "overlapping subsample": (Subsample("S", window=3, stride=1, activation="sigmoid"), Dense("OUT", 3)),
    "border kept": (Conv("A", 2, 2), Pool("P", 3, 2, "tanh", border="keep"), Dense("OUT", 3)),
    "mean, border kept": (Conv("A", 2, 2), Pool("P", 3, 2, "tanh", "mean", "keep"), Dense("OUT", 3)),
    "l2, border kept": (Conv("A", 2, 2), Pool("P", 2, 3, "tanh", "l2", "keep"), Dense("OUT", 3)),
    "stochastic": (Conv("A", 2, 2, activation="relu"), Pool("P", 3, 2, method="stochastic"), Dense("OUT", 3)),
    "dropout": (Conv("A", 2, 2, activation="tanh"), Dropout("P", 0.3), Dense("F", 5, "tanh"), Dense("OUT", 3)),
    "deformation": (Conv("A", 2, 2), DeformPool("P", 3, 2, "tanh"), DeformPool("Q"), Dense("OUT", 3)),
    "contrast": (Conv("A", 2, 2), Contrast("N", 5, "tanh"), Dense("OUT", 3)),
    "contrast first": (Contrast("N", 3), Conv("A", 2, 2), Contrast("M", 9), Dense("OUT", 3)),
    "leaky relu": (Conv("A", 2, 2, activation="leaky_relu"), Pool("P"), Dense("F", 5, "leaky_relu"), Dense("OUT", 3)),
    "elu": (Conv("A", 2, 2, activation="elu"), Pool("P", activation="elu"), Dense("F", 5, "elu"), Dense("OUT", 3)),
    "rbf": (Conv("A", 2, 3, activation="tanh"), Dense("F", 4, "scaled_tanh"), Rbf("OUT", RBF_CODES)),
}


LOSSES = (CrossEntropy(), CrossEntropy(0.1), Map(0.7), MeanSquared())


@pytest.mark.parametrize("name", SPECS)
def test_gradient_is_the_difference_quotient(name):
    """For all losses of the same scores at once: only the scores need the network."""
    random = np.random.default_rng(5)
    spec = Spec((2, 7, 8), SPECS[name])
    weights = {
        k: random.normal(0, 0.4, v.shape) * (v != 0 if k == "A.weight" else 1)
        for k, v in initial_weights(spec, "he", 1).items()
    }
    for key in weights:
        if key in ("P.weight", "Q.weight") and "deformation" in name:
            weights[key] = random.normal(0, 0.3, weights[key].shape)  # no penalty at all would leave ties
    x, labels = random.normal(0, 1, (4, 2, 7, 8)), np.array([0, 1, 2, 1])
    drawn = {"P.draws": random.random((4, *spec.shapes["P"]))} if name in ("stochastic", "dropout") else {}
    gradients = []
    for loss in LOSSES:
        value, gradient = reference.gradient(spec, weights | drawn, x, labels, loss)
        scores = reference.scores(spec, weights | drawn, x)
        assert value == pytest.approx(reference.loss(loss, scores, labels)[0].mean())
        assert np.isfinite(value)
        assert set(gradient) == set(weights)
        gradients.append(gradient)
    step = 1e-6
    for key, array in weights.items():
        for index in random.permutation(array.size)[:12]:
            if key == "A.weight" and array.flat[index] == 0:
                continue  # no connection
            ends = []
            for sign in (1, -1):
                moved = {**weights, key: array.copy()}
                moved[key].flat[index] += sign * step
                ends.append(reference.scores(spec, moved | drawn, x))
            for loss, gradient in zip(LOSSES, gradients, strict=True):
                values = [reference.loss(loss, scores, labels)[0].mean() for scores in ends]
                quotient = (values[0] - values[1]) / (2 * step)
                wanted = pytest.approx(quotient, abs=2e-8, rel=1e-5)
                assert gradient[key].flat[index] == wanted, (loss, key, index)


def test_curvature_is_the_second_difference_where_nothing_is_left_out():
    """One value between linear layers and a squared distance: no term off the diagonal, no curvature but the loss's."""
    random = np.random.default_rng(2)
    spec = Spec((1, 3, 3), (Conv("A", 1, 3), Dense("F", 4), Rbf("OUT", RBF_CODES)))
    weights = {k: random.normal(0, 0.5, v.shape) for k, v in initial_weights(spec, "he", 0).items()}
    x, labels = random.normal(0, 1, (5, 1, 3, 3)), np.array([0, 1, 2, 1, 0])
    curvature = reference.curvature(spec, weights, x, labels, MeanSquared())
    step = 1e-3
    for key, array in weights.items():
        for index in range(array.size):
            moved = [{**weights, key: array.copy()} for _ in range(2)]
            moved[0][key].flat[index] += step
            moved[1][key].flat[index] -= step
            low, here, high = (
                reference.gradient(spec, w, x, labels, MeanSquared())[0] for w in (moved[0], weights, moved[1])
            )
            assert curvature[key].flat[index] == pytest.approx((low - 2 * here + high) / step**2, rel=1e-6)


def test_curvature_of_a_softmax_by_hand():
    """Two classes of equal score: p (1 - p) = 1/4, times the squared input; a mean pooling squares its fraction."""
    spec = Spec((1, 2, 2), (Pool("P", method="mean"), Dense("OUT", 2)))
    weights = {"OUT.weight": np.ones((2, 1)), "OUT.bias": np.zeros(2)}
    x = np.array([[1.0, 2], [3, 6]])[None, None]
    curvature = reference.curvature(spec, weights, x, np.array([0]), CrossEntropy())
    assert curvature["OUT.bias"].tolist() == [0.25, 0.25]
    assert curvature["OUT.weight"].ravel().tolist() == [2.25, 2.25]
    below = Spec((1, 2, 2), (Conv("A", 1, 1), *spec.layers))
    weights |= {"A.weight": np.ones((1, 1, 1, 1)), "A.bias": np.zeros(1)}
    curvature = reference.curvature(below, weights, x, np.array([0]), CrossEntropy())
    # Each pixel gets 1/16 of 1/4 + 1/4, times its square: 1 + 4 + 9 + 36 = 50.
    assert curvature["A.weight"].item() == pytest.approx(50 / 32)
    assert curvature["A.bias"].item() == pytest.approx(4 / 32)


def one_layer(layer, weights, x):
    """Return the layer's output in a network that ends with one more layer."""
    spec = Spec(x.shape[1:], (layer, Dense("OUT", 1)))
    return reference.forward(spec, {**initial_weights(spec, "he", 0), **weights}, x)[layer.name]


PICTURE = np.array([[1.0, 2, 0], [3, 1, 1], [0, 2, 4]])[None, None]


def test_convolution_by_hand():
    weights = {"C.weight": np.array([[[[1.0, -1], [2, 0]]]]), "C.bias": np.array([0.5])}
    out = one_layer(Conv("C", 1, 2), weights, PICTURE)
    # 1 - 2 + 2 * 3 = 5;  2 - 0 + 2 * 1 = 4;  3 - 1 + 2 * 0 = 2;  1 - 1 + 2 * 2 = 4;  and the bias
    assert out[0, 0].tolist() == [[5.5, 4.5], [2.5, 4.5]]


def test_same_convolution_with_an_even_kernel_pads_below_and_right():
    weights = {"C.weight": np.array([[[[1.0, -1], [2, 0]]]]), "C.bias": np.array([0.0])}
    out = one_layer(Conv("C", 1, 2, padding="same"), weights, PICTURE)
    assert out[0, 0].tolist() == [[5, 4, 2], [2, 4, 9], [-2, -2, 4]]


def test_strided_convolution_by_hand():
    """Every second sum of the convolution; with same padding, zeros as the last window needs them, above none."""
    weights = {"C.weight": np.array([[[[1.0, -1], [2, 0]]]]), "C.bias": np.array([0.5])}
    assert one_layer(Conv("C", 1, 2, stride=2), weights, PICTURE)[0, 0].tolist() == [[5.5]]
    same = one_layer(Conv("C", 1, 2, padding="same", stride=2), weights, PICTURE)
    assert same[0, 0].tolist() == [[5.5, 2.5], [-1.5, 4.5]]
    # A single zero around each side of three pixels: windows of three, two apart, begin one pixel outside.
    ones = {"C.weight": np.ones((1, 1, 3, 3)), "C.bias": np.zeros(1)}
    out = one_layer(Conv("C", 1, 3, padding="same", stride=2), ones, PICTURE)
    assert out[0, 0].tolist() == [[7, 4], [6, 8]]


def test_max_pooling_of_the_tutorials():
    x = np.array([[10.0, 20, 30, 80], [30, 5, 7, 0], [1, 31, 59, 2], [3, 4, 5, 6]])[None, None]
    assert one_layer(Pool("P"), {}, x)[0, 0].tolist() == [[30, 80], [31, 59]]


def test_what_is_left_at_the_border():
    """Five pixels, windows of two: the last column and row are ignored, or have windows of their own."""
    x = np.arange(25.0).reshape(1, 1, 5, 5)
    assert one_layer(Pool("P"), {}, x)[0, 0].tolist() == [[6, 8], [16, 18]]
    assert one_layer(Pool("P", border="keep"), {}, x)[0, 0].tolist() == [[6, 8, 9], [16, 18, 19], [21, 23, 24]]
    kept = one_layer(Pool("P", method="mean", border="keep"), {}, x)[0, 0]
    assert kept.tolist() == [[3, 5, 6.5], [13, 15, 16.5], [20.5, 22.5, 24]]
    # Windows of three, two apart, overlap and leave nothing; of one, three apart, they leave gaps.
    assert one_layer(Pool("P", 3, 2, border="keep"), {}, x)[0, 0].tolist() == [[12, 14], [22, 24]]
    assert one_layer(Pool("P", 1, 3, border="keep"), {}, x)[0, 0].tolist() == [[0, 3], [15, 18]]


def test_l2_pooling_by_hand():
    x = np.array([[3.0, 4, 0, 0], [0, 0, 0, 0]])[None, None]
    assert one_layer(Pool("P", method="l2"), {}, x)[0, 0].tolist() == [[5, 0]]
    dx, _ = reference._pool_backward(Pool("P", method="l2"), {}, x, np.full((1, 1, 1, 2), 10.0))
    assert dx[0, 0].tolist() == [[6, 8, 0, 0], [0, 0, 0, 0]]  # no slope where all is 0


def test_stochastic_pooling_by_hand():
    """Of 1, 0, 2 and 5, draws below 1/8 pick the first, up to 3/8 the third, then the last; the mean is 30/8."""
    layer = Pool("P", method="stochastic")
    x = np.array([[1.0, 0], [2, 5]])[None, None]
    for draw_, picked in ((0.0, 1), (0.12, 1), (0.13, 2), (0.37, 2), (0.38, 5), (0.999, 5)):
        draws = {"draws": np.full((1, 1, 1, 1), draw_)}
        assert reference._pool_forward(layer, draws, x).item() == picked
        dx, _ = reference._pool_backward(layer, draws, x, np.full((1, 1, 1, 1), 3.0))
        assert (dx != 0).sum() == 1
        assert dx[x == picked].item() == 3
    assert reference._pool_forward(layer, {}, x).item() == 30 / 8
    assert reference._pool_forward(layer, {}, 0 * x).item() == 0


def test_dropout_by_hand():
    """With a rate of 1/4, draws below it give 0, and the others 4/3 of the value; without draws all values pass."""
    layer, x = Dropout("D", 0.25), np.array([[6.0, 9, 12]])[None, None]
    draws = {"draws": np.array([[0.1, 0.25, 0.9]])[None, None]}
    assert reference._dropout_forward(layer, draws, x)[0, 0] == pytest.approx(np.array([[0, 12, 16]]))
    dx, arrays = reference._dropout_backward(layer, draws, x, np.ones_like(x))
    assert dx[0, 0] == pytest.approx(np.array([[0, 4 / 3, 4 / 3]]))
    assert arrays == {}
    assert one_layer(layer, {}, x)[0, 0].tolist() == [[6, 9, 12]]


def test_deformation_pooling_by_hand():
    """Around a middle pixel of 1, another wins if it is larger by more than its penalty."""
    x = np.array([[0.0, 0, 0], [0, 1, 1.2], [0, 1.3, 0]])[None, None]
    layer = DeformPool("P", 3)
    for coefficients, wanted in (
        ([0, 0, 0, 0], 1.3),
        ([0.2, 0.1, 0, 0], 1.1),  # a row down costs 0.2, a column right 0.1
        ([0.5, 0.5, 0, 0], 1.0),
        ([0, 0, 0, -1], 2.2),  # columns to the right are paid for
        ([0, 0, 1, 0], 1.2),
    ):
        assert one_layer(layer, {"P.weight": np.array([coefficients], float)}, x).item() == pytest.approx(wanted)


def test_contrast_normalisation_by_hand():
    """A window of one pixel over two maps: less their mean, over the deviation or its mean, the larger."""
    x = np.array([[[3.0, 2.0]], [[1.0, 2.4]]])[None]  # means 2 and 2.2, deviations 1 and 0.2, whose mean is 0.6
    out = one_layer(Contrast("N", 1), {}, x)[0]
    assert out == pytest.approx(np.array([[[1, -0.2 / 0.6]], [[-1, 0.2 / 0.6]]]))
    assert not one_layer(Contrast("N", 3), {}, np.full((1, 1, 4, 4), 7.0)).any()  # a plain picture, borders and all


def test_subsampling_by_hand():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    weights = {"S.weight": np.array([0.5]), "S.bias": np.array([-1.0])}
    # (0 + 1 + 4 + 5) / 2 - 1 = 4, and so on
    assert one_layer(Subsample("S"), weights, x)[0, 0].tolist() == [[4, 8], [20, 24]]


def test_scaled_tanh_passes_through_the_papers_points():
    assert reference.activate("scaled_tanh", np.array([1.0, -1.0])) == pytest.approx([1, -1], abs=1e-4)


def test_leaky_relu_and_elu_by_hand():
    a = np.array([-2.0, -0.5, 0.0, 3.0])
    leaky, elu = reference.activate("leaky_relu", a), reference.activate("elu", a)
    assert leaky == pytest.approx([-0.02, -0.005, 0, 3])
    assert elu == pytest.approx([np.exp(-2) - 1, np.exp(-0.5) - 1, 0, 3])
    assert reference.slope("leaky_relu", leaky) == pytest.approx([0.01, 0.01, 0.01, 1])
    assert reference.slope("elu", elu) == pytest.approx([np.exp(-2), np.exp(-0.5), 1, 1])


def test_the_first_of_equal_maxima_gets_the_gradient():
    spec = Spec((1, 2, 2), (Pool("P"), Dense("OUT", 1)))
    x = np.ones((1, 1, 2, 2))
    dx, _ = reference._pool_backward(spec.layers[0], {}, x, np.full((1, 1, 1, 1), 3.0))
    assert dx[0, 0].tolist() == [[3, 0], [0, 0]]


def test_rbf_is_the_squared_distance():
    spec = Spec((1, 1, 2), (Rbf("OUT", ((1.0, -1.0), (0.0, 0.0))),))
    assert reference.forward(spec, {}, np.array([[[[3.0, 1.0]]]]))["OUT"].ravel().tolist() == [8, 10]


def test_map_loss_by_hand():
    # two classes at distance 0 and log 3, rubbish at log 2: log(1 + 1/3 + 1/2) = log(11/6)
    value, d = reference.loss(Map(np.log(2)), -np.array([[0.0, np.log(3)]]), np.array([0]))
    assert value == pytest.approx([np.log(11 / 6)])
    assert d[0] == pytest.approx([6 / 11 - 1, 2 / 11])


@pytest.mark.parametrize("name", SPECS)
def test_the_gradient_by_the_input_is_the_difference_quotient(name):
    random = np.random.default_rng(6)
    spec = Spec((2, 7, 8), SPECS[name])
    weights = initial_weights(spec, "he", 2)
    x, classes, step = random.normal(0, 1, (2, 2, 7, 8)), np.array([2, 0]), 1e-6
    gradient = reference.input_gradient(spec, weights, x, classes)
    for pixel in random.choice(x.size, 12, replace=False):
        at = np.unravel_index(pixel, x.shape)
        above, below = x.copy(), x.copy()
        above[at] += step
        below[at] -= step
        high, low = (reference.scores(spec, weights, value)[at[0], classes[at[0]]] for value in (above, below))
        assert (high - low) / (2 * step) == pytest.approx(gradient[at], rel=1e-4, abs=1e-6)
