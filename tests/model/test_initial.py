"""Initial weights: the ranges of their distributions, and the stream they are drawn from."""

import numpy as np
import pytest

from lenet import Conv, DeformPool, Dense, Spec, presets
from lenet.model.initial import initial_weights
from lenet.recipe import Truncated

SPEC = Spec((1, 6, 6), (Conv("C1", 2, 3, table=((0,), (0,)), activation="tanh"), Dense("OUTPUT", 3, "softmax")))


def test_initial_weights_of_1998_fill_their_range():
    spec = presets["lenet5-1998"].spec
    weights = initial_weights(spec, "lecun1998", 0)
    for name, fan_in in (("C1", 25), ("C5", 400), ("F6", 120)):
        w = weights[f"{name}.weight"]
        assert np.abs(w).max() <= 2.4 / fan_in
        assert np.abs(w).max() > 0.95 * 2.4 / fan_in
        assert abs(w.mean()) < 4 * 2.4 / fan_in / np.sqrt(3 * w.size)
        assert not weights[f"{name}.bias"].any()
    assert np.all(weights["S2.weight"] == 0.25)


def test_initial_weights_of_c3_are_zero_where_table_i_has_no_connection():
    w = initial_weights(presets["lenet5"].spec, "glorot", 0)["C3.weight"]
    assert (w.any(axis=(2, 3))).sum() == 60


def test_truncated_normal_is_normal_within_two_deviations():
    weights = initial_weights(presets["lenet-tf-wide"].spec, Truncated(0.1, bias=0.1), 0)
    w = weights["F5.weight"]
    assert np.abs(w).max() <= 0.2
    # The standard deviation of a normal distribution cut at two of them is 0.87963.
    assert w.std() == pytest.approx(0.1 * 0.87963, rel=1e-3)
    assert np.mean(np.abs(w) < 0.1) == pytest.approx(0.682689 / 0.954500, rel=2e-3)
    assert np.all(weights["C1.bias"] == np.float32(0.1))
    assert initial_weights(presets["lenet5"].spec, Truncated(1.0), 0)["F6.bias"].std() > 0.5


def test_initial_weights_of_theano():
    weights = initial_weights(presets["lenet-theano"].spec, "theano", 0)
    assert not weights["OUTPUT.weight"].any()
    bound = np.sqrt(6 / (25 + 20 * 25 / 4))
    assert 0.95 * bound < np.abs(weights["C1.weight"]).max() <= bound


def test_same_seed_same_weights_and_another_seed_others():
    a, b, c = (initial_weights(SPEC, "glorot", seed) for seed in (7, 7, 8))
    assert all(np.array_equal(a[k], b[k]) for k in a)
    assert not np.array_equal(a["C1.weight"], c["C1.weight"])


def test_initial_weights_are_these():
    """The stream is part of the contract: the same seed gives the same network with every version."""
    w = initial_weights(SPEC, "glorot", 0)["C1.weight"].ravel()
    raw = np.random.Philox(key=[0, 0]).random_raw(1)[0]
    bound = np.sqrt(6 / (9 + 18))
    assert w[0] == np.float32(((int(raw) >> 11) * 2.0**-52 - 1) * bound)


def test_deformation_pooling_starts_as_max_pooling():
    spec = Spec((2, 8, 8), (DeformPool("P"), Dense("OUT", 2)))
    for init in ("he", Truncated(0.1)):
        weights = initial_weights(spec, init, 0)
        assert weights["P.weight"].shape == (2, 4)
        assert not weights["P.weight"].any()


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "1"])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match=r"seed is .*; expected a whole number from 0 to 2\*\*64 - 1"):
        initial_weights(SPEC, "he", seed)


def test_an_unknown_distribution():
    with pytest.raises(ValueError, match="init is 'zeros'; expected one of lecun1998, lecun1998-root, glorot"):
        initial_weights(SPEC, "zeros", 0)
