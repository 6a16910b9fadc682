"""A whole training as one call: which recipe, which hold-out images, what the file says, members, resuming."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet import Ensemble, Network, presets
from lenet.data.sources import options_of
from lenet.training.errors import RunError
from lenet.training.job import VALIDATION_ONE_IN, Job
from lenet.training.run import ENSEMBLE, NETWORK


def digits_job(out, **changes):
    """Return a job of one epoch on scikit-learn's digits."""
    return Job(out=out, **{"preset": "lenet1", "data": "digits", "epochs": 1, "seed": 3} | changes)


def finish(job):
    return [(member, epoch) for member, epoch in job.prepare().epochs()]


LOAD_ONCE = cache(lenet.data.load)


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Draw no curves, and prepare the digits once."""
    monkeypatch.setattr("lenet.training.run.is_installed", lambda package: False)
    monkeypatch.setattr("lenet.training.job.load", LOAD_ONCE)


@pytest.mark.parametrize(
    ("changes", "recipe"),
    [
        ({}, presets["lenet5"].recipe),
        ({"recipe": "quick"}, presets["lenet5"].recipes["quick"]),
        ({"recipe": "best"}, presets["lenet5"].recipes["best"]),
        ({"preset": "lenet-tf-relu", "recipe": "remedy"}, presets["lenet-tf-relu"].recipes["remedy"]),
        ({"initial": "lenet5"}, presets["lenet5"].recipe),  # it has none for fine-tuning
        ({"initial": "lenet5", "recipe": "quick"}, presets["lenet5"].recipes["quick"]),
        ({"preset": "lenet-candidates"}, presets["lenet-candidates"].recipe),
        (
            {"preset": "lenet-candidates", "initial": "candidates"},
            presets["lenet-candidates"].recipes["fine_tune"],
        ),
    ],
    ids=str,
)
def test_the_recipe_that_is_chosen(changes, recipe, tmp_path):
    job = Job(out=tmp_path, **changes)
    assert job.chosen_recipe() == recipe
    # A number of epochs comes before the recipe's number of steps.
    assert replace(job, epochs=2).chosen_recipe() == replace(recipe, epochs=2, steps=None)


def test_a_recipe_that_a_preset_does_not_have(tmp_path):
    with pytest.raises(ValueError, match="lenet5-1998 has no quick recipe; there is one for lenet5$"):
        Job(out=tmp_path, preset="lenet5-1998", recipe="quick").chosen_recipe()
    with pytest.raises(ValueError, match="lenet5 has no fine_tune recipe; .* lenet-candidates, lenet-sliding-window$"):
        Job(out=tmp_path, recipe="fine_tune").prepare()
    with pytest.raises(ValueError, match="lenet5 has no slow recipe; it has quick, best$"):
        Job(out=tmp_path, recipe="slow").prepare()
    with pytest.raises(ValueError, match="no preset is called 'lenet6'; expected one of lenet5"):
        Job(out=tmp_path, preset="lenet6").prepare()


def test_a_job_takes_a_path_as_text_and_at_least_one_member(tmp_path):
    assert Job(out=str(tmp_path)) == Job(out=tmp_path)
    with pytest.raises(ValueError, match="an ensemble of 0 members; expected at least 1"):
        Job(out=tmp_path, members=0)


@pytest.mark.parametrize(
    ("changes", "holdout"),
    [
        ({}, 1438 // VALIDATION_ONE_IN),  # lenet1's recipe does not say
        ({"validation": 100}, 100),
        ({"validation": 0}, 0),
        ({"preset": "lenet5-1998"}, 0),  # its source keeps none
        ({"preset": "lenet5-1998", "validation": 7}, 7),
    ],
    ids=str,
)
def test_hold_out_images(changes, holdout, tmp_path):
    run = digits_job(tmp_path, **changes).prepare().run
    assert len(run.training) == 1438 - holdout
    assert run.validation is None if holdout == 0 else len(run.validation) == holdout
    everything = lenet.data.load("digits", "train")
    assert np.array_equal(run.training.images, everything.images[: 1438 - holdout])
    if holdout:
        assert np.array_equal(run.validation.images, everything.images[1438 - holdout :])


def test_more_hold_out_images_than_there_are(tmp_path):
    with pytest.raises(ValueError, match="1438 hold-out samples of 1438"):
        digits_job(tmp_path, validation=1438).prepare()
    with pytest.raises(ValueError, match="5000 hold-out samples of 1438"):  # as the recipe asks for
        digits_job(tmp_path, preset="lenet-tf-modular").prepare()


def test_nothing_is_written_before_it_trains(tmp_path):
    digits_job(tmp_path / "out").prepare()
    assert not (tmp_path / "out").exists()


def test_the_network_says_how_it_was_made(tmp_path, monkeypatch):
    monkeypatch.setattr("lenet.training.job.source_commit", lambda: "abc1234")
    job = digits_job(tmp_path / "out").prepare()
    assert job.path == tmp_path / "out" / NETWORK
    ((member, epoch),) = list(job.epochs())
    assert member == 0
    network = Network.load(job.path)
    assert network.flat.tobytes() == epoch.network.flat.tobytes()
    about = network.provenance
    assert {key: about[key] for key in ("preset", "lenet", "commit", "seed", "epochs", "images")} == {
        "preset": "lenet1",
        "lenet": lenet.__version__,
        "commit": "abc1234",
        "seed": 3,
        "epochs": 1,
        "images": 1438 - 1438 // VALIDATION_ONE_IN,
    }
    assert about["data"].startswith("scikit-learn's digits, train")
    assert lenet.Recipe.from_dict(about["recipe"]) == replace(presets["lenet1"].recipe, epochs=1)
    assert "teacher" not in about
    assert "initial" not in about
    assert network.calibration.images == 1438 // VALIDATION_ONE_IN


def test_it_is_the_training_of_fit(tmp_path):
    ((_, epoch),) = finish(digits_job(tmp_path, validation=38))
    images, labels = lenet.data.digits("train")
    recipe = replace(presets["lenet1"].recipe, epochs=1)
    network = lenet.train(presets["lenet1"].spec, recipe, images[:1400], labels[:1400], seed=3)
    assert epoch.network.flat.tobytes() == network.flat.tobytes()


def test_fine_tuning_says_where_its_initial_weights_come_from(tmp_path):
    finish(digits_job(tmp_path / "first"))
    first = tmp_path / "first" / NETWORK
    ((_, epoch),) = finish(digits_job(tmp_path / "fine", initial=str(first)))
    assert epoch.network.provenance["initial"] == dict(Network.load(first).provenance)
    start = Network.load(first)
    images, labels = (a[: 1438 - 1438 // VALIDATION_ONE_IN] for a in lenet.data.digits("train"))
    recipe = replace(presets["lenet1"].recipe, epochs=1)
    same = lenet.train(presets["lenet1"].spec, recipe, images, labels, seed=3, initial=start)
    assert epoch.network.flat.tobytes() == same.flat.tobytes()


def test_an_ensemble_gives_no_initial_weights(tmp_path):
    with pytest.raises(TypeError, match="ensemble: an ensemble of 5 networks; expected a single network"):
        digits_job(tmp_path, initial="ensemble").prepare()
    with pytest.raises(FileNotFoundError, match="nobody: no such file, and no pretrained network"):
        digits_job(tmp_path, initial="nobody").prepare()


def test_a_teacher_is_named_in_the_file(tmp_path):
    job = digits_job(tmp_path, preset="lenet5", recipe="best", teacher="lenet5", validation=1300)
    assert job.prepare().run.teacher is lenet.load("lenet5")
    ((_, epoch),) = finish(job)
    assert epoch.network.provenance["teacher"] == "lenet5"
    with pytest.raises(ValueError, match="a teacher is given, but the recipe has no distillation"):
        finish(digits_job(tmp_path / "other", teacher="lenet5"))


def test_a_job_resumes(tmp_path):
    job = digits_job(tmp_path / "whole", epochs=3)
    finish(job)
    stopped = replace(job, out=tmp_path / "stopped")
    next(stopped.prepare().epochs())
    with pytest.raises(RunError, match="holds a training; --resume continues it"):
        finish(stopped)
    assert [epoch.number for _, epoch in finish(replace(stopped, resume=True))] == [2, 3]
    assert (tmp_path / "stopped" / NETWORK).read_bytes() == (tmp_path / "whole" / NETWORK).read_bytes()
    with pytest.raises(RunError, match="with other seed"):
        finish(replace(stopped, seed=4, resume=True))


def test_members_become_an_ensemble(tmp_path):
    job = digits_job(tmp_path, members=2).prepare()
    assert job.path == tmp_path / ENSEMBLE
    assert [member for member, _ in job.epochs()] == [0, 1]
    result = lenet.load(job.path)
    assert isinstance(result, Ensemble)
    assert result.provenance["seeds"] == [3, 4]
    assert result.provenance["preset"] == "lenet1"
    ((_, alone),) = finish(digits_job(tmp_path / "alone", seed=4))
    assert result.networks[1].flat.tobytes() == alone.network.flat.tobytes()


def test_the_number_of_threads_does_not_matter(tmp_path):
    for threads in (1, 2):
        finish(digits_job(tmp_path / str(threads), threads=threads))
    assert (tmp_path / "1" / NETWORK).read_bytes() == (tmp_path / "2" / NETWORK).read_bytes()


def pictures_by_class(directory, names, *, rgb=False, size=12):
    """Write eight pictures for each class, a bar in a place of its own."""
    for place, name in enumerate(names):
        (directory / name).mkdir(parents=True)
        for number in range(8):
            page = np.full((size, size, 3), 250, np.uint8)
            page[1 + place : 3 + place, 2:-2] = 10 * number
            Image.fromarray(page if rgb else page[..., 0]).save(directory / name / f"{number}.png")
    return str(directory)


@pytest.mark.parametrize(
    ("names", "classes", "labels"),
    [
        (("dog", "cat"), 2, {0, 1}),
        (("digit_3", "digit_11"), 12, {3, 11}),
        ([f"{k:02}" for k in range(40)], 40, {0, 39}),
    ],
    ids=("two", "twelve", "forty"),
)
def test_the_output_layer_follows_the_data(tmp_path, names, classes, labels):
    data = pictures_by_class(tmp_path / "data", names, size=12 if len(names) < 12 else 48)
    job = Job(out=tmp_path / "out", data=data, pictures={"size": 20}, epochs=1, validation=len(names))
    run = job.prepare().run
    assert run.spec == presets["lenet5"].spec.with_classes(classes)
    assert labels <= set(run.training.labels.tolist())
    ((_, epoch),) = finish(job)
    assert epoch.network.classes == classes
    saved = Network.load(tmp_path / "out" / NETWORK)
    assert saved.class_names == run.training.classes
    assert len(saved.class_names) == classes
    assert saved.provenance["preset"] == "lenet5"


def test_fine_tuning_takes_over_the_options_of_pictures(tmp_path):
    data = pictures_by_class(tmp_path / "data", ("cat", "dog"))
    first = Job(out=tmp_path / "first", data=data, pictures={"size": 20, "invert": False}, epochs=1, validation=0)
    finish(first)
    second = Job(out=tmp_path / "second", data=data, initial=str(first.path), epochs=1, validation=0)
    run = second.prepare().run
    assert run.training.images.shape[1:] == (20, 20)
    assert run.training.name == "train, resized to 20x20, not inverted"
    assert run.provenance["pictures"] == {"size": 20, "fit": "resize", "color": "grey", "invert": False}
    again = replace(second, pictures={"size": 24})
    assert again.prepare().run.training.name == "train, resized to 24x24, not inverted"


def test_data_that_were_inverted_as_asked_are_inverted_again(tmp_path):
    job = Job(out=tmp_path / "out", data="digits", pictures={"invert": True}, epochs=1, validation=0)
    ((_, epoch),) = finish(job)
    again = lenet.data.load("digits", "train", **options_of(epoch.network.provenance))
    assert np.array_equal(again.images, job.prepare().run.training.images)
    assert again.name.endswith(", inverted")


def test_fine_tuning_on_data_without_names_keeps_the_names_of_the_classes(tmp_path):
    data = pictures_by_class(tmp_path / "data", ("cat", "dog"))
    first = Job(out=tmp_path / "first", data=data, epochs=1, validation=0)
    finish(first)
    training = first.prepare().run.training
    np.savez(tmp_path / "two.npz", x_train=training.images, y_train=training.labels)
    second = Job(
        out=tmp_path / "second", data=str(tmp_path / "two.npz"), initial=str(first.path), epochs=1, validation=0
    )
    finish(second)
    assert lenet.load(second.path).class_names == ("cat", "dog")


def test_options_of_pictures_are_not_for_lines(tmp_path):
    with pytest.raises(ValueError, match="size with candidates; options of pictures are for data sets of single"):
        Job(out=tmp_path / "out", data="candidates", pictures={"size": 20}).prepare()


def test_the_input_maps_follow_the_data(tmp_path):
    data = pictures_by_class(tmp_path / "data", ("cat", "dog"), rgb=True)
    job = Job(out=tmp_path / "out", data=data, pictures={"color": "rgb"}, epochs=1, validation=0)
    ((_, epoch),) = finish(job)
    assert epoch.network.spec.input == (3, 32, 32)
    assert epoch.network.weights["C1.weight"].shape == (6, 3, 5, 5)


def test_a_preset_keeps_its_classes_and_maps(tmp_path):
    fixed = {"out": tmp_path / "out", "preset": "lenet5"}
    data = pictures_by_class(tmp_path / "two", ("cat", "dog"))
    assert Job(**fixed, data=data, validation=0).prepare().run.spec == presets["lenet5"].spec
    twelve = pictures_by_class(tmp_path / "twelve", [f"{k:02}" for k in range(12)], size=20)
    with pytest.raises(
        ValueError, match=r"12 classes in train, inverted from .*; lenet5 has 10: without a preset \(--preset\), the"
    ):
        Job(**fixed, data=twelve).prepare()
    with pytest.raises(
        ValueError, match="images of 3 maps in train, in colour from .*; lenet5 takes 1: without a preset"
    ):
        Job(**fixed, data=data, pictures={"color": "rgb"}).prepare()


def test_data_that_fit_no_network(tmp_path):
    one = pictures_by_class(tmp_path / "one", ("cat",))
    with pytest.raises(ValueError, match="1 class in train, inverted from .*; expected at least 2"):
        Job(out=tmp_path / "out", data=one).prepare()
    large = pictures_by_class(tmp_path / "large", ("cat", "dog"), size=40)
    with pytest.raises(ValueError, match=r"images of 40x40 in .*; expected at most 32x32: size=32 \(--size 32\)"):
        Job(out=tmp_path / "out", data=large).prepare()


def test_fine_tuning_keeps_the_classes_of_the_initial_weights(tmp_path):
    """The classes of its data have the labels that they had before, though one is missing."""
    first = Job(out=tmp_path / "first", data=pictures_by_class(tmp_path / "three", ("ant", "cat", "dog")), epochs=1)
    finish(first)
    tuned = Job(
        out=tmp_path / "tuned",
        data=pictures_by_class(tmp_path / "two", ("cat", "dog")),
        initial=str(first.path),
        epochs=1,
    )
    run = tuned.prepare().run
    assert run.spec.classes == 3
    assert set(run.training.labels.tolist()) == {1, 2}
    assert run.training.classes == ("ant", "cat", "dog")
    other = replace(tuned, data=pictures_by_class(tmp_path / "other", ("cat", "eel")))
    with pytest.raises(ValueError, match="a class is called 'eel'; expected one of ant, cat, dog"):
        other.prepare()
    unnamed = replace(
        tuned, initial="lenet5", data=pictures_by_class(tmp_path / "m", [f"{k:02}" for k in range(12)], size=20)
    )
    with pytest.raises(
        ValueError, match="12 classes in .*; the network of lenet5 has 10: expected initial weights for"
    ):
        unnamed.prepare()


def test_hard_examples_are_for_whole_numbers(tmp_path):
    with pytest.raises(ValueError, match="hard examples of digits; they are for candidates and sliding-window"):
        digits_job(tmp_path, hard_examples=True).prepare()


def test_data_of_whole_numbers_come_from_their_own_module(tmp_path, monkeypatch):
    """The name before the colon says for which network; initial weights, seed and threads are handed on."""
    calls = []

    def load_examples(source, **settings):
        calls.append((source, settings))
        return lenet.data.Dataset(np.zeros((4, 3, 28, 28), np.uint8), np.zeros(4, np.uint8), "strings")

    monkeypatch.setattr("lenet.training.job.load_examples", load_examples)
    job = Job(
        out=tmp_path,
        preset="lenet-candidates",
        data="candidates:fields",
        initial="candidates",
        hard_examples=True,
        seed=5,
        threads=1,
    )
    run = job.prepare().run
    settings = {"initial": lenet.load("candidates"), "hard": True, "seed": 5, "threads": 1}
    assert calls == [("candidates:fields", settings)]
    assert (len(run.training), run.validation) == (4, None)  # its recipe holds none out


def test_what_is_unusual_in_a_training_is_remarked_on(tmp_path):
    of_digits = digits_job(tmp_path / "a", epochs=10).prepare()
    assert of_digits.run.recipe.batch_size * 30 < 10 * len(of_digits.run.training)
    assert of_digits.remarks() == []
    for number in range(2):
        (tmp_path / "data" / str(number)).mkdir(parents=True)
        Image.new("L", (28, 28), 255 * number).save(tmp_path / "data" / str(number) / "a.png")
    few = digits_job(tmp_path / "b", data=str(tmp_path / "data")).prepare().remarks()
    assert len(few) == 3
    assert few[0].startswith("2 images are too few to keep some for validation")
    assert few[1].startswith("few steps, 1 in all: it may not learn; more epochs (--epochs)")
    assert few[2].startswith("2 classes of images, and 10 of the network")
    as_asked = digits_job(tmp_path / "c", data=str(tmp_path / "data"), validation=0, preset=None).prepare().remarks()
    assert len(as_asked) == 1
