"""The engine's kernels against the reference: every layer kind, odd geometry, every instruction set available."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from helpers import as_input
from networks import (
    GEOMETRIES,
    ISAS,
    NAMED,
    SCALE,
    TOLERANCE,
    case,
    close,
    draws,
    every_isa,
    random_net,
    recipe_with,
    sparse,
    tolerance,
)

from lenet import Contrast, Conv, Dense, Dropout, Rbf, Spec, _engine, presets
from lenet.engine import cpu, reference
from lenet.model.arrays import flatten, unflatten
from lenet.model.initial import initial_weights
from lenet.recipe import Adam, CrossEntropy, LevenbergMarquardt, Loss, Map, MeanSquared, Scale, Sgd


def loss_of(spec: Spec) -> Loss:
    return Map(0.5) if isinstance(spec.layers[-1], Rbf) else CrossEntropy(0.1)


def gradient(spec, weights, images, labels, loss, isa, threads=2):
    flat = flatten(spec, weights)
    trainer = cpu.trainer(spec, flat, recipe_with(len(images), loss), isa=isa)
    value, got = trainer.gradient(images, labels, threads)
    return value, unflatten(spec, got)


# What the reference says is computed once and compared with every instruction set.


@cache
def reference_outputs(name):
    spec = GEOMETRIES[name]
    images, _, weights = case(spec, 19)
    x = as_input(spec, images, SCALE)
    return reference.scores(spec, weights, x), reference.forward(spec, weights, x)


@cache
def reference_gradient(name):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 19)
    x = as_input(spec, images, SCALE)
    return reference.gradient(spec, weights | draws(spec, range(19)), x, labels, loss_of(spec))


@cache
def reference_gradients_alone(name):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 3)
    drawn, x = weights | draws(spec, [0]), as_input(spec, images, SCALE)
    return [reference.gradient(spec, drawn, x[i : i + 1], labels[i : i + 1], loss_of(spec)) for i in range(3)]


@every_isa
@pytest.mark.parametrize("name", GEOMETRIES)
def test_scores_trace_and_gradient_are_the_references(name, isa):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 19)
    model = cpu.model(spec, flatten(spec, weights), SCALE, isa=isa)
    scores, outputs = reference_outputs(name)
    close(model.scores(images, 2), scores, "scores")
    shapes = [list(s) for s in spec.shapes.values()]
    for got, (layer, wanted) in zip(model.trace(images, True, shapes), outputs.items(), strict=True):
        if layer != "OUT" or spec.layers[-1].activation == "softmax":
            close(got, wanted, f"trace of {layer}")
    value, got = gradient(spec, weights, images, labels, loss_of(spec), isa)
    wanted_value, wanted = reference_gradient(name)
    assert value == pytest.approx(wanted_value, rel=TOLERANCE)
    for key, array in wanted.items():
        close(got[key], array, f"gradient of {key}", tolerance(spec))


@every_isa
@pytest.mark.parametrize("name", GEOMETRIES)
def test_gradient_of_one_image_alone(name, isa):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 3)
    trainer = cpu.trainer(spec, flatten(spec, weights), recipe_with(1, loss_of(spec)), isa=isa)
    for i, (wanted_value, wanted) in enumerate(reference_gradients_alone(name)):
        # What an image leaves behind must not reach the next.
        value, flat = trainer.gradient(images[i : i + 1], labels[i : i + 1], 1)
        assert value == pytest.approx(wanted_value, rel=TOLERANCE)
        for key, array in unflatten(spec, flat).items():
            # A single value of a single image may all but cancel, and has no other to be measured by.
            close(array, wanted[key], f"gradient of {key}", 1e-4 if array.size == 1 else tolerance(spec))


CURVED = [n for n, spec in GEOMETRIES.items() if not any(isinstance(layer, Contrast) for layer in spec.layers)]


@cache
def reference_curvature(name, loss):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 21)
    return reference.curvature(spec, weights | draws(spec, range(21)), as_input(spec, images, SCALE), labels, loss)


@every_isa
@pytest.mark.parametrize("name", CURVED)
def test_curvature_is_the_references(name, isa):
    spec = GEOMETRIES[name]
    images, _, weights = case(spec, 21)
    for loss in [Map(0.5), MeanSquared()] if isinstance(spec.layers[-1], Rbf) else [CrossEntropy(0.1)]:
        recipe = recipe_with(8, loss, LevenbergMarquardt())
        trainer = cpu.trainer(spec, flatten(spec, weights), recipe, isa=isa)
        wanted = reference_curvature(name, loss)
        for key, array in unflatten(spec, trainer.curvature(images)).items():
            close(array, wanted[key], f"curvature of {key}")


def _blobs():
    """Return images and labels like MNIST's, few enough for the reference: blobs of ink, with paper around."""
    random = np.random.default_rng(0)
    images = np.zeros((20, 1, 28, 28), np.uint8)
    images[:, :, 6:22, 6:22] = np.where(
        random.random((20, 1, 16, 16)) < 0.4, random.integers(60, 256, (20, 1, 16, 16)), 0
    )
    return images, random.integers(0, 10, 20, np.uint8)


