"""The exponential moving average of weights, by hand and in a training."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lenet import Network, Recipe, fit, presets
from lenet.engine import cpu
from lenet.recipe import Averaging, Constant, Sgd
from lenet.training.averaging import WeightAverage
from lenet.training.epoch_data import PART_MINIBATCHES

SPEC = presets["lenet1"].spec
RECIPE = Recipe(Constant(0.05), epochs=2, batch_size=16, optimizer=Sgd(0.9), averaging=Averaging(0.7))


class Weights:
    """A trainer whose weights are what they are set to."""

    def __init__(self, *values):
        self.values = np.array(values, np.float32)

    def weights(self):
        return self.values


def added(average, *values):
    """Add weights one after the other and return the average after each."""
    result = []
    for value in values:
        average.add(Weights(value))
        result.append(float(average.weights[0]))
    return result


def test_without_averaging_there_is_no_average():
    average = WeightAverage(None, 20)
    average.add(Weights(1.0, 2.0))
    assert average.weights.shape == (0,)


def test_while_they_are_few_it_is_the_plain_mean():
    """Twenty minibatches are three parts; a span of ten epochs is thirty of them."""
    average = WeightAverage(Averaging(10), 20)
    assert added(average, 1.0, 5.0, 0.0, 6.0) == pytest.approx([1, 3, 2, 3])


def test_later_weights_of_one_span_ago_count_1_over_e():
    """A part an epoch and a span of one: each part counts 1/e of the next one."""
    average = WeightAverage(Averaging(1), PART_MINIBATCHES)
    keep = math.exp(-1)
    # Of one and of two the plain mean would be 1 - 1/1 = 0 and 1 - 1/2 = 0.5 of what was there, which is above 1/e.
    wanted = [8.0, keep * 8 + (1 - keep) * 4]
    wanted.append(keep * wanted[-1] + (1 - keep) * 2)
    assert added(average, 8.0, 4.0, 2.0) == pytest.approx(wanted)


def test_half_a_part_counts_as_a_part():
    """Nine minibatches are two parts, eight are one."""
    for minibatches, parts in ((8, 1), (9, 2), (16, 2), (17, 3)):
        average = WeightAverage(Averaging(1), minibatches)
        values = [1.0] * 50 + [0.0]
        assert added(average, *values)[-1] == pytest.approx(math.exp(-1 / parts), abs=1e-6)


def test_it_continues_as_if_never_stopped():
    whole, stopped = WeightAverage(Averaging(2), 16), WeightAverage(Averaging(2), 16)
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    added(whole, *values)
    added(stopped, *values[:4])  # two epochs of two parts each
    resumed = WeightAverage(Averaging(2), 16)
    resumed.resume(stopped.weights, 2)
    added(resumed, *values[4:])
    assert resumed.weights.tobytes() == whole.weights.tobytes()
    assert stopped.weights.tobytes() != whole.weights.tobytes()  # what is resumed is a copy


def test_the_average_of_a_training_by_hand(digits_train):
    """Parts of eight minibatches: the mean of all while they are few, then one that forgets."""
    images, labels = digits_train[0][:320], digits_train[1][:320]  # 20 minibatches, three parts an epoch
    trainer = cpu.trainer(SPEC, Network.create(SPEC, 3).flat, RECIPE)
    keep, mean, count = math.exp(-1 / 2.1), 0.0, 0
    for epoch in (1, 2):
        order = cpu.permutation(3, epoch, 320)
        for first in range(0, 20, PART_MINIBATCHES):
            part = order[first * 16 : min(first + PART_MINIBATCHES, 20) * 16]
            trainer.run(images[:, None], labels.astype(np.uint8), part, np.full(len(part) // 16, 0.05, np.float32), 1)
            count += 1
            decay = min(keep, 1 - 1 / count)
            mean = decay * mean + (1 - decay) * trainer.weights().astype(np.float64)
    *_, last = fit(SPEC, RECIPE, images, labels, seed=3)
    assert np.allclose(last.network.flat, mean, atol=1e-6)
    assert np.array_equal(last.state.weights, trainer.weights())
    assert not np.allclose(last.network.flat, trainer.weights(), atol=1e-4)


def test_a_state_of_another_recipe(digits_train):
    images, labels = digits_train[0][:32], digits_train[1][:32]
    (one,) = fit(SPEC, replace(RECIPE, epochs=1, averaging=None), images, labels)
    with pytest.raises(ValueError, match="average: 0 values in the state; expected 3278"):
        fit(SPEC, RECIPE, images, labels, resume_from=one.state)
