"""The engine against the reference: every layer kind, odd geometry, every instruction set this processor runs."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import as_input, child_environment

from lenet import Conv, Dense, Pool, Rbf, Spec, Subsample, _engine, engine, presets, reference
from lenet.recipe import Adam, CrossEntropy, Map, MeanSquared, Scale, Sgd
from lenet.weights import draw, flatten, unflatten

ISAS = engine.supported_isas()
SCALE = Scale(-0.1, 1.175)
TOLERANCE = 1e-5  # of the largest value of an array

every_isa = pytest.mark.parametrize("isa", ISAS)


def sparse(outputs: int, inputs: int) -> tuple[tuple[int, ...], ...]:
    """A table with holes: map m sees every input map whose number differs from m modulo 3, or its own."""
    return tuple(tuple(c for c in range(inputs) if (m + c) % 3 or c == m % inputs) for m in range(outputs))


def conv_net(kernel: int, maps: int, size: int, padding: str = "valid", second: int = 3) -> Spec:
    """Two convolutions, the second with a table, around a pooling."""
    after = size if padding == "same" else size - kernel + 1
    layers = [Conv("A", maps, kernel, padding=padding, activation="tanh"), Pool("P")]
    if after // 2 >= second:
        layers.append(Conv("B", 4, second, padding=padding, table=sparse(4, maps), activation="tanh"))
    return Spec((1, size, size), (*layers, Dense("OUT", 5, "softmax")))


NAMED = {
    **{f"kernel {k}": conv_net(k, 6, 16 + k % 3) for k in range(1, 10)},
    **{f"same {k}": conv_net(k, 5, 11 + k % 2, "same", k) for k in range(1, 10)},
    **{f"{m} maps": conv_net(5, m, 14) for m in (1, 2, 7, 16, 20, 31, 50)},
    **{f"size {s}": conv_net(3, 6, s) for s in (4, 5, 28, 31, 45)},
    "rectangular": Spec((2, 13, 17), (Conv("A", 3, (4, 7)), Conv("B", 2, (6, 1), activation="relu"), Dense("OUT", 3))),
    "conv to dense": Spec(
        (3, 6, 6), (Conv("A", 5, 3, activation="tanh"), Conv("B", 7, 4, activation="tanh"), Dense("OUT", 4))
    ),
    "one wide row": Spec((1, 3, 70), (Conv("A", 3, 3, activation="tanh"), Conv("B", 2, (1, 5)), Dense("OUT", 3))),
    "overlapping max": Spec(
        (1, 12, 12), (Conv("A", 3, 3, activation="tanh"), Pool("P", window=3, stride=2), Dense("OUT", 3))
    ),
    "mean": Spec((1, 12, 13), (Conv("A", 3, 3, activation="sigmoid"), Pool("P", method="mean"), Dense("OUT", 3))),
    "max first": Spec((2, 9, 9), (Pool("P", activation="tanh"), Conv("A", 3, 2, activation="tanh"), Dense("OUT", 3))),
    "subsample": Spec(
        (1, 12, 12),
        (Conv("A", 3, 3, activation="scaled_tanh"), Subsample("S", activation="scaled_tanh"), Dense("OUT", 3)),
    ),
    "subsample first": Spec((1, 9, 9), (Subsample("S", window=3, stride=2, activation="tanh"), Dense("OUT", 3))),
    "subsample, same": Spec(
        (1, 10, 10),
        (
            Conv("A", 3, 3, padding="same", activation="tanh"),
            Subsample("S"),
            Conv("B", 4, 4, padding="same"),
            Dense("OUT", 3),
        ),
    ),
    "wide dense": Spec((1, 5, 7), (Dense("A", 37, "relu"), Dense("B", 13, "sigmoid"), Dense("OUT", 11))),
    "tiny dense": Spec((1, 1, 1), (Dense("A", 1, "tanh"), Dense("OUT", 2))),
    "pooled behind an odd width": Spec(
        (1, 9, 9), (Conv("A", 3, 1, activation="tanh"), Conv("B", 4, 1), Pool("P"), Dense("OUT", 3))
    ),
    "pooled behind an odd width, wide kernel": Spec(
        (1, 28, 28), (Conv("A", 6, 5), Pool("P"), Conv("B", 50, 4), Pool("Q"), Dense("OUT", 3))
    ),
    "narrow planes before same padding": Spec(
        (1, 10, 10), (Conv("A", 4, 3), Pool("P"), Conv("B", 4, 1), Conv("C", 4, 3, padding="same"), Dense("OUT", 3))
    ),
    "pooled before padding above and below": Spec(
        (1, 4, 12),
        (Pool("P"), Conv("A", 7, 1), Pool("Q", window=1), Conv("B", 7, (2, 1), padding="same"), Dense("OUT", 3)),
    ),
    "covering before same padding": Spec(
        (1, 4, 4), (Conv("A", 6, 4, activation="tanh"), Conv("B", 4, 3, padding="same"), Dense("OUT", 3))
    ),
    "rbf": Spec(
        (1, 6, 6),
        (
            Dense("A", 5, "scaled_tanh"),
            Rbf("OUT", tuple((1.0, -1.0, 1.0, -1.0, 1.0)[k:] + (1.0,) * k for k in range(3))),
        ),
    ),
}


def random_net(seed: int) -> Spec:
    """Layers at random: whatever combination a table of presets may hold one day."""
    random = np.random.default_rng(seed)
    shape = (int(random.integers(1, 3)), int(random.integers(4, 26)), int(random.integers(4, 26)))
    layers = []
    now = shape
    for k in range(int(random.integers(1, 6))):
        activation = str(random.choice(["linear", "tanh", "sigmoid", "scaled_tanh"]))
        kind = random.integers(0, 5)
        if kind <= 2:
            padding = "same" if random.random() < 0.4 else "valid"
            kernel = (int(random.integers(1, min(6, now[1]) + 1)), int(random.integers(1, min(6, now[2]) + 1)))
            maps = int(random.integers(1, 9))
            table = sparse(maps, now[0]) if random.random() < 0.3 and now[0] > 1 else None
            layers.append(Conv(f"L{k}", maps, kernel, padding=padding, table=table, activation=activation))
        elif min(now[1:]) >= 2:
            window = int(random.integers(1, min(3, *now[1:]) + 1)) if random.random() < 0.4 else 2
            stride = int(random.integers(1, 4)) if random.random() < 0.4 else None
            if kind == 3:
                layers.append(Subsample(f"L{k}", window, stride, activation))
            else:
                layers.append(Pool(f"L{k}", window, stride, method=str(random.choice(["max", "max", "mean"]))))
        if layers:
            now = Spec(shape, (*layers, Dense("OUT", 3))).shapes[layers[-1].name]
    return Spec(shape, (*layers, Dense("OUT", 3, "softmax")))


GEOMETRIES = {**NAMED, **{f"random {seed}": random_net(seed) for seed in range(80)}}


def case(spec: Spec, count: int, seed: int = 3):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, *spec.input), np.uint8)
    labels = random.integers(0, spec.classes, count, np.uint8)
    weights = draw(spec, "glorot", seed)
    for name in weights:
        if name.endswith("bias"):
            weights[name] = random.normal(0, 0.1, weights[name].shape).astype(np.float32)
    return images, labels, weights


def close(got: np.ndarray, wanted: np.ndarray, what: str, tolerance: float = TOLERANCE) -> None:
    error = np.abs(got - wanted).max() / max(np.abs(wanted).max(), 1e-3)
    assert error <= tolerance, f"{what}: relative error {error:.2g}"


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
    wanted_value, wanted = reference.gradient(spec, weights, x, labels, loss)
    assert value == pytest.approx(wanted_value, rel=TOLERANCE)
    for key, array in wanted.items():
        close(got[key], array, f"gradient of {key}")


@every_isa
@pytest.mark.parametrize("name", presets)
def test_presets_gradients_are_the_references(name, isa, mnist_like):
    preset = presets[name]
    images, labels = mnist_like
    spec, recipe = preset.spec, preset.recipe
    weights = draw(spec, recipe.init, 1)
    trainer = engine.trainer(spec, flatten(spec, weights), recipe.scale, recipe.loss, Sgd(), len(images), isa)
    value, flat = trainer.gradient(images, labels, 1)
    wanted_value, wanted = reference.gradient(spec, weights, as_input(spec, images, recipe.scale), labels, recipe.loss)
    assert value == pytest.approx(wanted_value, rel=TOLERANCE)
    # Where sigmoids start saturated (first weights of deviation 1), the last bit of an output near 1 is a large share
    # of its distance from 1, which the slope needs: single precision cannot do better (nor does PyTorch's).
    tolerance = 1e-4 if name == "lenet-tf-sigmoid" else TOLERANCE
    for key, array in unflatten(spec, flat).items():
        close(array, wanted[key], f"gradient of {key}", tolerance)


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
@pytest.mark.parametrize("name", ["kernel 5", "subsample", "same 3"])
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


def test_instruction_sets_that_fuse_agree_to_the_bit():
    """AVX2 and AVX-512 (and NEON) run the same chains of fused operations; the baseline rounds twice."""
    spec = presets["lenet5"].spec
    images, labels, weights = case(spec, 64)
    results = {}
    for isa in ISAS:
        trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), Sgd(momentum=0.9), 32, isa)
        trainer.run(images, labels, np.arange(64, dtype=np.uint32), np.full(2, 0.1, np.float32), 2)
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
    ],
    ids=repr,
)
def test_optimisers_by_the_book(optimizer, isa):
    """Each rule written out in double precision, on gradients that the engine itself gives."""
    spec = GEOMETRIES["wide dense"]
    images, labels, weights = case(spec, 10)
    rates = [0.1, 0.05, 0.02]
    trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), optimizer, 10, isa)
    w = flatten(spec, weights).astype(np.float64)
    first, second = np.zeros_like(w), np.zeros_like(w)
    order = np.arange(10, dtype=np.uint32)
    for step, rate in enumerate(rates, 1):
        g = trainer.gradient(images, labels, 1)[1].astype(np.float64)
        trainer.run(images, labels, order, np.array([rate], np.float32), 1)
        if isinstance(optimizer, Sgd):
            g += optimizer.weight_decay * w
            first = optimizer.momentum * first + g
            w = w - rate * (g + optimizer.momentum * first if optimizer.nesterov else first)
        else:
            if optimizer.decoupled:
                w = w * (1 - rate * optimizer.weight_decay)
            else:
                g += optimizer.weight_decay * w
            first = optimizer.beta1 * first + (1 - optimizer.beta1) * g
            second = optimizer.beta2 * second + (1 - optimizer.beta2) * g**2
            mean, square = first / (1 - optimizer.beta1**step), second / (1 - optimizer.beta2**step)
            w = w - rate * mean / (np.sqrt(square) + optimizer.epsilon)
        close(trainer.weights(), w, f"weights after step {step}")
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


@pytest.mark.parametrize("bad", [0, -1, 1025, True, 2.0, "2"])
def test_bad_thread_counts(bad):
    with pytest.raises(ValueError, match="threads is .*; expected a whole number from 1 to 1024"):
        engine.threads_to_use(bad)


def test_threads_from_the_environment(monkeypatch):
    assert engine.threads_to_use() <= len(os.sched_getaffinity(0))
    monkeypatch.setenv("LENET_NUM_THREADS", "3")
    assert engine.threads_to_use() == 3
    assert engine.threads_to_use(2) == 2
    for bad in ("0", "many", "-1", "1.5", "²"):
        monkeypatch.setenv("LENET_NUM_THREADS", bad)
        with pytest.raises(ValueError, match="LENET_NUM_THREADS is"):
            engine.threads_to_use()


def test_labels_and_weights_are_checked():
    spec = GEOMETRIES["tiny dense"]
    images, labels, weights = case(spec, 4)
    with pytest.raises(ValueError, match="3 weights given, 6 expected"):
        engine.model(spec, np.zeros(3, np.float32), SCALE)
    trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), Sgd(), 4)
    with pytest.raises(ValueError, match="label 9 of sample 0: the network has 2 classes"):
        trainer.gradient(images, np.full(4, 9, np.uint8), 1)
    with pytest.raises(ValueError, match="3 labels for 4 images"):
        trainer.gradient(images, labels[:3], 1)
    with pytest.raises(ValueError, match="sample 7 does not exist"):
        trainer.run(images, labels, np.array([7], np.uint32), np.ones(1, np.float32), 1)
    with pytest.raises(ValueError, match="needs an output layer of radial basis functions"):
        engine.trainer(spec, flatten(spec, weights), SCALE, Map(), Sgd(), 4)


def test_survives_a_fork():
    code = """