@cache
def preset_reference(name):
    """Return images, labels and initial weights for a preset, and what the reference says of them."""
    spec, recipe = presets[name].spec, presets[name].recipe
    images, labels = _blobs()
    images = np.repeat(images, spec.input[0], axis=1)
    weights = initial_weights(spec, recipe.init, 1)
    wanted = reference.gradient(spec, weights, as_input(spec, images, recipe.scale), labels, recipe.loss)
    return images, labels, weights, wanted


@every_isa
@pytest.mark.parametrize("name", presets)
def test_presets_gradients_are_the_references(name, isa):
    spec = presets[name].spec
    images, labels, weights, (wanted_value, wanted) = preset_reference(name)
    recipe = replace(presets[name].recipe, optimizer=Sgd(), batch_size=len(images), distortion=None)
    trainer = cpu.trainer(spec, flatten(spec, weights), recipe, isa=isa)
    value, flat = trainer.gradient(images, labels, 1)
    assert value == pytest.approx(wanted_value, rel=TOLERANCE)
    # Where sigmoids start saturated (initial weights of deviation 1), the last bit of an output near 1 is a large part
    # of its distance from 1, which the slope needs: single precision cannot do better (nor does PyTorch's).
    allowed = 1e-4 if name == "lenet-tf-sigmoid" else TOLERANCE
    for key, array in unflatten(spec, flat).items():
        close(array, wanted[key], f"gradient of {key}", allowed)


@every_isa
@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy(0.2), Map(0.3), MeanSquared()], ids=repr)
def test_losses(loss, isa):
    spec = GEOMETRIES["rbf"]
    images, labels, weights = case(spec, 21)
    value, got = gradient(spec, weights, images, labels, loss, isa)
    wanted_value, wanted = reference.gradient(spec, weights, as_input(spec, images, SCALE), labels, loss)
    assert value == pytest.approx(wanted_value, rel=TOLERANCE)
    for key, array in wanted.items():
        close(got[key], array, key)


LENET1 = presets["lenet1"].spec
LENET1_WEIGHTS = flatten(LENET1, initial_weights(LENET1, "glorot", 0))


@every_isa
@pytest.mark.parametrize("batch", [1, 35])
def test_the_gradient_towards_targets(isa, batch):
    images, _, weights = case(LENET1, batch)
    targets = np.random.default_rng(0).dirichlet(np.ones(10), batch).astype(np.float32)
    flat = flatten(LENET1, weights)
    trainer = cpu.trainer(LENET1, flat, recipe_with(batch, CrossEntropy(0.1)), isa=isa)
    loss, gradient = trainer.gradient(images, targets, 2)
    x = images * ((SCALE.ink - SCALE.paper) / 255) + SCALE.paper
    wanted_loss, wanted = reference.gradient(LENET1, weights, x, targets.astype(np.float64), CrossEntropy(0.1))
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    for name, array in unflatten(LENET1, gradient).items():
        close(array, wanted[name], name, TOLERANCE)


