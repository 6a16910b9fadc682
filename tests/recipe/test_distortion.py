"""Ranges of distortions as data; their arithmetic is tested in tests/engine."""

import json

import pytest

from lenet.recipe import Distortion
from lenet.recipe.distortion import ALL_DISTORTIONS, MAX_RANGES, PLANAR


@pytest.mark.parametrize("distortion", [Distortion(), PLANAR, ALL_DISTORTIONS], ids=["none", "planar", "all"])
def test_there_and_back(distortion):
    described = json.loads(json.dumps(distortion.to_dict()))
    assert described["kind"] == "Distortion"
    assert Distortion.from_dict(described) == distortion


def test_every_distortion_has_a_largest_range_and_an_example():
    assert set(MAX_RANGES) | {"spacing"} == set(vars(ALL_DISTORTIONS))
    for kind, largest in MAX_RANGES.items():
        assert 0 < getattr(ALL_DISTORTIONS, kind) <= largest


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shift": -1}, "shift is -1; expected a number from 0 to 1000"),
        ({"scale": 1.0}, "scale is 1.0; expected a number from 0 to 0.9"),
        ({"rotation": float("nan")}, "rotation of Distortion is nan; expected a number"),
        ({"thickness": 1.5}, "thickness is 1.5; expected a number from 0 to 1"),
        ({"spacing": 1}, "spacing is 1; expected a number from 2 to 1000"),
        ({"shear": True}, "shear of Distortion is True"),
        ({"elastic": "1"}, "elastic of Distortion is '1'"),
        ({"noise": 1.5}, "noise is 1.5; expected a number from 0 to 1"),
        ({"lines": 2}, "lines is 2; expected a number from 0 to 1"),
    ],
)
def test_ranges_that_make_no_sense(values, message):
    with pytest.raises(ValueError, match=message):
        Distortion(**values)
