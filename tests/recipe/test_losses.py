"""Losses as data; their arithmetic is tested in tests/engine."""

import json

import pytest

from lenet.recipe import CrossEntropy, Map, MeanSquared


@pytest.mark.parametrize("loss", [CrossEntropy(0.1), Map(2.0), MeanSquared()], ids=repr)
def test_there_and_back(loss):
    described = json.loads(json.dumps(loss.to_dict()))
    assert described["kind"] == type(loss).__name__
    assert type(loss).from_dict(described) == loss


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda: CrossEntropy(1.0), "label smoothing is 1.0"), (lambda: Map(-1), "rubbish is -1")],
)
def test_losses_that_make_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()