def test_labels_are_targets_of_one_class():
    """The same bits, trained on labels or on rows with a single one."""
    images, labels, _ = case(LENET1, 400)
    order, rates = np.arange(400, dtype=np.uint32), np.full(25, 0.1, np.float32)
    results = []
    for targets in (labels, np.eye(10, dtype=np.float32)[labels]):
        trainer = cpu.trainer(LENET1, LENET1_WEIGHTS, recipe_with(16))
        losses, answers = trainer.run(images, targets, order, rates, 2)
        results.append((losses.tobytes(), answers.tobytes(), trainer.weights().tobytes()))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.full((4, 9), 1 / 9, np.float32), "targets for 9 classes: the network has 10"),
        (np.full((3, 10), 0.1, np.float32), "3 labels for 4 images"),
        (np.full((4, 10), 0.2, np.float32), "targets of sample 0 are not probabilities that sum to 1"),
        (np.full((4, 10), np.nan, np.float32), "targets of sample 0 are not probabilities"),
        (np.eye(10, dtype=np.float32)[:4] * 2 - np.float32(0.1), "targets of sample 0 are not probabilities"),
    ],
)
def test_targets_that_are_none(targets, message):
    trainer = cpu.trainer(LENET1, LENET1_WEIGHTS, recipe_with(16))
    with pytest.raises(ValueError, match=message):
        trainer.gradient(np.zeros((4, 1, 28, 28), np.uint8), targets, 1)


def test_targets_for_a_loss_that_knows_labels_only():
    spec = presets["lenet5-mse"].spec
    trainer = cpu.trainer(spec, flatten(spec, initial_weights(spec, "glorot", 0)), recipe_with(16, MeanSquared()))
    with pytest.raises(ValueError, match="targets need a cross-entropy"):
        trainer.gradient(np.zeros((1, 1, 28, 28), np.uint8), np.eye(10, dtype=np.float32)[:1], 1)


@every_isa
@pytest.mark.parametrize("activation", ["linear", "tanh", "scaled_tanh", "sigmoid", "relu", "leaky_relu", "elu"])
def test_activations_over_their_whole_range(activation, isa):
    """Sums from -32 to 32; the weight is a power of two, so that fused or not they round alike."""
    spec = Spec((1, 1, 256), (Conv("A", 1, 1, activation=activation), Dense("OUT", 2)))
    weights = {
        **initial_weights(spec, "glorot", 0),
        "A.weight": np.full((1, 1, 1, 1), 64.0, np.float32),
        "A.bias": np.full(1, -32.0, np.float32),
    }
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 256)
    model = cpu.model(spec, flatten(spec, weights), Scale(0.0, 1.0), isa=isa)
    got = model.trace(images, False, [[256], [2]])[0][0]
    sums = np.float32(64) * (np.arange(256, dtype=np.float32) * np.float32(1 / 255)) - np.float32(32)
    wanted = reference.activate(activation, sums.astype(np.float64))
    assert np.abs(got - wanted).max() <= 5e-7 * max(1, np.abs(wanted).max())


@pytest.mark.parametrize("name", sorted(NAMED))
def test_an_image_scores_the_same_bits_in_any_company(name):
    spec = GEOMETRIES[name]
    images, _, weights = case(spec, 50)
    for isa in ISAS:
        model = cpu.model(spec, flatten(spec, weights), SCALE, isa=isa)
        full = model.scores(images, 1)
        for count in (0, 1, 7, 8, 9, 16, 17, 24, 25, 33):
            assert np.array_equal(model.scores(images[:count], 2), full[:count]), count
            assert np.array_equal(model.predict(images[:count], 3), full[:count].argmax(axis=1)), count


