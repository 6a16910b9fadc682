"""The table's own behaviour: a mapping whose unknown names are errors that list the names."""

import copy
import pickle

import pytest

from lenet import presets
from lenet.zoo.preset import PresetTable, UnknownPresetError
from lenet.zoo.presets import literature


def test_unknown_preset():
    with pytest.raises(ValueError, match=r"no preset is called 'lenet6'; expected one of lenet5, lenet5-1998"):
        presets["lenet6"]


def test_the_error_of_an_unknown_name_is_both_kinds_and_lists_all_names():
    with pytest.raises(KeyError) as caught:
        presets["lenet6"]
    assert isinstance(caught.value, UnknownPresetError)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == f"no preset is called 'lenet6'; expected one of {', '.join(presets)}"  # without quotes


def test_a_table_is_a_mapping():
    table = PresetTable({"one": presets["lenet1"], "four": presets["lenet4"]})
    assert list(table) == ["one", "four"]
    assert len(table) == 2
    assert "one" in table
    assert "two" not in table
    assert table.get("two") is None
    assert dict(table) == {"one": presets["lenet1"], "four": presets["lenet4"]}
    assert repr(table) == "<presets: one, four>"
    with pytest.raises(KeyError, match="no preset is called 'two'; expected one of one, four"):
        table["two"]
    with pytest.raises(TypeError):
        table["two"] = presets["lenet1"]


@pytest.mark.parametrize("name", presets)
def test_a_preset_can_be_hashed_copied_and_pickled(name):
    preset = presets[name]
    for same in (copy.deepcopy(preset), pickle.loads(pickle.dumps(preset))):
        assert same == preset
        assert hash(same) == hash(preset)


def test_the_recipes_of_a_preset_cannot_be_changed():
    recipes = presets["lenet5"].recipes
    assert list(recipes) == ["quick", "best"]
    assert repr(recipes) == "<recipes: quick, best>"
    with pytest.raises(TypeError):
        recipes["quick"] = presets["lenet5"].recipe
    with pytest.raises(KeyError, match="slow"):
        recipes["slow"]


def test_presets_are_from_literature_or_from_this_project():
    assert {preset.origin for preset in presets.values()} == {"literature", "project"}
    assert list(literature) == [name for name, preset in presets.items() if preset.origin == "literature"]
    for preset in presets.values():
        assert preset.origin == "literature" or preset.source.startswith("this project")
        assert preset.compared_with is None or preset.compared_with in presets
        assert set(preset.recipes) <= {"quick", "best", "fine_tune", "remedy"}


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(KeyError, match="no recipe is called 'quik'; expected one of quick, best"):
        presets["lenet5"].recipes["quik"]
    assert presets["lenet5"].recipes.get("quik") is None
