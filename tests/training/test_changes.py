"""Changes of networks and recipes by the names of their fields."""

from dataclasses import replace

import pytest

from lenet import Adam, Constant, presets
from lenet.recipe import Truncated
from lenet.training.changes import changed_recipe, changed_spec, parsed

PRESET = presets["lenet5"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C1.kernel=7", ("C1.kernel", 7)),
        ("C1.kernel=5x3", ("C1.kernel", (5, 3))),
        ("C3.table=[[0, 1], [2]]", ("C3.table", ((0, 1), (2,)))),
        ("C3.table=None", ("C3.table", None)),
        ("F6.activation=relu", ("F6.activation", "relu")),
        ("recipe.shuffle=false", ("recipe.shuffle", False)),
        ("recipe.schedule.peak=1e-2", ("recipe.schedule.peak", 0.01)),
        ('recipe.loss={"kind": "CrossEntropy"}', ("recipe.loss", {"kind": "CrossEntropy"})),
        ("F6.name=x=y", ("F6.name", "x=y")),
    ],
)
def test_changes_as_text(text, expected):
    assert parsed(text) == expected


@pytest.mark.parametrize("text", ["", "C1", "C1=7", "C1.kernel", ".kernel=7", "C1.=7", "C1..kernel=7"])
def test_text_that_is_no_change(text):
    with pytest.raises(
        ValueError, match=r"names no field .* expected LAYER.FIELD=VALUE, such as C1.kernel=7, or recipe.FIELD"
    ):
        parsed(text)


def test_changes_of_layers_are_made_together():
    """Maps of C1 and the table of C3 that fits them, in either order; a given kernel of C5 is not adjusted."""
    changes = {"C1.maps": 8, "C3.table": tuple((m % 8, (m + 1) % 8) if m % 8 < 7 else (0, 7) for m in range(16))}
    for these in (changes, dict(reversed(changes.items()))):
        spec = changed_spec(PRESET.spec, {**these, "recipe.epochs": 3})
        assert spec.shapes["C1"][0] == 8
        assert spec.layers[2].mask(8).sum() == 32
    assert changed_spec(PRESET.spec, {"C1.kernel": 7}).shapes["C5"] == (120, 1, 1)
    assert changed_spec(PRESET.spec, {"C1.kernel": 7, "C5.kernel": 3}).shapes["C5"] == (120, 2, 2)


def test_changes_of_the_recipe():
    recipe = changed_recipe(PRESET.recipe, {"recipe.batch_size": 64, "recipe.schedule.peak": 0.02, "C1.kernel": 7})
    assert (recipe.batch_size, recipe.schedule.peak) == (64, 0.02)
    assert changed_recipe(PRESET.recipe, {"recipe.distortion": None}).distortion is None
    parts = {"recipe.optimizer": {"kind": "Adam"}, "recipe.schedule": {"kind": "Constant", "rate": 0.1}}
    recipe = changed_recipe(PRESET.recipe, parts)
    assert (recipe.optimizer, recipe.schedule) == (Adam(), Constant(0.1))
    assert changed_recipe(PRESET.recipe, {}) == PRESET.recipe


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe.batchsize": 3}, "recipe has no 'batchsize'; it has schedule, epochs, batch_size"),
        ({"recipe.schedule.kind": "Constant"}, "recipe.schedule has no 'kind'; it has peak, warmup"),
        ({"recipe.distillation.weight": 0.5}, "recipe.distillation is none, and has no 'weight'"),
        ({"recipe.epochs.x": 0.5}, "recipe.epochs is 15, and has no 'x'"),
        ({"recipe.optimizer": "adam"}, "optimizer is 'adam'; expected one of Sgd, Adam"),
        ({"recipe.schedule": "Constant"}, "rate of Constant is None; expected a number"),
        ({"recipe.optimizer": {"kind": "Lion"}}, "optimizer is of the kind 'Lion'; expected a kind among Sgd, Adam"),
        ({"recipe.epochs": 0}, "0 epochs; expected 1 to 1,000,000"),
    ],
)
def test_changes_of_the_recipe_that_do_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        changed_recipe(PRESET.recipe, changes)


def test_a_part_of_the_recipe_by_its_kind():
    recipe = presets["lenet5"].recipe
    changes = {"recipe.optimizer": "Adam", "recipe.schedule": "Constant", "recipe.schedule.rate": 0.001}
    changed = changed_recipe(recipe, changes)
    assert changed == replace(recipe, optimizer=Adam(), schedule=Constant(0.001))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe.epochs.x": 1}, "recipe.epochs is 15, and has no 'x'$"),
        (
            {"recipe.init.sigma": 0.1},
            "recipe.init is 'glorot', and has no 'sigma'; set its kind first: recipe.init=",
        ),
        (
            {"recipe.stopping.factor": 2.0},
            "recipe.stopping is none, and .*; set its kind first: recipe.stopping=P",
        ),
        ({"recipe.init": "Truncated"}, "sigma of Truncated is None; expected a number"),
    ],
)
def test_parts_that_have_no_kind_yet(changes, message):
    with pytest.raises(ValueError, match=message):
        changed_recipe(presets["lenet5"].recipe, changes)


def test_initial_weights_of_another_kind():
    changes = {"recipe.init": "Truncated", "recipe.init.sigma": 0.2}
    assert changed_recipe(presets["lenet5"].recipe, changes).init == Truncated(0.2)
    assert changed_recipe(presets["lenet5"].recipe, {"recipe.init": "he"}).init == "he"