@pytest.mark.parametrize("batch", [1, 5, 16, 40, 128, 300])
@pytest.mark.parametrize(
    "name",
    [
        "kernel 5",
        "subsample",
        "same 3",
        "two wide layers",
        "stochastic over max",
        "deformation",
        "contrast",
        "dropout",
        "stride 2, same 5",
    ],
)
def test_any_number_of_threads_trains_the_same_bits(name, batch):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 333)
    results = []
    for threads in (1, 2, 3, 7):
        trainer = cpu.trainer(spec, flatten(spec, weights), recipe_with(batch, optimizer=Sgd(momentum=0.9)))
        rates = np.full(-(-333 // batch), 0.01, np.float32)
        losses, answers = trainer.run(images, labels, cpu.permutation(1, 1, 333), rates, threads)
        results.append(trainer.weights().tobytes() + losses.tobytes() + answers.tobytes())
    assert len(set(results)) == 1


@pytest.mark.parametrize(
    ("spec", "batch"),
    [
        (presets["lenet5"].spec, 32),
        (presets["lenet5"].spec, 1),
        (presets["lenet1"].spec, 1),
        (GEOMETRIES["wide layer"], 32),
    ],
    ids=["lenet5", "lenet5 alone", "lenet1 alone", "wide"],
)
def test_instruction_sets_that_fuse_agree_to_the_bit(spec, batch):
    """AVX2 and AVX-512 (and NEON) run the same chains of fused operations; the baseline rounds twice."""
    images, labels, weights = case(spec, 64)
    results = {}
    for isa in ISAS:
        recipe = recipe_with(batch, optimizer=Sgd(momentum=0.9))
        trainer = cpu.trainer(spec, flatten(spec, weights), recipe, isa=isa)
        rates = np.full(64 // batch, 0.1 / (64 // batch), np.float32)
        trainer.run(images, labels, np.arange(64, dtype=np.uint32), rates, 2)
        results.setdefault(cpu.isa(isa)[3], set()).add(trainer.weights().tobytes())
    assert len(results.get(True, {b""})) == 1
    assert len(results[False]) == 1
    assert results[False] != results.get(True)


@every_isa
@pytest.mark.parametrize(
    "optimizer",
    [
        Sgd(),
        Sgd(weight_decay=0.1),
        Sgd(momentum=0.9, weight_decay=0.01),
        Sgd(momentum=0.8, nesterov=True),
        Adam(),
        Adam(weight_decay=0.1),
        Adam(0.8, 0.9, 1e-3, weight_decay=0.1, decoupled=True),
        LevenbergMarquardt(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["wide dense", "wide layer"])
@pytest.mark.parametrize("count", [1, 10])
def test_optimizers_by_the_book(optimizer, isa, name, count):
    """Each rule written out in double precision, on gradients that the engine itself gives."""
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, count)
    rates = [0.1, 0.05, 0.02]
    trainer = cpu.trainer(spec, flatten(spec, weights), recipe_with(count, optimizer=optimizer), isa=isa)
    w = flatten(spec, weights).astype(np.float64)
    first, second = np.zeros_like(w), np.zeros_like(w)
    if isinstance(optimizer, LevenbergMarquardt):  # a factor on each weight's rate
        second = np.random.default_rng(0).uniform(0.1, 5, len(w)).astype(np.float32)
        trainer.restore(flatten(spec, weights), first.astype(np.float32), second, 0)
    order = np.arange(count, dtype=np.uint32)
    for step, rate in enumerate(rates, 1):
        g = trainer.gradient(images, labels, 1)[1].astype(np.float64)
        trainer.run(images, labels, order, np.array([rate], np.float32), 1)
        if isinstance(optimizer, Sgd):
            g += optimizer.weight_decay * w
            first = optimizer.momentum * first + g
            w = w - rate * (g + optimizer.momentum * first if optimizer.nesterov else first)
        elif isinstance(optimizer, LevenbergMarquardt):
            w = w - rate * second * g
        else:
            if optimizer.decoupled:
                w = w * (1 - rate * optimizer.weight_decay)
            else:
                g += optimizer.weight_decay * w
            first = optimizer.beta1 * first + (1 - optimizer.beta1) * g
            second = optimizer.beta2 * second + (1 - optimizer.beta2) * g**2
            mean, square = first / (1 - optimizer.beta1**step), second / (1 - optimizer.beta2**step)
            w = w - rate * mean / (np.sqrt(square) + optimizer.epsilon)
        # Of many weights, some have a gradient that weight decay all but cancels; Adam divides by what is left.
        close(trainer.weights(), w, f"weights after step {step}", 1e-4 if name == "wide layer" else TOLERANCE)
        w = trainer.weights().astype(np.float64)  # the next gradient is the engine's own


def test_absent_connections_stay_absent():
    spec = GEOMETRIES["kernel 5"]
    images, labels, weights = case(spec, 64)
    trainer = cpu.trainer(spec, flatten(spec, weights), recipe_with(16, optimizer=Adam(weight_decay=0.1)))
    trainer.run(images, labels, np.arange(64, dtype=np.uint32), np.full(4, 0.01, np.float32), 2)
    trained = unflatten(spec, trainer.weights())["B.weight"]
    mask = np.zeros(trained.shape[:2], bool)
    for m, row in enumerate(sparse(4, 6)):
        mask[m, list(row)] = True
    assert not trained[~mask].any()
    assert trained[mask].all()


@every_isa
def test_a_plain_picture_has_no_contrast(isa):
    """Nothing but rounding is left of it, and that must not be blown up, forward or back."""
    spec = Spec((1, 14, 14), (Conv("A", 3, 3, activation="tanh"), Contrast("N", 9), Dense("OUT", 3)))
    _, labels, weights = case(spec, 20)
    for grey in (0, 77, 255):
        images = np.full((20, *spec.input), grey, np.uint8)
        trainer = cpu.trainer(spec, flatten(spec, weights), recipe_with(20), isa=isa)
        gradient_ = unflatten(spec, trainer.gradient(images, labels, 1)[1])
        # The maps differ from one another, so there is contrast between them: but none along the picture.
        assert np.abs(gradient_["A.weight"]).max() < 10
        whole = Spec((1, 14, 14), (Contrast("N", 9), Dense("OUT", 3)))
        net = cpu.model(whole, flatten(whole, initial_weights(whole, "he", 0)), SCALE, isa=isa)
        assert not net.trace(images, False, [list(s) for s in whole.shapes.values()])[0].any()


def test_dropout_drops_at_its_rate():
    spec = GEOMETRIES["dropout"]
    for layer in spec.layers:
        if isinstance(layer, Dropout):
            kept = (draws(spec, range(2000))[f"{layer.name}.draws"] >= layer.rate).mean()
            size = 2000 * np.prod(spec.shapes[layer.name])
            assert abs(kept - (1 - layer.rate)) < 5 * np.sqrt(layer.rate * (1 - layer.rate) / size)


@every_isa
@pytest.mark.parametrize("name", [name for name in NAMED if name.startswith("dropout")])
def test_a_trained_network_answers_as_one_without_dropout(name, isa):
    """The same bits: its neighbours are fused as if it were not there."""
    spec = GEOMETRIES[name]
    images, _, weights = case(spec, 23)
    without = Spec(spec.input, tuple(layer for layer in spec.layers if not isinstance(layer, Dropout)))
    flat = flatten(spec, weights)
    scores = [cpu.model(s, flat, SCALE, isa=isa).scores(images, 2) for s in (spec, without)]
    assert np.array_equal(*scores)


def test_draws_are_even_and_new_for_every_step_and_sample():
    spec = GEOMETRIES["stochastic over max"]
    one, two = (draws(spec, range(2000), step)["Q.draws"] for step in (1, 2))
    for numbers in (one, two):
        assert 0 <= numbers.min() and numbers.max() < 1
        assert abs(numbers.mean() - 0.5) < 5 / np.sqrt(12 * numbers.size)  # five standard deviations
    assert len(np.unique(np.concatenate([one.ravel(), two.ravel()]))) > 0.98 * 2 * one.size
    assert np.array_equal(draws(spec, [7], 2)["Q.draws"][0], two[7])
    assert not np.array_equal(draws(spec, [7], 2, seed=1)["Q.draws"][0], two[7])


def test_philox_is_random123s():
    """Known answers of Philox4x32-10, from the Random123 distribution (Salmon et al. 2011)."""
    top = 0xFFFFFFFF
    assert _engine.philox((0, 0, 0, 0), 0, 0) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert _engine.philox((top,) * 4, top, top) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    counter = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    assert _engine.philox(counter, 0xA4093822, 0x299F31D0) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def test_orders_are_permutations_that_differ():
    orders = [cpu.permutation(seed, epoch, 1000) for seed in (0, 1) for epoch in (1, 2)]
    for order in orders:
        assert np.array_equal(np.sort(order), np.arange(1000))
    assert len({order.tobytes() for order in orders}) == 4
    firsts = np.array([cpu.permutation(0, epoch, 10)[0] for epoch in range(5000)])
    assert np.abs(np.bincount(firsts, minlength=10) - 500).max() < 110  # five standard deviations


@pytest.mark.parametrize("seed", range(80))
def test_random_nets_score_the_same_bits_alone(seed):
    spec = random_net(seed)
    images, _, weights = case(spec, 20)
    for isa in ISAS:
        model = cpu.model(spec, flatten(spec, weights), SCALE, isa=isa)
        full = model.scores(images, 1)
        for i in range(20):
            assert np.array_equal(model.scores(images[i : i + 1], 1), full[i : i + 1])
