"""Speed: what is counted, by hand; the measurement itself, on few images."""

import pytest

from lenet import Conv, Dense, Pool, Spec, presets
from lenet.experiments.bench import measure, median_seconds, operations


def test_operations_by_hand():
    """C1: 2 maps of 4x4 by kernels of 3x3 make 288 multiplications; OUT: 3 times 8."""
    spec = Spec((1, 6, 6), (Conv("C1", 2, 3), Pool("P"), Dense("OUT", 3)))
    assert operations(spec, training=False) == 2 * (288 + 24)
    # Three times that, but no gradient of the first layer's input.
    assert operations(spec, training=True) == 2 * (2 * 288 + 3 * 24)


def test_jobs_take_turns_and_the_first_turn_does_not_count(monkeypatch):
    now, calls = [0.0], []
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def job(name, *durations):
        left = iter(durations)

        def run():
            calls.append(name)
            now[0] += next(left)

        return run

    medians = median_seconds(job("a", 9.0, 1.0, 3.0, 2.0), job("b", 9.0, 5.0, 5.0, 4.0), repeats=3)
    assert medians == pytest.approx([2.0, 5.0])
    assert calls == ["a", "b"] * 4


def test_a_measurement():
    speed = measure(presets["lenet1"], 2, images=256, repeats=1)
    assert speed.threads == 2
    assert min(speed.peak, speed.train, speed.distorted, speed.infer, speed.one) > 0
    assert speed.train_fraction == pytest.approx(
        speed.train * operations(presets["lenet1"].spec, True) / (1e9 * speed.peak)
    )
    assert speed.infer_fraction == pytest.approx(
        speed.infer * operations(presets["lenet1"].spec, False) / (1e9 * speed.peak)
    )
