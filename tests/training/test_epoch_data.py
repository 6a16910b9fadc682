"""What an epoch shows: targets, teachers, averages, other hands' digits and pictures that are no digits."""

import math
from dataclasses import replace

import numpy as np
import pytest
from networks import ISAS, SCALE, TOLERANCE, case, close

import lenet
from lenet import Network, Recipe, engine, fit, hands, nondigits, presets, reference
from lenet.distort import Distortion
from lenet.lessons import PIECE, Lessons
from lenet.recipe import (
    Averaging,
    Constant,
    CrossEntropy,
    Distillation,
    LevenbergMarquardt,
    Map,
    MeanSquared,
    OneCycle,
    Sgd,
)

SPEC = presets["lenet1"].spec
RECIPE = Recipe(Constant(0.05), epochs=3, batch_size=16, optimizer=Sgd(0.9))


@pytest.fixture(scope="module")
def digits():
    images, labels = lenet.data.digits("train")
    return images[:400], labels[:400]


class Stubborn:
    """A teacher who takes every image for the same."""

    def __init__(self, answer):
        self.answer, self.seen = answer, []

    def predict_proba(self, images, threads=None):
        self.seen.append(images)
        return np.repeat(self.answer[None], len(images), 0)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("batch", [1, 35])
def test_the_gradient_towards_targets(isa, batch):
    images, _, weights = case(SPEC, batch)
    targets = np.random.default_rng(0).dirichlet(np.ones(10), batch).astype(np.float32)
    flat = lenet.weights.flatten(SPEC, weights)
    trainer = engine.trainer(SPEC, flat, SCALE, CrossEntropy(0.1), Sgd(), batch, isa)
    loss, gradient = trainer.gradient(images, targets, 2)
    x = images * ((SCALE.ink - SCALE.paper) / 255) + SCALE.paper
    wanted_loss, wanted = reference.gradient(SPEC, weights, x, targets.astype(np.float64), CrossEntropy(0.1))
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    for name, array in lenet.weights.unflatten(SPEC, gradient).items():
        close(array, wanted[name], name, TOLERANCE)


def test_labels_are_targets_of_one_class(digits):
    """The same bits, trained on labels or on rows with a single one."""
    images, labels = digits[0][:, None], digits[1].astype(np.uint8)
    order, rates = np.arange(400, dtype=np.uint32), np.full(25, 0.1, np.float32)
    results = []
    for targets in (labels, np.eye(10, dtype=np.float32)[labels]):
        trainer = engine.trainer(SPEC, Network.create(SPEC).flat, SCALE, CrossEntropy(), Sgd(), 16)
        losses = trainer.run(images, targets, order, rates, 2)
        results.append((losses.tobytes(), trainer.weights().tobytes()))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.full((4, 9), 1 / 9, np.float32), "targets for 9 classes: the network has 10"),
        (np.full((3, 10), 0.1, np.float32), "3 labels for 4 images"),
        (np.full((4, 10), 0.2, np.float32), "targets of sample 0 are no shares that sum to 1"),
        (np.full((4, 10), np.nan, np.float32), "targets of sample 0 are no shares"),
        (np.eye(10, dtype=np.float32)[:4] * 2 - np.float32(0.1), "targets of sample 0 are no shares"),
    ],
)
def test_targets_that_are_none(targets, message):
    trainer = engine.trainer(SPEC, Network.create(SPEC).flat, SCALE, CrossEntropy(), Sgd(), 16)
    with pytest.raises(ValueError, match=message):
        trainer.gradient(np.zeros((4, 1, 28, 28), np.uint8), targets, 1)


def test_targets_for_a_loss_that_knows_labels_only():
    spec = presets["lenet5-mse"].spec
    trainer = engine.trainer(spec, Network.create(spec).flat, SCALE, MeanSquared(), Sgd(), 16)
    with pytest.raises(ValueError, match="targets need a cross-entropy"):
        trainer.gradient(np.zeros((1, 1, 28, 28), np.uint8), np.eye(10, dtype=np.float32)[:1], 1)


