"""Recipes: there and back, under former names too, and those that contradict themselves."""

import json
from dataclasses import replace

import pytest

from lenet import Recipe, presets
from lenet.recipe import (
    Adam,
    Averaging,
    Constant,
    Distillation,
    Map,
    Patience,
    Scale,
    Steps,
    Truncated,
)

RECIPES = {name: preset.recipe for name, preset in presets.items()}
RECIPES |= {f"{name} {which}": recipe for name, p in presets.items() for which, recipe in p.recipes.items()}
RECIPES["steps"] = Recipe(
    Steps(((1, 0.1), (2, 0.01))), loss=Map(2.0), optimizer=Adam(decoupled=True), scale=Scale(0, 1)
)
RECIPES["stopping"] = Recipe(Constant(1.0), init=Truncated(0.1, 0.1), stopping=Patience(3), steps=7, validation=0)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_json(name):
    assert Recipe.from_dict(json.loads(json.dumps(RECIPES[name].to_dict()))) == RECIPES[name]


def test_what_is_no_description_of_a_recipe():
    for data in ({}, {"schedule": {"kind": "Constant", "rate": 1}, "colour": "red"}):
        with pytest.raises(ValueError, match="not the description of a recipe"):
            Recipe.from_dict(data)
    for kind in ({"kind": "Nonsense"}, {}):
        given = kind.get("kind")
        with pytest.raises(ValueError, match=f"loss is of the kind {given!r}; expected a kind among CrossEntropy, Map"):
            Recipe.from_dict({"loss": kind})


def test_files_with_the_former_names_still_load():
    """`hands` became `letterforms`, and a distillation's `share` its `weight`."""
    recipe = Recipe(Constant(0.1), distillation=Distillation("reader", 0.7, 3), letterforms=0.2, nondigits=0.1)
    former = json.loads(json.dumps(recipe.to_dict()))
    former["hands"] = former.pop("letterforms")
    former["distillation"]["share"] = former["distillation"].pop("weight")
    assert Recipe.from_dict(former) == recipe


def test_fields_that_earlier_files_lack_have_their_defaults():
    described = Recipe(Constant(0.1), letterforms=0.2).to_dict()
    for field in ("shuffle", "distortion", "averaging", "distillation", "nondigits", "letterforms"):
        del described[field]
    assert Recipe.from_dict(described) == Recipe(Constant(0.1))


LENET5 = presets["lenet5"].recipe


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scale(1, 1), "two different numbers"),
        (lambda: Truncated(-1), "sigma is -1"),
        (lambda: replace(LENET5, steps=0), "0 steps"),
        (lambda: replace(LENET5, shuffle=1), "shuffle is 1"),
        (lambda: replace(LENET5, distortion="some"), "distortion is 'some'; expected one of Distortion"),
        (lambda: replace(LENET5, validation=-1), "-1 validation images; expected at least 0"),
        (lambda: replace(LENET5, epochs=0), "0 epochs"),
        (lambda: replace(LENET5, epochs=1.5), "epochs is 1.5; expected a whole number"),
        (lambda: replace(LENET5, batch_size=0), "a batch size of 0"),
        (lambda: replace(LENET5, init="zeros"), "init is 'zeros'; expected one of lecun1998"),
        (lambda: Distillation("lenet5", 0), "the teacher's weight is 0; expected above 0"),
        (lambda: Distillation("lenet5", rounds=0), "0 rounds"),
        (lambda: Averaging(-1), "the span of an average is -1"),
        (lambda: replace(LENET5, nondigits=-0.1), "nondigits is -0.1; expected 0 to 10 times the training images"),
        (lambda: replace(LENET5, letterforms=11), "letterforms is 11; expected 0 to 10 times the training images"),
        (lambda: replace(LENET5, nondigits="0.1"), "nondigits is '0.1'; expected 0 to 10"),
        (lambda: replace(LENET5, loss=Map(), nondigits=0.1), "the loss Map takes labels only"),
        (lambda: replace(LENET5, loss=Map(), distillation=Distillation("lenet5")), "the loss Map takes labels only"),
    ],
)
def test_recipes_that_make_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(("field", "limit"), [("epochs", "1,000,000"), ("steps", "2,147,483,647")])
def test_a_training_without_end_is_refused(field, limit):
    with pytest.raises(ValueError, match=f"{field}; expected 1 to {limit}"):
        Recipe(Constant(0.1), **{field: 10**400})
