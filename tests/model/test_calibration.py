"""Calibration of probabilities: the temperature, the mistakes it keeps, and the error that a threshold gives."""

import numpy as np
import pytest

from lenet import Calibration, Dense, Network, Spec
from lenet.model.calibration import (
    calibrate,
    calibration_error,
    calibration_of,
    softmax,
)
from lenet.recipe import Scale


def drawn(n: int, temperature: float, seed: int = 0, classes: int = 10):
    """Scores, and labels that are distributed as the softmax of the scores over the temperature says."""
    random = np.random.default_rng(seed)
    scores = random.normal(0, 3, (n, classes)).astype(np.float32)
    labels = (softmax(scores, temperature).cumsum(axis=1) > random.random((n, 1))).argmax(axis=1)
    return scores, labels


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_calibrating_returns_the_temperature_that_made_the_labels(temperature):
    assert calibrate(*drawn(40_000, temperature)).temperature == pytest.approx(temperature, rel=0.03)


def test_no_other_temperature_does_better():
    scores, labels = drawn(500, 1.7)

    def loss(t: float) -> float:
        return float(-np.log(softmax(scores, t)[np.arange(500), labels].astype(np.float64)).mean())

    best = calibrate(scores, labels).temperature
    assert all(loss(best) <= loss(best * other) + 1e-9 for other in (0.9, 0.99, 1.01, 1.1))


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_a_network_that_is_never_wrong_has_no_full_confidence(count):
    """Confidence comes out at (n + 1) / (n + 2), the accuracy if one more of two answers were a mistake."""
    scores = np.tile(4 * np.eye(10, dtype=np.float32), (count // 10, 1))
    calibration = calibrate(scores, np.tile(np.arange(10), count // 10))
    confidence = softmax(scores, calibration.temperature).max(axis=1)
    assert confidence == pytest.approx(np.full(count, (count + 1) / (count + 2)), abs=1e-4)


def test_mistakes_by_hand():
    """Two classes; scores of 1 to 4 for the first: the second and the fourth answer are wrong."""
    scores = np.array([[1, 0], [2, 0], [3, 0], [4, 0]], np.float32)
    calibration = calibrate(scores, [0, 1, 0, 1])
    confidence = softmax(scores, calibration.temperature).max(axis=1)
    assert calibration.images == 4
    assert calibration.mistakes == ((pytest.approx(confidence[3]), 0), (pytest.approx(confidence[1]), 2))


OF_1000 = Calibration(1.0, 1000, ((0.9, 700), (0.8, 900), (0.8, 900), (0.5, 990)))


def test_the_error_holds_for_new_images():
    """Over many draws, the fraction of wrong answers above the threshold is the wanted one on average."""
    errors = []
    for seed in range(60):
        calibration = calibrate(*drawn(1000, 0.8, seed))
        scores, labels = drawn(4000, 0.8, 1000 + seed)
        probabilities = softmax(scores, calibration.temperature)
        accepted = probabilities.max(axis=1) >= calibration.threshold(0.05)
        errors.append((probabilities.argmax(axis=1) != labels)[accepted].mean())
    assert np.mean(errors) == pytest.approx(0.05, abs=0.005)


def test_answers_by_hand():
    """Five answers, two of them wrong: two and four had at least their confidence, themselves not counted."""
    calibration = calibration_of(np.array([0.9, 0.5, 0.99, 0.7, 0.95]), np.array([False, False, True, True, True]))
    assert calibration == Calibration(1.0, 5, ((0.9, 2), (0.5, 4)))
    assert calibration.threshold(0.34) == pytest.approx(0.9)


@pytest.mark.parametrize(
    "values", [(0.0, 1, ()), (1.0, 1, ((0.5, 1),)), (1.0, 5, ((0.5, 1), (0.6, 0))), (float("nan"), 1, ())]
)
def test_calibrations_that_make_no_sense(values):
    with pytest.raises(ValueError, match="temperature|mistakes"):
        Calibration(*values)


def test_there_and_back():
    assert Calibration.from_dict(OF_1000.to_dict()) == OF_1000
    with pytest.raises(ValueError, match="not the description of a calibration"):
        Calibration.from_dict({"temperature": 1})
    with pytest.raises(ValueError, match="not the description of a calibration"):
        Calibration.from_dict({"temperature": 1, "images": float("inf"), "mistakes": []})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "no hold-out images to calibrate with; expected at least one"),
        ([3, 0], "labels from 0 to 3; the network has classes 0 to 2"),
        ([-1, 0], "labels from -1 to 0; the network has classes 0 to 2"),
        ([0.0, 1.0], "labels are float64"),
        ([[0], [1]], r"labels are int64 \(2, 1\); expected one whole number for each of 2 images"),
        ([0, 1, 2], r"labels are int64 \(3,\); expected one whole number for each of 2 images"),
    ],
)
def test_calibrating_with_wrong_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        calibrate(np.zeros((min(len(labels), 2), 3), np.float32), np.array(labels, None if labels else int))


def test_the_calibration_error_by_hand():
    """Bins of a fifteenth: two answers in one, at 0.95 and 0.97 with one right; one at 0.5, right."""
    confidence = np.array([0.95, 0.97, 0.5])
    error = calibration_error(confidence, np.array([True, False, True]))
    assert error == pytest.approx((abs(0.95 + 0.97 - 1) + abs(0.5 - 1)) / 3)
    assert calibration_error(np.array([1.0]), np.array([True])) == 0


def test_a_calibrated_network_gives_cooler_or_warmer_probabilities_and_the_same_answers(tmp_path):
    spec = Spec((1, 1, 3), (Dense("OUTPUT", 3, "softmax"),))
    weights = {"OUTPUT.weight": np.eye(3, dtype=np.float32), "OUTPUT.bias": np.zeros(3, np.float32)}
    network = Network(spec, weights, Scale(0.0, 4.0))
    images = np.random.default_rng(0).integers(0, 256, (200, 1, 3)).astype(np.uint8)
    calibrated = network.calibrated(images, np.arange(200) % 3)
    assert calibrated.calibration.temperature > 2  # labels that have nothing to do with the images
    assert np.array_equal(calibrated.scores(images), network.scores(images))
    wanted = softmax(network.scores(images), calibrated.calibration.temperature)
    assert np.array_equal(calibrated.predict_proba(images), wanted)
    calibrated.save(tmp_path / "net")
    loaded = Network.load(tmp_path / "net")
    assert loaded.calibration == calibrated.calibration
    assert calibrated.with_weights(**{"OUTPUT.bias": np.ones(3)}).calibration is None
    assert calibrated.with_provenance({"seed": 1}).calibration == calibrated.calibration
