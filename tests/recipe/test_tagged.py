"""Values that files keep with the name of their class, under today's names and former ones."""

import pytest

from lenet.recipe import Distillation, Sgd


def test_the_class_is_kept_beside_the_fields():
    assert Sgd(0.5).to_dict() == {"kind": "Sgd", "momentum": 0.5, "nesterov": False, "weight_decay": 0.0}


def test_a_field_under_its_former_name():
    former = {"kind": "Distillation", "teacher": "reader", "share": 0.25, "rounds": 3}
    assert Distillation.from_dict(former) == Distillation("reader", weight=0.25, rounds=3)
    assert "share" not in Distillation.from_dict(former).to_dict()


def test_unknown_fields_are_refused():
    with pytest.raises(TypeError, match="colour"):
        Sgd.from_dict({"kind": "Sgd", "colour": "red"})
