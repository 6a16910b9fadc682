"""The data of an epoch: order, parts, targets of a teacher, drawn digits and non-digits."""

from dataclasses import replace

import numpy as np
import pytest

import lenet
from lenet import Dense, Network, Recipe, Spec, fit, presets
from lenet.engine import cpu
from lenet.recipe import Averaging, Constant, Distillation, Distortion, LevenbergMarquardt, OneCycle, Sgd
from lenet.synthesis.letterforms import drawn_digits
from lenet.synthesis.nondigits import nondigits
from lenet.training.epoch_data import PART_MINIBATCHES, EpochData

SPEC = presets["lenet1"].spec
RECIPE = Recipe(Constant(0.05), epochs=3, batch_size=16, optimizer=Sgd(0.9))


@pytest.fixture(scope="module")
def digits(digits_train):
    images, labels = digits_train
    return images[:400], labels[:400]


class SameForAll:
    """A teacher with the same answer to every image, which keeps what it was shown."""

    def __init__(self, answer):
        self.answer, self.images = answer, []

    def predict_proba(self, images, threads=None):
        self.images.append(images)
        return np.repeat(self.answer[None], len(images), 0)


def test_an_epoch_in_one_part_has_its_own_order(digits):
    images, labels = digits[0][:100, None], digits[1][:100]
    data = EpochData(RECIPE, images, labels, 10, 5)
    (part,) = data.epoch(2, 7, 1)
    assert (part.first, part.epoch, data.count, data.labelled) == (0, 2, 100, 100)
    assert np.array_equal(part.order, cpu.permutation(5, 2, 100))
    assert part.images is images
    assert np.array_equal(part.targets, labels)
    in_order = EpochData(replace(RECIPE, shuffle=False), images, labels, 10, 5)
    assert np.array_equal(next(iter(in_order.epoch(2, 7, 1))).order, np.arange(100))


def test_with_averaging_an_epoch_comes_in_parts(digits):
    images, labels = digits[0][:, None], digits[1]
    data = EpochData(replace(RECIPE, averaging=Averaging(1)), images, labels, 10, 5)
    parts = list(data.epoch(1, 25, 1))
    assert [part.first for part in parts] == [0, 8, 16, 24]
    assert [len(part.order) for part in parts] == [16 * PART_MINIBATCHES] * 3 + [16]
    assert np.array_equal(np.concatenate([part.order for part in parts]), data.order(1))
    # Fewer minibatches, as where a training ends in the middle of an epoch.
    assert [len(part.order) for part in data.epoch(1, 9, 1)] == [128, 16]


def test_rates_of_each_weight_come_from_as_many_images_whatever_the_parts(digits):
    """Averaging divides epochs into parts; without a step, the mean is the weights', and curvature the same."""
    recipe = Recipe(Constant(1e-12), epochs=1, batch_size=1, optimizer=LevenbergMarquardt(samples=100))
    whole, in_parts = (
        list(fit(SPEC, r, digits[0][:120], digits[1][:120], seed=1))[-1].state
        for r in (recipe, replace(recipe, averaging=Averaging(1)))
    )
    assert np.array_equal(whole.second, in_parts.second)


@pytest.mark.parametrize("batch", [1, 16])
def test_all_of_it_at_once_is_the_same_for_any_number_of_threads_and_when_resumed(batch, digits):
    recipe = replace(
        RECIPE,
        batch_size=batch,
        schedule=OneCycle(0.02, fall="cosine"),
        averaging=Averaging(1),
        distillation=Distillation("lenet5", 0.8),
        nondigits=0.25,
        letterforms=0.1,
        distortion=Distortion(shift=1, rotation=5),
    )
    images, labels = digits[0][:100], digits[1][:100]
    runs = [list(fit(SPEC, recipe, images, labels, seed=1, threads=threads)) for threads in (1, 2, 3)]
    assert len({run[-1].network.flat.tobytes() for run in runs}) == 1
    rest = list(fit(SPEC, recipe, images, labels, seed=1, resume_from=runs[0][0].state))
    assert rest[-1].network.flat.tobytes() == runs[0][-1].network.flat.tobytes()
    assert runs[0][0].images == 135


