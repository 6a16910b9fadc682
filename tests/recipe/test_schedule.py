"""Schedules and early stopping by hand."""

import json

import pytest

from lenet.recipe import Constant, Inverse, OneCycle, Patience, Steps


def test_one_cycle_by_hand():
    schedule = OneCycle(peak=1.0, warmup=0.2, start=0.1)
    assert [schedule.at(e, 10) for e in (0, 1, 2, 6, 10)] == pytest.approx([0.1, 0.55, 1.0, 0.5, 0.0])


def test_one_cycle_that_falls_as_a_cosine_by_hand():
    schedule = OneCycle(peak=1.0, warmup=0.2, start=0.1, fall="cosine")
    # A third of the way down it is (1 + cos 60°) / 2, two thirds (1 + cos 120°) / 2.
    assert [schedule.at(e, 10) for e in (2, 2 + 8 / 3, 6, 2 + 16 / 3, 10)] == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0])


def test_steps_hold_for_their_epochs():
    schedule = Steps(((2, 5e-4), (3, 2e-4), (1, 1e-5)))
    assert [schedule.at(e, 20) for e in (0, 1.99, 2, 4.5, 5, 12)] == [5e-4, 5e-4, 2e-4, 2e-4, 1e-5, 1e-5]


def test_inverse_decay_by_hand():
    schedule = Inverse(0.01, gamma=1.0, power=0.5)
    assert [schedule.at(e, 9) for e in (0, 3)] == pytest.approx([0.01, 0.005])


def test_constant_is_constant():
    assert [Constant(0.3).at(e, 9) for e in (0, 4.5, 9)] == [0.3] * 3


def test_patience_by_hand():
    """Ten minibatches an epoch: 25 suffice for two epochs more; a real improvement at 20 extends them to 40."""
    patience = Patience(minibatches=25, factor=2, improvement=0.9)
    assert [patience.exhausted([0.5] * n, 10) for n in (1, 2, 3)] == [False, False, True]
    assert [patience.exhausted([0.5, 0.4, 0.4, 0.4][:n], 10) for n in (2, 3, 4)] == [False, False, True]
    assert patience.exhausted([0.5, 0.46, 0.46], 10)  # better, but by less than a tenth


@pytest.mark.parametrize(
    "value",
    [Constant(0.1), Steps(((1, 0.1), (2, 0.01))), OneCycle(0.1, 0.2, 0.3, "cosine"), Inverse(0.1, 2, 3), Patience(7)],
    ids=repr,
)
def test_there_and_back(value):
    described = json.loads(json.dumps(value.to_dict()))
    assert described["kind"] == type(value).__name__
    assert type(value).from_dict(described) == value


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(0), "rate is 0"),
        (lambda: Constant(float("nan")), "rate of Constant is nan"),
        (lambda: OneCycle(0.1, warmup=1.0), "warm-up is 1.0; expected at least 0"),
        (lambda: OneCycle(0.1, warmup=1.5), "warm-up is 1.5; expected at least 0 and below 1"),
        (lambda: OneCycle(0.1, fall="free"), "fall is 'free'; expected linear or cosine"),
        (lambda: Steps(()), "at least one"),
        (lambda: Steps(((0, 1.0),)), "a step of 0 epochs"),
        (lambda: Inverse(0.1, 0, 1), "gamma is 0"),
        (lambda: Patience(0), "a patience of 0 minibatches"),
        (lambda: Patience(factor=0.5), "a patience factor of 0.5"),
        (lambda: Patience(improvement=2), "an improvement of 2"),
    ],
)
def test_schedules_that_make_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()
