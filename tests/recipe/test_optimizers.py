"""Optimizers as data; their arithmetic is tested in tests/engine."""

import json

import pytest

from lenet.recipe import Adam, LevenbergMarquardt, Sgd


@pytest.mark.parametrize(
    "optimizer",
    [Sgd(0.9, True, 1e-4), Adam(0.8, 0.9, 1e-3, 0.1, True), LevenbergMarquardt(0.1, 50)],
    ids=repr,
)
def test_there_and_back(optimizer):
    described = json.loads(json.dumps(optimizer.to_dict()))
    assert described["kind"] == type(optimizer).__name__
    assert type(optimizer).from_dict(described) == optimizer


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sgd(momentum=1.0), "momentum is 1.0"),
        (lambda: Sgd(nesterov=True), "Nesterov's step needs a momentum"),
        (lambda: Sgd(weight_decay=-1), "weight decay is -1"),
        (lambda: Adam(beta1=1), "beta1 is 1"),
        (lambda: Adam(epsilon=0), "epsilon is 0"),
        (lambda: LevenbergMarquardt(mu=0), "mu is 0"),
        (lambda: LevenbergMarquardt(samples=0), "0 samples; expected a whole number"),
    ],
)
def test_optimizers_that_make_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()
