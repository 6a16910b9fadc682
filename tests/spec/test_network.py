"""Networks as data: the counts of the 1998 paper, contradictions, descriptions."""

import json

import pytest

from lenet import Contrast, Conv, Dense, Dropout, Pool, Rbf, Spec, Subsample, presets

LENET5 = presets["lenet5-1998"].spec


@pytest.mark.parametrize(
    ("layer", "parameters", "connections", "shape"),
    [
        ("C1", 156, 122_304, (6, 28, 28)),
        ("S2", 12, 5_880, (6, 14, 14)),
        ("C3", 1_516, 151_600, (16, 10, 10)),
        ("S4", 32, 2_000, (16, 5, 5)),
        ("C5", 48_120, 48_120, (120, 1, 1)),
        ("F6", 10_164, 10_164, (84, 1, 1)),
        ("OUTPUT", 0, 840, (10, 1, 1)),
    ],
)
def test_counts_of_the_1998_paper(layer, parameters, connections, shape):
    row = next(r for r in LENET5.summary() if r.name == layer)
    assert (row.parameters, row.connections, row.output) == (parameters, connections, shape)


def test_totals_of_the_1998_paper():
    assert (LENET5.parameters, LENET5.connections) == (60_000, 340_908)


def test_description_survives_json():
    for preset in presets.values():
        assert Spec.from_dict(json.loads(json.dumps(preset.spec.to_dict()))) == preset.spec


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((Dense("OUTPUT", 10, "softmax"), Dense("X", 10)), "OUTPUT: softmax is for the output layer"),
        ((Conv("C1", 4, 33), Dense("OUTPUT", 10)), "C1: a kernel of 33x33 on an input of 32x32"),
        ((Pool("S2", window=40), Dense("OUTPUT", 10)), "S2: a window of 40x40 on an input of 32x32"),
        ((Conv("C1", 2, 3, table=((0,),)), Dense("OUTPUT", 10)), "C1: the table has 1 entries"),
        ((Conv("C1", 1, 3, table=((1,),)), Dense("OUTPUT", 10)), r"C1: the table's entry \(1,\)"),
        ((Dense("A", 3), Dense("A", 10)), "layer names repeat"),
        ((Dense("A", 3, "cubic"),), "A: activation is 'cubic'; expected one of linear, tanh"),
        ((Dense("A", 0),), "A: units is 0"),
        ((Dense("A", 3.0),), "A: units is 3.0; expected a whole number"),
        ((Dense("A", True),), "A: units is True"),
        ((Dense("A", 10**9),), "A: units is 1000000000"),
        ((Rbf("OUTPUT", ((float("nan"),) * 1024,)),), "OUTPUT: codes are not all finite, or there are none"),
        ((Conv("C1", 4, 0), Dense("OUTPUT", 10)), "C1: kernel is 0"),
        ((Conv("C1", 4, 3, stride=0), Dense("OUTPUT", 10)), "C1: stride is 0; expected a whole number from 1"),
        ((Conv("C1", 4, 3, padding="full"), Dense("OUTPUT", 10)), "C1: padding 'full'"),
        ((Subsample("S", window=0), Dense("OUTPUT", 10)), "S: window is 0"),
        ((Pool("S", method="median"), Dense("OUTPUT", 10)), "S: pooling by 'median'; expected one of max, mean, l2"),
        ((Pool("S", border="wrap"), Dense("OUTPUT", 10)), "S: border 'wrap'; expected one of ignore, keep"),
        ((Pool("S", method="stochastic"), Dense("OUTPUT", 10)), "S: stochastic pooling of values that may be negative"),
        ((Conv("C1", 2, 3, activation="tanh"), Pool("S", method="stochastic"), Dense("O", 2)), "S: stochastic pooling"),
        ((Dropout("D", 1.0), Dense("OUTPUT", 10)), "D: rate is 1.0; expected at least 0 and below 1"),
        ((Dropout("D", -0.1), Dense("OUTPUT", 10)), "D: rate is -0.1; expected"),
        ((Dropout("D", float("nan")), Dense("OUTPUT", 10)), "D: rate is nan; expected"),
        ((Dense("F", 3), Dropout("D", 0.5), Conv("C", 2, 3, padding="same"), Dense("O", 2)), "C: same padding on"),
        ((Contrast("N", 4), Dense("OUTPUT", 10)), "N: a window of 4; expected an odd number"),
        ((Conv("C1", 4, 3),), "the last layer must be Dense or Rbf"),
        ((Rbf("OUTPUT", ((1.0, 1.0),)),), r"OUTPUT: codes of \[2\] values on a layer of 1024"),
        ((), "the last layer must be"),
    ],
)
def test_contradictions_are_named(layers, message):
    with pytest.raises(ValueError, match=message):
        Spec((1, 32, 32), layers)


@pytest.mark.parametrize(
    "data", [{}, {"input": [1, 2, 3], "layers": [{"layer": "Nonsense"}]}, {"input": 3, "layers": 4}]
)
def test_nonsense_is_no_description(data):
    with pytest.raises(ValueError, match="not the description of a network"):
        Spec.from_dict(data)
