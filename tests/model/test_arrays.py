"""The arrays of a network's weights: their order in one vector, and what is refused."""

import numpy as np
import pytest

from lenet import Conv, Dense, Network, Spec, presets
from lenet.model.arrays import WeightsError, check, flatten, unflatten
from lenet.model.initial import initial_weights

SPEC = Spec((1, 6, 6), (Conv("C1", 2, 3), Dense("OUTPUT", 3, "softmax")))


def test_the_order_of_the_vector_is_that_of_the_spec():
    weights = initial_weights(SPEC, "he", 1)
    flat = flatten(SPEC, weights)
    assert (flat.shape, flat.dtype) == ((2 * 9 + 2 + 3 * 32 + 3,), np.float32)
    assert np.array_equal(flat[:18], weights["C1.weight"].ravel())
    assert np.array_equal(flat[18:20], weights["C1.bias"])
    back = unflatten(SPEC, flat)
    assert list(back) == ["C1.weight", "C1.bias", "OUTPUT.weight", "OUTPUT.bias"]
    assert all(np.array_equal(back[name], weights[name]) for name in weights)
    with pytest.raises(ValueError, match="read-only"):
        back["C1.bias"][0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"C1.bias": None}, "arrays missing: C1.bias; arrays of no layer: none"),
        ({"X": np.zeros(3, np.float32)}, "arrays missing: none; arrays of no layer: X"),
        ({"C1.bias": np.zeros(3, np.float32)}, r"C1.bias is float32 \(3,\); expected float32 \(2,\)"),
        ({"C1.bias": np.zeros(2)}, "C1.bias is float64"),
        ({"C1.bias": np.array([0, np.inf], np.float32)}, "C1.bias has 1 values that are not finite"),
    ],
)
def test_arrays_that_are_not_the_networks(changes, message):
    weights = initial_weights(SPEC, "he", 1)
    check(SPEC, weights)
    wrong = {name: array for name, array in {**weights, **changes}.items() if array is not None}
    with pytest.raises(WeightsError, match=message):
        check(SPEC, wrong)


def test_weights_where_the_table_has_no_connection_are_refused():
    net = Network.create(presets["lenet5"].spec)
    with pytest.raises(WeightsError, match=r"C3.weight is not zero where the table"):
        net.with_weights(**{"C3.weight": np.ones((16, 6, 5, 5))})


def test_a_name_of_no_array_lists_those_that_there_are():
    network = Network.create(presets["lenet1"].spec)
    with pytest.raises(KeyError, match="no array is called 'C1'; expected one of C1.weight, C1.bias, S2.weight"):
        network.weights["C1"]
    assert "C1" not in network.weights
