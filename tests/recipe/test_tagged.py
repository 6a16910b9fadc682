"""Values that files keep with the name of their class, under today's names and former ones."""

import pytest

from lenet.recipe import Distillation, OneCycle, Patience, Sgd, Steps, Truncated


def test_the_class_is_kept_beside_the_fields():
    assert Sgd(0.5).to_dict() == {"kind": "Sgd", "momentum": 0.5, "nesterov": False, "weight_decay": 0.0}


def test_a_field_under_its_former_name():
    former = {"kind": "Distillation", "teacher": "reader", "share": 0.25, "rounds": 3}
    assert Distillation.from_dict(former) == Distillation("reader", weight=0.25, rounds=3)
    assert "share" not in Distillation.from_dict(former).to_dict()


@pytest.mark.parametrize(
    ("cls", "data", "message"),
    [
        (Sgd, {"colour": "red"}, "Sgd has no 'colour'; it has momentum, nesterov, weight_decay"),
        (OneCycle, {}, "OneCycle without 'peak', which it needs"),
        (OneCycle, {"peak": "0.1x"}, "peak of OneCycle is '0.1x'; expected a number"),
        (OneCycle, {"peak": True}, "peak of OneCycle is True; expected a number"),
        (OneCycle, {"peak": 1, "fall": 2}, "fall of OneCycle is 2; expected text"),
        (Sgd, {"momentum": 0.5, "nesterov": 5}, "nesterov of Sgd is 5; expected true or false"),
        (OneCycle, {"peak": 1e39}, r"peak of OneCycle is 1e\+39; expected a number, at most 3.4e\+38 in size"),
        (Patience, {"minibatches": 10**400}, "a patience of 1000.* minibatches; expected 1 to 2,147,483,647"),
        (OneCycle, {"peak": 10**400}, "peak of OneCycle is 1000"),
        (OneCycle, {"peak": float("nan")}, "peak of OneCycle is nan; expected a number"),
        (Sgd, {"weight_decay": None}, "weight_decay of Sgd is None; expected a number"),
        (Patience, {"minibatches": 1.5}, "minibatches of Patience is 1.5; expected a whole number"),
        (Steps, {"steps": [[1]]}, r"steps of Steps is \(\(1,\),\); expected pairs of epochs and a rate"),
        (Steps, {}, "steps of Steps is None; expected pairs"),
    ],
)
def test_other_fields_and_types_are_refused(cls, data, message):
    with pytest.raises(ValueError, match=message):
        cls.from_dict({"kind": cls.__name__, **data})


def test_an_optional_number_may_be_none():
    assert Truncated.from_dict({"sigma": 0.1, "bias": None}) == Truncated(0.1)