def test_a_teacher_sees_the_distorted_images_and_is_learnt_from(digits):
    """Whatever the labels say, the network learns the answer to the images as the epoch has them."""
    images, labels = digits[0][:64], digits[1][:64]
    answer = np.full(10, 0.01, np.float32)
    answer[3] = 0.91
    teacher = SameForAll(answer)
    bent = Distortion(shift=2, rotation=10)
    recipe = replace(RECIPE, epochs=20, distillation=Distillation("nobody"), distortion=bent, shuffle=False)
    epochs = list(fit(SPEC, recipe, images, labels, seed=4, teacher=teacher))
    shown = teacher.images[1]  # the first was a single image, to see whether it can take them
    assert np.array_equal(shown, cpu.distorted(images[:, None], bent, 4, epoch=1))
    assert np.abs(epochs[-1].network.predict_proba(images) - answer).max() < 0.02
    # With two rounds, the epochs 1, 3 and 5 have the same images, and the teacher answers for two epochs only.
    again = replace(recipe, epochs=5, distillation=Distillation("nobody", 0.5, rounds=2), batch_size=64)
    teacher = SameForAll(answer)
    epochs = list(fit(SPEC, replace(again, schedule=Constant(1e-30)), images, labels, seed=4, teacher=teacher))
    assert len(teacher.images) == 1 + 2
    for epoch in epochs:
        images_of_epoch = cpu.distorted(images[:, None], bent, 4, epoch=1 + (epoch.number - 1) % 2)
        log = np.log(epoch.network.predict_proba(images_of_epoch).astype(np.float64))
        wanted = -((answer + np.eye(10)[labels]) / 2 * log).sum(axis=1).mean()
        assert epoch.loss == pytest.approx(wanted, rel=1e-5)


def test_training_on_nondigits_leaves_no_confidence_in_them(digits_train):
    images, labels = digits_train
    recipe = replace(RECIPE, epochs=6, nondigits=0.5)
    without, with_nondigits = (
        lenet.train(SPEC, r, images, labels, seed=1) for r in (replace(recipe, nondigits=0), recipe)
    )
    others = nondigits(images[:, None], labels, 400, seed=77)[:, 0]
    confidence = [net.predict_proba(others).max(axis=1).mean() for net in (without, with_nondigits)]
    assert confidence[1] < 0.5 < confidence[0]
    assert (with_nondigits.predict(images) == labels).mean() > 0.9


def test_drawn_digits_come_after_the_images_with_their_labels_and_nondigits_last(digits):
    images, labels = digits[0][:100], digits[1][:100]
    data = EpochData(replace(RECIPE, letterforms=0.5), images[:, None], labels, 10, 5)
    drawn, drawn_labels = drawn_digits(50, 28, 28, 5)
    assert np.array_equal(data.images[:, 0], np.concatenate([images, drawn]))
    assert np.array_equal(data.targets, np.concatenate([labels, drawn_labels]))
    recipe = replace(RECIPE, letterforms=0.5, nondigits=0.1)
    soft = EpochData(recipe, np.repeat(images[:, None], 2, 1), labels, 10, 5)
    assert (soft.labelled, soft.images.shape) == (150, (160, 2, 28, 28))
    assert np.array_equal(soft.targets[:150].argmax(axis=1), data.targets)
    assert (soft.targets[150:] == np.float32(0.1)).all()


def test_drawn_digits_are_learnt_along_with_the_others(digits_train):
    images, labels = digits_train
    recipe = replace(RECIPE, epochs=10, schedule=Constant(0.02))
    without, with_drawn = (
        lenet.train(SPEC, r, images, labels, seed=1) for r in (recipe, replace(recipe, letterforms=1))
    )
    drawn, drawn_labels = drawn_digits(500, 28, 28, 77)
    assert (without.predict(drawn) == drawn_labels).mean() < 0.85
    assert (with_drawn.predict(drawn) == drawn_labels).mean() > 0.95
    assert (with_drawn.predict(images) == labels).mean() > 0.98


def test_teachers_that_do_not_fit(digits):
    with pytest.raises(ValueError, match="a teacher is given, but the recipe has no distillation"):
        fit(SPEC, RECIPE, *digits, teacher=SameForAll(np.ones(10)))
    distilled = replace(RECIPE, distillation=Distillation("nobody"))
    with pytest.raises(
        ValueError, match=r"the teacher's probabilities for one image have the shape \(1, 5\); expected \(1, 10"
    ):
        fit(SPEC, distilled, *digits, teacher=SameForAll(np.ones(5)))
    small = Network.create(Spec((1, 20, 20), (Dense("OUTPUT", 10, "softmax"),)))
    with pytest.raises(ValueError, match="the teacher cannot take these images: images of 28x28"):
        fit(SPEC, distilled, *digits, teacher=small)
    with pytest.raises(FileNotFoundError, match="nobody: no such file, and no pretrained network"):
        fit(SPEC, distilled, *digits)


def test_nondigits_and_letterforms_need_ten_classes(digits):
    five = Spec((1, 28, 28), (Dense("OUTPUT", 5, "softmax"),))
    with pytest.raises(ValueError, match="non-digits are made of the ten digits; the network has 5 classes"):
        fit(five, replace(RECIPE, nondigits=0.1), digits[0][:9], digits[1][:9] % 5)
    with pytest.raises(ValueError, match="letterforms are made of the ten digits; the network has 5 classes"):
        fit(five, replace(RECIPE, letterforms=0.1), digits[0][:9], digits[1][:9] % 5)