import os, sys
import numpy as np
import lenet
net = lenet.Network.create(lenet.presets["lenet5"].spec)
images = np.random.default_rng(0).integers(0, 256, (200, 28, 28), np.uint8)
wanted = net.predict(images, threads=3)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(net.predict(images, threads=3), wanted) else 1)
status = os.waitpid(child, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) or not np.array_equal(net.predict(images, threads=3), wanted))
"""
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("seed", range(80))
def test_random_nets_score_the_same_bits_alone(seed):
    spec = random_net(seed)
    images, _, weights = case(spec, 20)
    for isa in ISAS:
        model = engine.model(spec, flatten(spec, weights), SCALE, isa)
        full = model.scores(images, 1)
        for i in range(20):
            assert np.array_equal(model.scores(images[i : i + 1], 1), full[i : i + 1])


def test_layers_that_cannot_follow_each_other():
    with pytest.raises(ValueError, match="B: same padding on the single values of A makes no sense"):
        Spec((1, 4, 4), (Dense("A", 6), Conv("B", 4, 3, padding="same"), Dense("OUT", 3)))
    with pytest.raises(ValueError, match="A: Rbf is for the output layer"):
        Spec((1, 1, 1), (Rbf("A", ((1.0,),)), Dense("OUT", 3)))


def test_planes_that_no_counter_holds():
    spec = Spec((1, 65536, 65536), (Pool("P", window=256), Dense("OUT", 2)))
    with pytest.raises(ValueError, match="1 maps of 65536x65536 are too large"):
        engine.model(spec, flatten(spec, draw(spec, "he", 0)), SCALE)


def test_a_trainer_at_work_is_nobody_elses():
    """A signal's handler that uses the engine in the middle of a training gets an error, and not a deadlock."""
    import signal

    spec = presets["lenet5"].spec
    images, labels, weights = case(spec, 4000)
    trainer = engine.trainer(spec, flatten(spec, weights), SCALE, CrossEntropy(), Sgd(), 16)
    model = engine.model(spec, flatten(spec, weights), SCALE)
    caught = []

    def handler(*_):
        for job in (trainer.weights, lambda: model.scores(images, 2)):
            try:
                job()
            except RuntimeError as error:
                caught.append(str(error))
        raise InterruptedError

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(InterruptedError):
            order = np.arange(4000, dtype=np.uint32).repeat(50)
            trainer.run(images, labels, order, np.full(12500, 0.01, np.float32), 2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert caught == ["this trainer is at work already", "the engine is at work on this thread already"]


def test_two_threads_train_and_measure_at_the_same_time():
    """Neither waits for the other while holding what the other needs."""
    from concurrent.futures import ThreadPoolExecutor

    spec = presets["lenet5"].spec
    images, labels, weights = case(spec, 2000)
    flat = flatten(spec, weights)
    trainers = [engine.trainer(spec, flat, SCALE, CrossEntropy(), Sgd(), 128) for _ in range(2)]
    order, rates = np.arange(2000, dtype=np.uint32), np.full(16, 0.01, np.float32)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(lambda: [trainers[0].run(images, labels, order, rates, 2) for _ in range(10)])]
        runs.append(pool.submit(lambda: [trainers[1].gradient(images[:128], labels[:128], 2) for _ in range(200)]))
        for run in runs:
            run.result(timeout=60)


def test_calls_from_several_threads_agree():
    from concurrent.futures import ThreadPoolExecutor

    spec = presets["lenet5"].spec
    images, _, weights = case(spec, 64)
    model = engine.model(spec, flatten(spec, weights), SCALE)
    wanted = model.scores(images, 1)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(model.scores, images[: 1 + 9 * (k % 7)], 1 + k % 3) for k in range(40)]
        for k, job in enumerate(jobs):
            assert np.array_equal(job.result(), wanted[: 1 + 9 * (k % 7)])
