import json
from dataclasses import replace

import pytest

from lenet import Recipe, presets
from lenet.recipe import Adam, Constant, CrossEntropy, Inverse, Map, OneCycle, Patience, Scale, Sgd, Steps, Truncated


def test_one_cycle_by_hand():
    schedule = OneCycle(peak=1.0, warmup=0.2, start=0.1)
    assert [schedule.at(e, 10) for e in (0, 1, 2, 6, 10)] == pytest.approx([0.1, 0.55, 1.0, 0.5, 0.0])


def test_steps_hold_for_their_epochs():
    schedule = Steps(((2, 5e-4), (3, 2e-4), (1, 1e-5)))
    assert [schedule.at(e, 20) for e in (0, 1.99, 2, 4.5, 5, 12)] == [5e-4, 5e-4, 2e-4, 2e-4, 1e-5, 1e-5]


def test_inverse_decay_by_hand():
    schedule = Inverse(0.01, gamma=1.0, power=0.5)
    assert [schedule.at(e, 9) for e in (0, 3)] == pytest.approx([0.01, 0.005])


def test_a_recipe_survives_json():
    recipes = [p.recipe for p in presets.values()]
    recipes.append(
        Recipe(Steps(((1, 0.1), (2, 0.01))), loss=Map(2.0), optimizer=Adam(decoupled=True), scale=Scale(0, 1))
    )
    recipes.append(Recipe(Constant(1.0), init=Truncated(0.1, 0.1), stopping=Patience(3), steps=7, validation=0))
    for recipe in recipes:
        assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    with pytest.raises(ValueError, match="not the description of a recipe"):
        Recipe.from_dict({"loss": {"kind": "Nonsense"}})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(0), "rate is 0"),
        (lambda: Constant(float("nan")), "rate is nan"),
        (lambda: OneCycle(0.1, warmup=1.0), "warm-up is 1.0; expected at least 0"),
        (lambda: Steps(()), "at least one"),
        (lambda: Steps(((0, 1.0),)), "a step of 0 epochs"),
        (lambda: Sgd(momentum=1.0), "momentum is 1.0"),
        (lambda: Sgd(nesterov=True), "Nesterov's step needs a momentum"),
        (lambda: Sgd(weight_decay=-1), "weight decay is -1"),
        (lambda: Adam(beta1=1), "beta1 is 1"),
        (lambda: CrossEntropy(1.0), "label smoothing is 1.0"),
        (lambda: Map(-1), "rubbish is -1"),
        (lambda: Scale(1, 1), "two different numbers"),
        (lambda: Inverse(0.1, 0, 1), "gamma is 0"),
        (lambda: Truncated(-1), "sigma is -1"),
        (lambda: Patience(0), "a patience of 0 minibatches"),
        (lambda: Patience(factor=0.5), "a patience factor of 0.5"),
        (lambda: Patience(improvement=2), "an improvement of 2"),
        (lambda: replace(presets["lenet5"].recipe, steps=0), "0 steps"),
        (lambda: replace(presets["lenet5"].recipe, shuffle=1), "shuffle is 1"),
        (lambda: replace(presets["lenet5"].recipe, distortion="some"), "distortion is 'some'"),
        (lambda: replace(presets["lenet5"].recipe, validation=-1), "-1 images held out"),
        (lambda: replace(presets["lenet5"].recipe, epochs=0), "0 epochs"),
        (lambda: replace(presets["lenet5"].recipe, batch_size=0), "a batch size of 0"),
        (lambda: replace(presets["lenet5"].recipe, init="zeros"), "init 'zeros' is none of"),
    ],
)
def test_recipes_that_make_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()
