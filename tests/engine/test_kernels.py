"""The engine against the reference: every layer kind, odd geometry, every instruction set this processor runs."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import as_input, child_environment
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
    sparse,
    tolerance,
)

from lenet import Contrast, Conv, Dense, Pool, Rbf, Spec, Subsample, _engine, engine, presets, reference
from lenet.recipe import Adam, CrossEntropy, LevenbergMarquardt, Map, MeanSquared, Scale, Sgd
from lenet.weights import draw, flatten, unflatten


def gradient(spec, weights, images, labels, loss, isa, threads=2):
    flat = flatten(spec, weights)
    trainer = engine.trainer(spec, flat, SCALE, loss, Sgd(), len(images), isa)
    value, got = trainer.gradient(images, labels, threads)
    return value, unflatten(spec, got)


@every_isa
@pytest.mark.parametrize("name", GEOMETRIES)
def test_scores_trace_and_gradient_are_the_references(name, isa):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 19)
    x = as_input(spec, images, SCALE)
    model = engine.model(spec, flatten(spec, weights), SCALE, isa)
    close(model.scores(images, 2), reference.scores(spec, weights, x), "scores")
    shapes = [list(s) for s in spec.shapes.values()]
    for got, (layer, wanted) in zip(
        model.trace(images, True, shapes), reference.forward(spec, weights, x).items(), strict=True
    ):
        if layer != "OUT" or spec.layers[-1].squash == "softmax":
            close(got, wanted, f"trace of {layer}")
    loss = Map(0.5) if isinstance(spec.layers[-1], Rbf) else CrossEntropy(0.1)
    value, got = gradient(spec, weights, images, labels, loss, isa)
    wanted_value, wanted = reference.gradient(spec, weights | draws(spec, range(19)), x, labels, loss)
    assert value == pytest.approx(wanted_value, rel=TOLERANCE)
    for key, array in wanted.items():
        close(got[key], array, f"gradient of {key}", tolerance(spec))


@every_isa
@pytest.mark.parametrize("name", GEOMETRIES)
def test_gradient_of_one_image_alone(name, isa):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 3)
    loss = Map(0.5) if isinstance(spec.layers[-1], Rbf) else CrossEntropy(0.1)
    trainer = engine.trainer(spec, flatten(spec, weights), SCALE, loss, Sgd(), 1, isa)
    for i in range(3):  # what an image leaves behind must not reach the next
        value, flat = trainer.gradient(images[i : i + 1], labels[i : i + 1], 1)
        wanted_value, wanted = reference.gradient(
            spec, weights | draws(spec, [0]), as_input(spec, images[i : i + 1], SCALE), labels[i : i + 1], loss
        )
        assert value == pytest.approx(wanted_value, rel=TOLERANCE)
        for key, array in unflatten(spec, flat).items():
            # A single value of a single image may all but cancel, and has no other to be measured by.
            close(array, wanted[key], f"gradient of {key}", 1e-4 if array.size == 1 else tolerance(spec))


CURVED = [n for n, spec in GEOMETRIES.items() if not any(isinstance(layer, Contrast) for layer in spec.layers)]


@every_isa
@pytest.mark.parametrize("name", CURVED)
def test_curvature_is_the_references(name, isa):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 21)
    for loss in [Map(0.5), MeanSquared()] if isinstance(spec.layers[-1], Rbf) else [CrossEntropy(0.1)]:
        trainer = engine.trainer(spec, flatten(spec, weights), SCALE, loss, LevenbergMarquardt(), 8, isa)
        drawn = weights | draws(spec, range(21))
        wanted = reference.curvature(spec, drawn, as_input(spec, images, SCALE), labels, loss)
        for key, array in unflatten(spec, trainer.curvature(images)).items():
            close(array, wanted[key], f"curvature of {key}")


@every_isa
@pytest.mark.parametrize("name", presets)
def test_presets_gradients_are_the_references(name, isa, mnist_like):
    preset = presets[name]
    images, labels = mnist_like
    spec, recipe = preset.spec, preset.recipe
    images = np.repeat(images, spec.input[0], axis=1)
    weights = draw(spec, recipe.init, 1)
    trainer = engine.trainer(spec, flatten(spec, weights), recipe.scale, recipe.loss, Sgd(), len(images), isa)
    value, flat = trainer.gradient(images, labels, 1)
    wanted_value, wanted = reference.gradient(spec, weights, as_input(spec, images, recipe.scale), labels, recipe.loss)
    assert value == pytest.approx(wanted_value, rel=TOLERANCE)
    # Where sigmoids start saturated (first weights of deviation 1), the last bit of an output near 1 is a large share
    # of its distance from 1, which the slope needs: single precision cannot do better (nor does PyTorch's).
    allowed = 1e-4 if name == "lenet-tf-sigmoid" else TOLERANCE
    for key, array in unflatten(spec, flat).items():
        close(array, wanted[key], f"gradient of {key}", allowed)


@pytest.fixture
def mnist_like():
    """Digits small enough for the reference: blobs of ink, with paper around."""
    random = np.random.default_rng(0)
    images = np.zeros((20, 1, 28, 28), np.uint8)
    images[:, :, 6:22, 6:22] = np.where(
        random.random((20, 1, 16, 16)) < 0.4, random.integers(60, 256, (20, 1, 16, 16)), 0
    )
    return images, random.integers(0, 10, 20, np.uint8)


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


@every_isa
@pytest.mark.parametrize("activation", ["linear", "tanh", "scaled_tanh", "sigmoid", "relu"])
def test_activations_over_their_whole_range(activation, isa):
    """Sums from -32 to 32; the weight is a power of two, so that fused or not they round alike."""
    spec = Spec((1, 1, 256), (Conv("A", 1, 1, activation=activation), Dense("OUT", 2)))
    weights = {
        **draw(spec, "glorot", 0),
        "A.weight": np.full((1, 1, 1, 1), 64.0, np.float32),
        "A.bias": np.full(1, -32.0, np.float32),
    }
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 256)
    model = engine.model(spec, flatten(spec, weights), Scale(0.0, 1.0), isa)
    got = model.trace(images, False, [[256], [2]])[0][0]
    sums = np.float32(64) * (np.arange(256, dtype=np.float32) * np.float32(1 / 255)) - np.float32(32)
    wanted = reference.activate(activation, sums.astype(np.float64))
    assert np.abs(got - wanted).max() <= 5e-7 * max(1, np.abs(wanted).max())


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 17, 24, 25, 33])
@pytest.mark.parametrize("name", sorted(NAMED))
def test_an_image_scores_the_same_bits_in_any_company(name, count):
    spec = GEOMETRIES[name]
    images, _, weights = case(spec, 50)
    for isa in ISAS:
        model = engine.model(spec, flatten(spec, weights), SCALE, isa)
        full = model.scores(images, 1)
        assert np.array_equal(model.scores(images[:count], 2), full[:count])
        assert np.array_equal(model.predict(images[:count], 3), full[:count].argmax(axis=1))


@pytest.mark.parametrize("batch", [1, 5, 16, 40, 128, 300])
@pytest.mark.parametrize(
    "name", ["kernel 5", "subsample", "same 3", "two wide layers", "stochastic over max", "deformation", "contrast"]
)
def test_any_number_of_threads_trains_the_same_bits(name, batch):
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, 333)
    results = []
    for threads in (1, 2, 3, 7):
        trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), Sgd(momentum=0.9), batch)
        rates = np.full(-(-333 // batch), 0.01, np.float32)
        losses = trainer.run(images, labels, engine.permutation(1, 1, 333), rates, threads)
        results.append(trainer.weights().tobytes() + losses.tobytes())
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
        trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), Sgd(momentum=0.9), batch, isa)
        rates = np.full(64 // batch, 0.1 / (64 // batch), np.float32)
        trainer.run(images, labels, np.arange(64, dtype=np.uint32), rates, 2)
        results.setdefault(engine.isa(isa)[3], set()).add(trainer.weights().tobytes())
    assert len(results.get(True, {b""})) == 1
    assert len(results[False]) == 1
    assert results[False] != results.get(True)


@every_isa
def test_the_forced_instruction_set_runs(isa):
    code = "import lenet; net = lenet.Network.create(lenet.presets['lenet5'].spec); print(net.isa, *lenet.engine.isa())"
    environment = child_environment(LENET_ISA=isa)
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    name, forced, compiled_for, lanes, _ = out.split()
    assert name == forced == compiled_for == isa
    assert int(lanes) == {"avx512": 16, "avx2": 8, "neon": 4, "baseline": 4}[isa]


def test_unknown_instruction_set_is_an_error(monkeypatch):
    spec = GEOMETRIES["tiny dense"]
    flat = flatten(spec, draw(spec, "he", 0))
    with pytest.raises(ValueError, match="isa is 'mmx'; this processor runs: .*baseline"):
        engine.model(spec, flat, SCALE, "mmx")
    monkeypatch.setenv("LENET_ISA", "sse9")
    with pytest.raises(ValueError, match="LENET_ISA is 'sse9'"):
        engine.model(spec, flat, SCALE)


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
def test_optimisers_by_the_book(optimizer, isa, name, count):
    """Each rule written out in double precision, on gradients that the engine itself gives."""
    spec = GEOMETRIES[name]
    images, labels, weights = case(spec, count)
    rates = [0.1, 0.05, 0.02]
    trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), optimizer, count, isa)
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
    trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), Adam(weight_decay=0.1), 16)
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
        trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), Sgd(), 20, isa)
        gradient_ = unflatten(spec, trainer.gradient(images, labels, 1)[1])
        # The maps differ from one another, so there is contrast between them: but none along the picture.
        assert np.abs(gradient_["A.weight"]).max() < 10
        whole = Spec((1, 14, 14), (Contrast("N", 9), Dense("OUT", 3)))
        net = engine.model(whole, flatten(whole, draw(whole, "he", 0)), SCALE, isa)
        assert not net.trace(images, False, [list(s) for s in whole.shapes.values()])[0].any()


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
    orders = [engine.permutation(seed, epoch, 1000) for seed in (0, 1) for epoch in (1, 2)]
    for order in orders:
        assert np.array_equal(np.sort(order), np.arange(1000))
    assert len({order.tobytes() for order in orders}) == 4
    firsts = np.array([engine.permutation(0, epoch, 10)[0] for epoch in range(5000)])
    assert np.abs(np.bincount(firsts, minlength=10) - 500).max() < 110  # five standard deviations


@pytest.mark.parametrize("seed", range(80))
def test_random_nets_score_the_same_bits_alone(seed):
    spec = random_net(seed)
    images, _, weights = case(spec, 20)
    for isa in ISAS:
        model = engine.model(spec, flatten(spec, weights), SCALE, isa)
        full = model.scores(images, 1)
        for i in range(20):
            assert np.array_equal(model.scores(images[i : i + 1], 1), full[i : i + 1])


@every_isa
@pytest.mark.parametrize("last", [Pool("S4"), Pool("S4", method="mean"), Subsample("S4"), Pool("S4", window=3)])
def test_branches_are_sweeps_that_begin_in_other_columns(last, isa):
    before = (Conv("C1", 5, 3, activation="relu"), Pool("S2"), Conv("C3", 4, 3, activation="tanh"))
    spec = Spec((2, 18, 18), (*before, last, Dense("F5", 7, "tanh"), Dense("OUT", 3)))
    flat = flatten(spec, draw(spec, "he", 5))
    images = np.random.default_rng(5).integers(0, 256, (20, 2, 18, 53), np.uint8)
    branched = engine.swept(spec, flat, SCALE, 18, 53, isa, offsets=last.step)
    scores = branched.scores(images, 2)
    done = 0
    for offset in range(last.step):
        shifted = np.ascontiguousarray(images[..., 2 * offset :])
        own = engine.sweep(spec, flat, SCALE, shifted, isa)["OUT"].reshape(20, -1)
        assert scores[:, done : done + own.shape[1]].tobytes() == own.tobytes()
        done += own.shape[1]
    assert done == scores.shape[1]


def test_branches_only_answer():
    spec = NAMED["kernel 3"]
    flat = flatten(spec, draw(spec, "he", 5))
    images = np.zeros((1, 1, 16, 40), np.uint8)
    network = engine.swept(spec, flat, SCALE, 16, 40, offsets=2)
    with pytest.raises(ValueError, match="branches has scores, but no answer"):
        network.predict(images, 1)
    with pytest.raises(ValueError, match="branches has no layers one by one"):
        network.trace(images, False, [[1]] * len(spec.layers))
    described = engine.layers(spec)
    described[1]["offsets"] = 2
    with pytest.raises(ValueError, match="layer 1: its branches are not alike"):  # a dense layer sees all columns
        _engine.Model(spec.input, described, flat, (0.0, 1.0), "")
    described[0]["offsets"] = 2
    with pytest.raises(ValueError, match="layer 0: only pooling begins in several columns"):
        _engine.Model(spec.input, described, flat, (0.0, 1.0), "")
