"""A network as a sliding window over lines, and its probabilities combined with those of candidates."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from lenet import Conv, Dense, Network, Pool, Spec, presets
from lenet.reading.line.candidate_images import CLASSES, MARK, WRONG
from lenet.reading.line.segmentation import Candidate
from lenet.reading.line.sliding_window import (
    MIN_PROBABILITY,
    NONE,
    LineScan,
    SlidingWindow,
    strip_of,
    windows_at,
)
from lenet.reading.page.lines import InkLine

SPEC = presets["lenet-sliding-window"].spec
SCALE = presets["lenet-sliding-window"].recipe.scale


@pytest.fixture(scope="module")
def network():
    return Network.create(SPEC, 3, init="he", scale=SCALE)


def line(width, height=30, seed=0):
    ink = np.random.default_rng(seed).integers(0, 256, (40, width), dtype=np.uint8)
    return InkLine(0, 0, ink, (ink > 200).astype(np.int32), height, 20, 4)


def test_a_scan_is_the_network_applied_to_each_window(network):
    """Lines of all lengths, shorter and longer than a tile."""
    lines = [line(width, seed=width) for width in (3, 40, 97, 300)]
    for one, scan in zip(lines, SlidingWindow(network).scan(lines), strict=True):
        strip, scale = strip_of(one)
        assert scale == scan.scale == 20 / 30
        assert strip.shape == (32, round(one.ink.shape[1] * scale) + 33)
        columns = 2.0 * np.arange(len(scan.probabilities))
        assert columns[-1] in (strip.shape[1] - 33, strip.shape[1] - 32)
        assert scan.probabilities == pytest.approx(network.predict_proba(windows_at(strip, columns)), abs=1e-5)


def test_a_line_has_the_same_scan_whatever_others_there_are(network):
    lines = [line(width, seed=width) for width in (250, 30, 120)]
    window = SlidingWindow(network)
    alone = [window.scan([one], 1)[0].probabilities for one in lines]
    for threads in (1, 2):
        for of_line, scan in zip(alone, window.scan(lines, threads), strict=True):
            assert of_line.tobytes() == scan.probabilities.tobytes()
    again = pickle.loads(pickle.dumps(window)).scan(lines)
    assert again[0].probabilities.tobytes() == alone[0].tobytes()
    assert window.scan([]) == []


def test_a_line_of_another_scale_has_its_digits_as_large():
    (strip, scale), (large, larger) = strip_of(line(60)), strip_of(replace(line(60), height=15))
    assert (scale, larger) == (20 / 30, 20 / 15)
    assert (strip.shape, large.shape) == ((32, 73), (32, 113))


@pytest.mark.parametrize("name", ["lenet5", "lenet-reader"])
def test_networks_of_other_inputs_or_classes_are_refused(name):
    other = Network.create(presets[name].spec, 0, init="he", scale=presets[name].recipe.scale)
    with pytest.raises(ValueError, match=r"a sliding window with 10 classes of 1x\d\dx\d\d values; expected 11"):
        SlidingWindow(other)


@pytest.mark.parametrize(
    "layers",
    [
        (Conv("C1", 4, 3), Pool("S2"), Dense("OUTPUT", 11, "softmax")),  # fine
        (Conv("C1", 4, 3, padding="same"), Pool("S2"), Dense("OUTPUT", 11, "softmax")),
        (Conv("C1", 4, 3), Dense("OUTPUT", 11, "softmax")),  # a window at every pixel
        (Conv("C1", 4, 3), Pool("S2", window=3, stride=3), Dense("OUTPUT", 11, "softmax")),
        (Dense("OUTPUT", 11, "softmax"),),
    ],
)
def test_networks_whose_windows_are_not_alike_are_refused(layers):
    other = Network.create(Spec((1, 32, 32), layers), 0, init="he", scale=SCALE)
    if layers[0] == Conv("C1", 4, 3) and layers[1] == Pool("S2"):
        (scan,) = SlidingWindow(other).scan([line(40)])
        strip, _ = strip_of(line(40))
        expected = other.predict_proba(windows_at(strip, 2.0 * np.arange(len(scan.probabilities))))
        assert scan.probabilities == pytest.approx(expected, abs=1e-5)
        return
    with pytest.raises(ValueError, match="cannot be a sliding window: its positions must be alike, a few pixels apart"):
        SlidingWindow(other)


def scan_of(**digits):
    """Return thirty windows without a digit except at places: ``at7=(3, 0.9)`` is a 3 in window 7."""
    probabilities = np.zeros((30, 11), np.float32)
    probabilities[:, NONE] = 1
    for place, (digit, probability) in digits.items():
        probabilities[int(place[2:])] = 0
        probabilities[int(place[2:]), [digit, NONE]] = probability, 1 - probability
    return LineScan(probabilities, 1.0)


def candidate(left, right):
    return Candidate(0, 0, left, 0, right, 20)


def test_windows_support_their_digits_and_count_against_others():
    """A candidate from 10 to 30 has window 10 in its middle; by the network for candidates it is a 3 or an 8."""
    probabilities = np.zeros((1, CLASSES))
    probabilities[0, [3, 8, MARK, WRONG]] = 0.4, 0.4, 0.1, 0.1
    (combined,) = scan_of(at10=(3, 0.8)).combined([candidate(10, 30)], probabilities)
    # 0.4 x 0.8, 0.4 x the least, and 0.1 x 1: near the middle there are windows without a digit.
    products = np.array([0.32, 0.4 * MIN_PROBABILITY, 0.1, 0.1])
    assert combined[[3, 8, MARK, WRONG]] == pytest.approx(products / products.sum())
    assert combined.sum() == pytest.approx(1)


def test_a_second_digit_in_a_candidate_counts_against_all_digits():
    probabilities = np.zeros((1, CLASSES))
    probabilities[0, [3, WRONG]] = 0.9, 0.1
    one = scan_of(at10=(3, 1.0)).combined([candidate(10, 30)], probabilities)[0]
    two = scan_of(at10=(3, 1.0), at15=(1, 0.95)).combined([candidate(10, 30)], probabilities)[0]
    assert one[3] == pytest.approx(0.9)
    products = np.array([0.9 * 0.05, 0.1])
    assert two[[3, WRONG]] == pytest.approx(products / products.sum())


def test_no_candidates():
    assert scan_of().combined([], np.zeros((0, CLASSES))).shape == (0, CLASSES)


def test_several_digits_are_those_that_windows_see_apart():
    # Window k has column 2 k in its middle: columns 20 and 26 are nearer than half a digit's 20 pixels, 20 and 32 not.
    assert not scan_of(at10=(3, 0.9), at13=(3, 0.9)).may_hold_several(0, 50)
    assert scan_of(at10=(3, 0.9), at16=(8, 0.9)).may_hold_several(0, 50)
    # Where no window sees a digit there may be several.
    assert scan_of(at10=(3, 0.9)).may_hold_several(30, 50)
    assert not scan_of(at10=(3, 0.9), at16=(8, 0.9)).may_hold_several(0, 26)
