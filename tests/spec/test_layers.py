"""Convolutions and dense layers as data: shapes, counts, Table I, and what their files hold."""

import json

import numpy as np
import pytest

from lenet import Contrast, Conv, DeformPool, Dense, Dropout, Pool, Rbf, Spec, Subsample, presets
from lenet.zoo.connection_tables import TABLE_I


def test_full_connection_of_c3():
    spec = Spec((6, 14, 14), (Conv("C3", 16, 5), Dense("OUTPUT", 10)))
    assert spec.summary()[0].parameters == 2_416


def test_same_padding_keeps_the_size_and_rectangular_kernels_are_allowed():
    spec = Spec((1, 9, 11), (Conv("A", 2, (4, 3), padding="same"), Conv("B", 3, (2, 5)), Dense("OUTPUT", 4)))
    assert spec.shapes["A"] == (2, 9, 11)
    assert spec.shapes["B"] == (3, 8, 7)
    assert spec.arrays["B.weight"] == (3, 2, 2, 5)


def test_a_strides_shapes_counts_and_zeros():
    """Windows of five, two apart, over 28 and 29 pixels: 12 and 13 of them; with same padding 14 and 15."""
    valid, same = Conv("A", 6, 5, stride=2), Conv("A", 6, 5, padding="same", stride=2)
    shape = (1, 28, 29)
    assert (valid.output(shape), same.output(shape)) == ((6, 12, 13), (6, 14, 15))
    assert valid.connections(shape) == (25 + 1) * 6 * 12 * 13
    assert same.multiplications(shape) == 25 * 6 * 14 * 15
    assert valid.parameters(shape) == same.parameters(shape) == 156
    assert same.borders(shape) == (1, 2, 2, 2)  # 13 * 2 + 5 = 31 rows, 14 * 2 + 5 = 33 columns
    assert Conv("A", 1, 1, padding="same", stride=3).borders(shape) == (0, 0, 0, 0)
    assert Conv.from_dict({"layer": "Conv", "name": "A", "maps": 6, "kernel": 5}).stride == 1  # of earlier files


def test_the_mask_of_table_i_by_hand():
    """Column m of the printed table has an X for each map of S2 that map m of C3 sees."""
    mask = Conv("C3", 16, 5, table=TABLE_I).mask(6)
    assert (mask.shape, mask.dtype) == ((16, 6), bool)
    assert mask.sum() == 60
    assert mask[0].tolist() == [True, True, True, False, False, False]
    assert mask[5].tolist() == [True, True, False, False, False, True]  # the ring closes
    assert mask[6].tolist() == [True, True, True, True, False, False]
    assert mask[12].tolist() == [True, True, False, True, True, False]
    assert mask[15].all()
    assert mask.sum(axis=0).tolist() == [10] * 6  # each map of S2 is seen by ten


def test_the_mask_without_a_table_and_with_a_wrong_one():
    assert np.array_equal(Conv("C", 2, 3).mask(3), np.ones((2, 3), bool))
    with pytest.raises(ValueError, match=r"C: the table's entry \(4,\) should name some of 3 input maps, ascending"):
        Conv("C", 1, 3, table=((4,),)).mask(3)


@pytest.mark.parametrize("name", presets)
def test_layers_of_the_presets_survive_json(name):
    for layer in presets[name].spec.layers:
        described = json.loads(json.dumps(layer.to_dict()))
        assert described["layer"] == type(layer).__name__
        assert type(layer).from_dict(described) == layer


@pytest.mark.parametrize(
    "layer",
    [
        Conv("C", 2, (3, 4), padding="same", table=((0,), (0, 1)), activation="relu", stride=2),
        Subsample("S", 3, 2, "tanh"),
        Pool("P", 3, 2, "tanh", "l2", "keep"),
        DeformPool("P", 3, activation="sigmoid"),
        Contrast("N", 5, "tanh"),
        Dropout("D", 0.3),
        Dense("F", 7, "scaled_tanh"),
        Rbf("OUT", ((1.0, -1.0), (0.5, 2.0))),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_of_each_kind_survive_json(layer):
    described = json.loads(json.dumps(layer.to_dict()))
    assert None not in described.values()
    assert type(layer).from_dict(described) == layer
    with pytest.raises(TypeError, match="colour"):
        type(layer).from_dict({**described, "colour": "red"})


def test_lists_are_taken_for_tuples():
    assert Conv("C1", 2, [3, 5], table=[[0], [0]]) == Conv("C1", 2, (3, 5), table=((0,), (0,)))
    assert hash(Conv("C1", 2, [3, 5])) == hash(Conv("C1", 2, (3, 5)))
