"""The engine in use: threads, instruction sets, forks, signals, and arguments that make no sense."""

import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import child_environment
from networks import GEOMETRIES, SCALE, case, every_isa, recipe_with

from lenet import Conv, Dense, Pool, Rbf, Spec, _engine, presets
from lenet.engine import cpu
from lenet.model.arrays import flatten
from lenet.model.initial import initial_weights
from lenet.recipe import Map


@pytest.mark.parametrize("bad", [0, -1, 1025, True, 2.0, "2"])
def test_bad_thread_counts(bad):
    with pytest.raises(ValueError, match="threads is .*; expected a whole number from 1 to 1024"):
        cpu.threads_to_use(bad)


def test_threads_from_the_environment(monkeypatch):
    assert cpu.threads_to_use() <= len(os.sched_getaffinity(0))
    monkeypatch.setenv("LENET_NUM_THREADS", "3")
    assert cpu.threads_to_use() == 3
    assert cpu.threads_to_use(2) == 2
    for bad in ("0", "many", "-1", "1.5", "²"):
        monkeypatch.setenv("LENET_NUM_THREADS", bad)
        with pytest.raises(ValueError, match="LENET_NUM_THREADS is"):
            cpu.threads_to_use()


@every_isa
def test_the_forced_instruction_set_runs(isa):
    code = """
import lenet
from lenet.engine import cpu
print(lenet.Network.create(lenet.presets["lenet5"].spec).isa, *cpu.isa())
"""
    environment = child_environment(LENET_ISA=isa)
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    name, forced, compiled_for, lanes, _ = out.split()
    assert name == forced == compiled_for == isa
    assert int(lanes) == {"avx512": 16, "avx2": 8, "neon": 4, "baseline": 4}[isa]


def test_unknown_instruction_set_is_an_error(monkeypatch):
    spec = GEOMETRIES["tiny dense"]
    flat = flatten(spec, initial_weights(spec, "he", 0))
    with pytest.raises(ValueError, match="isa is 'mmx'; this processor runs: .*baseline"):
        cpu.model(spec, flat, SCALE, isa="mmx")
    monkeypatch.setenv("LENET_ISA", "sse9")
    with pytest.raises(ValueError, match="LENET_ISA is 'sse9'"):
        cpu.model(spec, flat, SCALE)


def test_labels_and_weights_are_checked():
    spec = GEOMETRIES["tiny dense"]
    images, labels, weights = case(spec, 4)
    with pytest.raises(ValueError, match="3 weights given, 6 expected"):
        cpu.model(spec, np.zeros(3, np.float32), SCALE)
    trainer = cpu.trainer(spec, flatten(spec, weights), recipe_with(4))
    with pytest.raises(ValueError, match="label 9 of sample 0: the network has 2 classes"):
        trainer.gradient(images, np.full(4, 9, np.uint8), 1)
    with pytest.raises(ValueError, match="3 labels for 4 images"):
        trainer.gradient(images, labels[:3], 1)
    with pytest.raises(ValueError, match="sample 7 does not exist"):
        trainer.run(images, labels, np.array([7], np.uint32), np.ones(1, np.float32), 1)
    with pytest.raises(ValueError, match="needs an output layer of radial basis functions"):
        cpu.trainer(spec, flatten(spec, weights), recipe_with(4, Map()))


@pytest.mark.parametrize("batch", [1, 20])
def test_images_of_other_maps_reach_no_kernel(batch):
    spec = Spec((3, 8, 8), (Conv("A", 2, 3), Dense("OUT", 2)))
    flat = flatten(spec, initial_weights(spec, "he", 0))
    trainer = cpu.trainer(spec, flat, recipe_with(batch))
    model = cpu.model(spec, flat, SCALE)
    for maps in (1, 64):
        images, labels = np.zeros((20, maps, 8, 8), np.uint8), np.zeros(20, np.uint8)
        order, rates = np.arange(20, dtype=np.uint32), np.zeros(20 // batch, np.float32)
        for job in (
            lambda i=images, y=labels, o=order, r=rates: trainer.run(i, y, o, r, 1),
            lambda i=images, y=labels: trainer.gradient(i[:batch], y[:batch], 1),
            lambda i=images: trainer.curvature(i),
            lambda i=images: model.scores(i, 1),
            lambda i=images: model.trace(i, False, [[2, 6, 6], [2]]),
        ):
            with pytest.raises(ValueError, match=f"images of {maps} maps; the network's input has 3"):
                job()


def test_layers_that_the_engine_refuses():
    """Layers of a `Spec` never ask for these."""
    for layer, message in (
        ({"kind": "contrast", "window": 4, "window_weights": [0.25] * 4}, "layer 0: an odd window"),
        ({"kind": "contrast", "window": 3, "window_weights": [0.5, 0.3, 0.2]}, "layer 0: an odd window"),
        ({"kind": "conv", "maps": 1, "same": True, "stride": 0}, "layer 0: a stride of at least 1"),
        ({"kind": "dropout", "rate": 1.0}, "layer 0: a rate of at least 0 and below 1"),
        ({"kind": "dropout", "rate": float("nan")}, "layer 0: a rate of at least 0 and below 1"),
        ({"kind": "subsample", "keep": True}, "layer 0: only pooling keeps borders"),
    ):
        with pytest.raises(ValueError, match=message):
            _engine.draws((1, 8, 8), [layer], 0, 1, [0])
    with pytest.raises(ValueError, match="at least one map, row and column"):
        _engine.draws((0, 8, 8), [{"kind": "pool"}], 0, 1, [0])
    images, one = np.zeros((1, 1, 8, 8), np.uint8), np.zeros(1, np.uint32)
    for bad in ({"spacing": 0.0}, {"spacing": -7.0}, {"thickness": 2.0}, {"shift": float("nan")}, {"scale": -1.0}):
        with pytest.raises(ValueError, match=r"expected|negative or no number"):
            _engine.distort(images, {"elastic": 1.0, **bad}, 0, 1, one)


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


def test_layers_that_cannot_follow_each_other():
    with pytest.raises(ValueError, match="B: same padding on the single values of A makes no sense"):
        Spec((1, 4, 4), (Dense("A", 6), Conv("B", 4, 3, padding="same"), Dense("OUT", 3)))
    with pytest.raises(ValueError, match="A: Rbf is for the output layer"):
        Spec((1, 1, 1), (Rbf("A", ((1.0,),)), Dense("OUT", 3)))


def test_planes_that_no_counter_holds():
    spec = Spec((1, 65536, 65536), (Pool("P", window=256), Dense("OUT", 2)))
    with pytest.raises(ValueError, match="1 maps of 65536x65536 are too large"):
        cpu.model(spec, flatten(spec, initial_weights(spec, "he", 0)), SCALE)


def test_a_trainer_at_work_takes_no_other_work():
    """A signal's handler that uses the engine in the middle of a training gets an error, and not a deadlock."""
    import signal

    spec = presets["lenet5"].spec
    images, labels, weights = case(spec, 4000)
    trainer = cpu.trainer(spec, flatten(spec, weights), recipe_with(16))
    model = cpu.model(spec, flatten(spec, weights), SCALE)
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
    trainers = [cpu.trainer(spec, flat, recipe_with(128)) for _ in range(2)]
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
    model = cpu.model(spec, flatten(spec, weights), SCALE)
    wanted = model.scores(images, 1)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(model.scores, images[: 1 + 9 * (k % 7)], 1 + k % 3) for k in range(40)]
        for k, job in enumerate(jobs):
            assert np.array_equal(job.result(), wanted[: 1 + 9 * (k % 7)])