def test_rates_of_each_weight_come_from_as_many_images_however_an_epoch_is_cut(digits):
    """Averaging cuts epochs into pieces; without a step, the mean is the weights', and curvature the same."""
    recipe = Recipe(Constant(1e-12), epochs=1, batch_size=1, optimizer=LevenbergMarquardt(samples=100))
    plain, pieces = (
        list(fit(SPEC, r, digits[0][:120], digits[1][:120], seed=1))[-1].state
        for r in (recipe, replace(recipe, averaging=Averaging(1)))
    )
    assert np.array_equal(plain.second, pieces.second)


def test_a_state_of_another_recipe(digits):
    images, labels = digits[0][:32], digits[1][:32]
    (one,) = fit(SPEC, replace(RECIPE, epochs=1), images, labels)
    with pytest.raises(ValueError, match="average: 0 values in the state, 3278 expected"):
        fit(SPEC, replace(RECIPE, averaging=Averaging(1)), images, labels, start=one.state)


def test_the_average_by_hand(digits):
    """Pieces of eight minibatches: the mean of all while they are few, then one that forgets."""
    images, labels = digits[0][:320], digits[1][:320]
    recipe = replace(RECIPE, averaging=Averaging(0.7), epochs=2)  # 20 minibatches, three pieces an epoch
    trainer = engine.trainer(SPEC, Network.create(SPEC, 3).flat, recipe.scale, recipe.loss, recipe.optimizer, 16)
    keep, mean, added = math.exp(-1 / 2.1), 0.0, 0
    for epoch in (1, 2):
        order = engine.permutation(3, epoch, 320)
        for first in range(0, 20, PIECE):
            part = order[first * 16 : min(first + PIECE, 20) * 16]
            trainer.run(images[:, None], labels.astype(np.uint8), part, np.full(len(part) // 16, 0.05, np.float32), 1)
            added += 1
            share = min(keep, 1 - 1 / added)
            mean = share * mean + (1 - share) * trainer.weights().astype(np.float64)
    *_, last = fit(SPEC, recipe, images, labels, seed=3)
    assert np.allclose(last.network.flat, mean, atol=1e-6)
    assert np.array_equal(last.state.weights, trainer.weights())
    assert not np.allclose(last.network.flat, trainer.weights(), atol=1e-4)


@pytest.mark.parametrize("batch", [1, 16])
def test_all_of_it_at_once_is_the_same_for_any_number_of_threads_and_when_resumed(batch, digits):
    recipe = replace(
        RECIPE,
        batch_size=batch,
        schedule=OneCycle(0.02, fall="cosine"),
        averaging=Averaging(1),
        distillation=Distillation("lenet5", 0.8),
        nondigits=0.25,
        hands=0.1,
        distortion=Distortion(shift=1, rotation=5),
    )
    images, labels = digits[0][:100], digits[1][:100]
    runs = [list(fit(SPEC, recipe, images, labels, seed=1, threads=threads)) for threads in (1, 2, 3)]
    assert len({run[-1].network.flat.tobytes() for run in runs}) == 1
    rest = list(fit(SPEC, recipe, images, labels, seed=1, start=runs[0][0].state))
    assert rest[-1].network.flat.tobytes() == runs[0][-1].network.flat.tobytes()
    assert runs[0][0].images == 135


def test_a_teacher_sees_what_the_network_sees_and_is_believed(digits):
    """Whatever the labels say, the network learns the answer to the pictures as the epoch has them."""
    images, labels = digits[0][:64], digits[1][:64]
    answer = np.full(10, 0.01, np.float32)
    answer[3] = 0.91
    teacher = Stubborn(answer)
    bent = Distortion(shift=2, rotation=10)
    recipe = replace(RECIPE, epochs=20, distillation=Distillation("nobody"), distortion=bent, shuffle=False)
    epochs = list(fit(SPEC, recipe, images, labels, seed=4, teacher=teacher))
    shown = teacher.seen[1]  # the first was a single image, to see whether it can take them
    assert np.array_equal(shown, engine.distorted(images[:, None], bent, 4, 1))
    assert np.abs(epochs[-1].network.predict_proba(images) - answer).max() < 0.02
    again = replace(recipe, epochs=5, distillation=Distillation("nobody", 0.5, rounds=2), batch_size=64)
    teacher = Stubborn(answer)
    epochs = list(fit(SPEC, replace(again, schedule=Constant(1e-30)), images, labels, seed=4, teacher=teacher))
    assert len(teacher.seen) == 1 + 2
    for epoch in epochs:
        looks = engine.distorted(images[:, None], bent, 4, 1 + (epoch.number - 1) % 2)
        log = np.log(epoch.network.predict_proba(looks).astype(np.float64))
        wanted = -((answer + np.eye(10)[labels]) / 2 * log).sum(axis=1).mean()
        assert epoch.loss == pytest.approx(wanted, rel=1e-5)


def test_a_network_that_was_shown_nondigits_is_sure_of_none(digits, mnist_like):
    images, labels = mnist_like
    recipe = replace(RECIPE, epochs=6, nondigits=0.5)
    plain, warned = (lenet.train(SPEC, r, images, labels, seed=1) for r in (replace(recipe, nondigits=0), recipe))
    others = nondigits.drawn(images[:, None], labels, 400, seed=77)[:, 0]
    sure = [net.predict_proba(others).max(axis=1).mean() for net in (plain, warned)]
    assert sure[1] < 0.5 < sure[0]
    assert (warned.predict(images) == labels).mean() > 0.9


def test_digits_of_other_hands_are_shown_with_their_labels(digits, mnist_like):
    images, labels = digits[0][:100], digits[1][:100]
    lessons = Lessons(replace(RECIPE, hands=0.5), images[:, None], labels, 10, 5)
    drawn, told = hands.digits(50, 28, 28, 5)
    assert np.array_equal(lessons.images[:, 0], np.concatenate([images, drawn]))
    assert np.array_equal(lessons.targets, np.concatenate([labels, told]))
    soft = Lessons(replace(RECIPE, hands=0.5, nondigits=0.1), np.repeat(images[:, None], 2, 1), labels, 10, 5)
    assert soft.labelled == 150 and soft.images.shape == (160, 2, 28, 28)
    assert np.array_equal(soft.targets[:150].argmax(axis=1), lessons.targets)
    assert (soft.targets[150:] == np.float32(0.1)).all()
    # And they are learnt, along with the others.
    images, labels = mnist_like
    recipe = replace(RECIPE, epochs=10, schedule=Constant(0.02))
    plain, taught = (lenet.train(SPEC, r, images, labels, seed=1) for r in (recipe, replace(recipe, hands=1)))
    drawn, told = hands.digits(500, 28, 28, 77)
    assert (plain.predict(drawn) == told).mean() < 0.85
    assert (taught.predict(drawn) == told).mean() > 0.95
    assert (taught.predict(images) == labels).mean() > 0.98


@pytest.fixture(scope="module")
def mnist_like():
    images, labels = lenet.data.digits("train")
    return images, labels


@pytest.mark.parametrize("kind", nondigits.KINDS)
def test_nondigits_are_pictures_of_the_same_size_and_of_many_forms(kind, digits):
    images, labels = digits[0][:, None], digits[1]
    made = nondigits.drawn(images, labels, 60, 5, kind)
    assert made.shape == (60, 1, 28, 28)
    assert made.dtype == np.uint8
    assert len({picture.tobytes() for picture in made}) > (30 if kind == "noise" else 55)
    assert np.array_equal(made, nondigits.drawn(images, labels, 60, 5, kind))
    assert not np.array_equal(made, nondigits.drawn(images, labels, 60, 6, kind))
    assert nondigits.drawn(np.repeat(images[:, :, :20], 2, 1), labels, 3, 0, kind).shape == (3, 2, 20, 28)


def test_a_piece_is_less_than_half_of_a_digit_and_no_one(monkeypatch):
    """Before it is scaled: of an even block of ink a fifth to nine twentieths, and never a stroke that stands."""
    monkeypatch.setattr(nondigits._Digits, "_fitted", lambda self, picture: picture)
    block = np.zeros((1, 1, 28, 28), np.uint8)
    block[:, :, 4:24, 4:24] = 200
    for label, least, most in ((5, 0.2, 0.45), (8, 0.15, 0.3)):
        pieces = nondigits.drawn(block, np.array([label]), 300, 1, "piece")[:, 0]
        share = (pieces > 0).sum(axis=(1, 2)) / 400
        assert least <= share.min() < least + 0.05
        assert most - 0.05 < share.max() <= most + 1 / 400
        assert not any(nondigits._stands(piece) for piece in pieces)


@pytest.mark.parametrize(
    ("angle", "width", "stands"),
    [(90, 3, True), (60, 3, True), (20, 3, False), (-60, 3, True), (0, 3, False), (90, 12, False)],
)
def test_strokes_that_stand(angle, width, stands):
    from PIL import Image, ImageDraw

    across, down = 9 * math.cos(math.radians(angle)), 9 * math.sin(math.radians(angle))
    canvas = Image.new("L", (28, 28))
    ImageDraw.Draw(canvas).line([(14 - across, 14 + down), (14 + across, 14 - down)], 255, width)
    assert nondigits._stands(np.asarray(canvas)) == stands


def test_nondigits_of_nothing():
    with pytest.raises(ValueError, match="no kind of non-digits is called 'cat'; there are piece, joined"):
        nondigits.drawn(np.zeros((1, 1, 28, 28), np.uint8), np.array([1]), 1, 0, "cat")
    with pytest.raises(ValueError, match="0 digits of 28x28 to make others from"):
        nondigits.drawn(np.zeros((0, 1, 28, 28), np.uint8), np.zeros(0, int), 1, 0)
    with pytest.raises(ValueError, match="1 labels of 1 digits to make others from; expected one each, 0 to 9"):
        nondigits.drawn(np.zeros((1, 1, 28, 28), np.uint8), np.array([10]), 1, 0)
    with pytest.raises(ValueError, match="no digit that is one of 1, 2, 4, 5, 6, 8, 3, 7, 9 with ink on it"):
        nondigits.drawn(np.full((1, 1, 28, 28), 9, np.uint8), np.array([0]), 1, 0, "turned")
    with pytest.raises(ValueError, match="1 digits of 5x28 to make others from; expected some, 8x8 or larger"):
        nondigits.drawn(np.zeros((1, 1, 5, 28), np.uint8), np.zeros(1, int), 1, 0)


def test_teachers_that_are_not_there(digits):
    with pytest.raises(ValueError, match="a teacher is given, but the recipe has no distillation"):
        fit(SPEC, RECIPE, *digits, teacher=Stubborn(np.ones(10)))
    taught = replace(RECIPE, distillation=Distillation("nobody"))
    with pytest.raises(
        ValueError, match=r"the teacher's answers to one image have the shape \(1, 5\); expected \(1, 10"
    ):
        fit(SPEC, taught, *digits, teacher=Stubborn(np.ones(5)))
    small = Network.create(lenet.Spec((1, 20, 20), (lenet.Dense("OUTPUT", 10, "softmax"),)))
    with pytest.raises(ValueError, match="the teacher cannot take these images: images of 28x28"):
        fit(SPEC, taught, *digits, teacher=small)
    five = lenet.Spec((1, 28, 28), (lenet.Dense("OUTPUT", 5, "softmax"),))
    with pytest.raises(ValueError, match="non-digits are made from digits of ten classes; the network has 5"):
        fit(five, replace(RECIPE, nondigits=0.1), digits[0][:9], digits[1][:9] % 5)
    with pytest.raises(ValueError, match="other hands write digits of ten classes; the network has 5"):
        fit(five, replace(RECIPE, hands=0.1), digits[0][:9], digits[1][:9] % 5)
    with pytest.raises(ValueError, match="no network called 'nobody' comes with the package"):
        fit(SPEC, replace(RECIPE, distillation=Distillation("nobody")), *digits)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nondigits": -0.1}, "non-digits are -0.1 of the images"),
        ({"hands": 11}, "digits of other hands are 11 of the images; expected 0 to 10"),
        ({"nondigits": "0.1"}, "non-digits are 0.1 of the images; expected 0 to 10"),
        ({"loss": Map(), "nondigits": 0.1}, "the loss Map knows labels only"),
        ({"loss": Map(), "distillation": Distillation("lenet5")}, "the loss Map knows labels only"),
    ],
)
def test_recipes_that_contradict_themselves(change, message):
    with pytest.raises(ValueError, match=message):
        replace(RECIPE, **change)
    with pytest.raises(ValueError, match="the share of the run that is warm-up is 1.5"):
        OneCycle(0.1, warmup=1.5)
    with pytest.raises(ValueError, match="a teacher's share is 0"):
        Distillation("lenet5", 0)
    with pytest.raises(ValueError, match="the span of an average is -1"):
        Averaging(-1)
