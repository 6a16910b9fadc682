"""A network swept over lines, and what its windows say of candidates."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from lenet import Conv, Dense, Network, Pool, Spec, presets
from lenet import weights as weights_
from lenet.reading.cuts import Candidate
from lenet.reading.lines import Band
from lenet.reading.pieces import CLASSES, MARK, WRONG
from lenet.reading.windows import LEAST, NONE, Seen, Sweep, strip_of, windows_at

SPEC = presets["lenet-windows"].spec


@pytest.fixture(scope="module")
def network():
    return Network(SPEC, weights_.draw(SPEC, "he", 3), presets["lenet-windows"].recipe.scale)


def line(width, height=30, seed=0):
    ink = np.random.default_rng(seed).integers(0, 256, (40, width), dtype=np.uint8)
    return Band(0, 0, ink, (ink > 200).astype(np.int32), height, 20, 4)


def test_sweeping_is_looking_through_each_window(network):
    """Lines of all lengths, shorter and longer than what is swept at once."""
    lines = [line(width, seed=width) for width in (3, 40, 97, 300)]
    for band, seen in zip(lines, Sweep(network).over(lines), strict=True):
        strip, scale = strip_of(band)
        assert scale == seen.scale == 20 / 30
        assert strip.shape == (32, round(band.ink.shape[1] * scale) + 33)
        columns = 2.0 * np.arange(len(seen.shares))
        assert columns[-1] in (strip.shape[1] - 33, strip.shape[1] - 32)
        assert seen.shares == pytest.approx(network.predict_proba(windows_at(strip, columns)), abs=1e-5)


def test_a_line_is_seen_the_same_whatever_others_there_are(network):
    lines = [line(width, seed=width) for width in (250, 30, 120)]
    sweep = Sweep(network)
    alone = [sweep.over([one], 1)[0].shares for one in lines]
    for threads in (1, 2):
        for own, seen in zip(alone, sweep.over(lines, threads), strict=True):
            assert own.tobytes() == seen.shares.tobytes()
    again = pickle.loads(pickle.dumps(sweep)).over(lines)
    assert again[0].shares.tobytes() == alone[0].tobytes()
    assert sweep.over([]) == []


def test_a_line_of_another_scale_has_its_digits_as_large():
    (strip, scale), (large, larger) = strip_of(line(60)), strip_of(replace(line(60), height=15))
    assert (scale, larger) == (20 / 30, 20 / 15)
    assert (strip.shape, large.shape) == ((32, 73), (32, 113))


@pytest.mark.parametrize("name", ["lenet5", "lenet-reader"])
def test_only_networks_for_windows_are_swept(name):
    spec = presets[name].spec
    other = Network(spec, weights_.draw(spec, "he", 0), presets[name].recipe.scale)
    with pytest.raises(ValueError, match=r"a network for windows with 10 classes of 1x\d\dx\d\d values; expected 11"):
        Sweep(other)


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
    spec = Spec((1, 32, 32), layers)
    other = Network(spec, weights_.draw(spec, "he", 0), presets["lenet-windows"].recipe.scale)
    if layers[0] == Conv("C1", 4, 3) and layers[1] == Pool("S2"):
        (seen,) = Sweep(other).over([line(40)])
        strip, _ = strip_of(line(40))
        wanted = other.predict_proba(windows_at(strip, 2.0 * np.arange(len(seen.shares))))
        assert seen.shares == pytest.approx(wanted, abs=1e-5)
        return
    with pytest.raises(ValueError, match="is no network to sweep: its windows have to be alike, a few pixels apart"):
        Sweep(other)


def seen_at(**digits):
    """Thirty windows that see none but at places: ``at7=(3, 0.9)`` is a 3 in window 7."""
    shares = np.zeros((30, 11), np.float32)
    shares[:, NONE] = 1
    for place, (digit, share) in digits.items():
        shares[int(place[2:])] = 0
        shares[int(place[2:]), [digit, NONE]] = share, 1 - share
    return Seen(shares, 1.0)


def candidate(left, right):
    return Candidate(0, 0, left, 0, right, 20)


def test_windows_second_what_they_see_and_speak_against_the_rest():
    """A candidate from 10 to 30 has window 10 in its middle; the network for pieces wavers between 3 and 8."""
    shares = np.zeros((1, CLASSES))
    shares[0, [3, 8, MARK, WRONG]] = 0.4, 0.4, 0.1, 0.1
    (told,) = seen_at(at10=(3, 0.8)).seconded([candidate(10, 30)], shares)
    # 0.4 x 0.8, 0.4 x the least, and 0.1 x 1: near the middle there are windows that see none.
    weighed = np.array([0.32, 0.4 * LEAST, 0.1, 0.1])
    assert told[[3, 8, MARK, WRONG]] == pytest.approx(weighed / weighed.sum())
    assert told.sum() == pytest.approx(1)


def test_a_second_digit_in_a_candidate_speaks_against_both():
    shares = np.zeros((1, CLASSES))
    shares[0, [3, WRONG]] = 0.9, 0.1
    one = seen_at(at10=(3, 1.0)).seconded([candidate(10, 30)], shares)[0]
    two = seen_at(at10=(3, 1.0), at15=(1, 0.95)).seconded([candidate(10, 30)], shares)[0]
    assert one[3] == pytest.approx(0.9)
    weighed = np.array([0.9 * 0.05, 0.1])
    assert two[[3, WRONG]] == pytest.approx(weighed / weighed.sum())


def test_no_candidates():
    assert seen_at().seconded([], np.zeros((0, CLASSES))).shape == (0, CLASSES)


def test_several_digits_are_those_seen_apart():
    # Window k has column 2 k in its middle: columns 20 and 26 are nearer than half a digit's 20 pixels, 20 and 32 not.
    assert not seen_at(at10=(3, 0.9), at13=(3, 0.9)).several(0, 50)
    assert seen_at(at10=(3, 0.9), at16=(8, 0.9)).several(0, 50)
    # Nothing is known where nothing is seen.
    assert seen_at(at10=(3, 0.9)).several(30, 50)
    assert not seen_at(at10=(3, 0.9), at16=(8, 0.9)).several(0, 26)
