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


def test_a_changed_layer_and_what_follows():
    """C5 of LeNet-5 covers S4's maps before and after: 32 - 7 + 1 = 26, 13, 9, 4."""
    spec = presets["lenet5"].spec.replace("C3", table=None).replace("C1", kernel=7, maps=12, activation="relu")
    assert spec.shapes == {
        "C1": (12, 26, 26),
        "S2": (12, 13, 13),
        "C3": (16, 9, 9),
        "S4": (16, 4, 4),
        "C5": (120, 1, 1),
        "F6": (84, 1, 1),
        "OUTPUT": (10, 1, 1),
    }
    assert spec.layers[4].size == (4, 4)
    assert spec.arrays["C3.weight"] == (16, 12, 5, 5)
    assert presets["lenet5-full"].spec.replace("F6", units=20).arrays["OUTPUT.weight"] == (10, 20)
    assert presets["lenet5"].spec.replace("F6", name="F7").layers[5].name == "F7"


def test_a_connection_table_that_does_not_fit_says_how_to_go_on():
    spec = presets["lenet5"].spec
    with pytest.raises(
        ValueError, match=r'C3: its table connects 6 input maps, and there are 12 now; .*"C3", table=None'
    ):
        spec.replace("C1", maps=12)
    with pytest.raises(ValueError, match="C3: the table has 16 entries; expected one for each of 20 maps, or table="):
        spec.replace("C3", maps=20)
    wider = spec.replace("C3", table=None).replace("C1", maps=12).replace("C3", maps=20)
    assert wider.arrays["C3.weight"] == (20, 12, 5, 5)
    assert spec.replace("C1", kernel=7, activation="relu").layers[2].table == spec.layers[2].table


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("C7", {"maps": 3}, "no layer is called 'C7'; expected one of C1, S2, C3, S4, C5, F6, OUTPUT"),
        ("C1", {"units": 3}, r"C1 \(Conv\) has no 'units'; it has name, maps, kernel"),
        (
            "C1",
            {"kernel": 29},
            "C3: a kernel of 5x5 on an input of 2x2; expected at most 2x2, or a larger",
        ),
        ("C1", {"activation": "swish"}, "C1: activation is 'swish'; expected one of linear, tanh"),
        ("C1", {"maps": 0}, "C1: maps is 0; expected a whole number"),
        ("C1", {"kernel": 2.5}, "C1: kernel is 2.5; expected whole numbers, at least 1"),
        ("C1", {"kernel": None}, "C1: kernel is None; expected whole numbers"),
        ("C1", {"stride": None}, "C1: stride is None; expected a whole number"),
        ("C3", {"table": 5}, "C3: table is 5; expected a tuple of input maps for each map, or None"),
        ("F6", {"name": "C1"}, "layer names repeat"),
    ],
)
def test_changes_that_do_not_fit(name, changes, message):
    with pytest.raises(ValueError, match=message):
        presets["lenet5-full"].spec.replace(name, **changes)


def test_codes_for_another_number_of_units():
    with pytest.raises(ValueError, match=r"OUTPUT: codes of \[84\] values on a layer of 90; expected codes of as many"):
        presets["lenet5-1998"].spec.replace("F6", units=90)


def test_another_number_of_classes():
    spec = presets["lenet5"].spec
    more = spec.with_classes(47)
    assert more.classes == 47
    assert more.layers[:-1] == spec.layers[:-1]
    assert more.parameters - spec.parameters == 37 * (84 + 1)  # a weight for each unit of F6, and a bias
    assert spec.with_classes(10) is spec
    assert LENET5.with_classes(10) is LENET5
    with pytest.raises(
        ValueError, match="OUTPUT: has codes for 10 classes, not 11; expected as many, or a Dense layer"
    ):
        LENET5.with_classes(11)
    with pytest.raises(ValueError, match="OUTPUT: units is 0"):
        spec.with_classes(0)


def test_a_summary_is_a_table():
    summary = presets["lenet5"].spec.summary()
    lines = str(summary).splitlines()
    assert lines[0].split() == ["layer", "kind", "activation", "output", "units", "parameters", "connections"]
    assert lines[3].split() == ["C3", "convolution", "tanh", "16", "x", "10", "x", "10", "1,600", "1,516", "151,600"]
    assert lines[-1].split() == ["all", "60,806", "339,342"]
    assert len({line.rindex(line.split()[-1][-1]) for line in lines}) == 1  # the last column ends at one place
    assert summary._repr_html_().count("<tr>") == 9
    assert presets["lenet5"].spec._repr_html_() == summary._repr_html_()


def test_maps_come_first():
    with pytest.raises(ValueError, match=r"has its maps last; expected \(maps, height, width\): \(1, 28, 28\)"):
        Spec((28, 28, 1), (Conv("C1", 6, 5), Dense("OUTPUT", 10)))
    assert Spec((28, 28, 2), (Dense("OUTPUT", 10),)).input == (28, 28, 2)


def test_one_layer_without_a_comma():
    with pytest.raises(ValueError, match=r"layers are one layer; expected a tuple of them: \(layer,\) with a comma"):
        Spec((1, 28, 28), (Dense("OUTPUT", 10)))
