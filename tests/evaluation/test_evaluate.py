"""Evaluations of a network whose answers can be worked out by hand."""

import numpy as np
import pytest

from lenet import Dense, Network, Spec, evaluate
from lenet.recipe import Scale

SPEC = Spec((1, 1, 3), (Dense("OUTPUT", 3, "softmax"),))


@pytest.fixture
def network():
    """Answers with the brightest of three pixels; scores are the pixels, 0 to 4."""
    weights = {"OUTPUT.weight": np.eye(3, dtype=np.float32), "OUTPUT.bias": np.zeros(3, np.float32)}
    return Network(SPEC, weights, Scale(0.0, 4.0))


def test_counts_by_hand(network):
    images = np.array([[255, 0, 0], [0, 255, 0], [0, 255, 0], [51, 0, 255], [255, 204, 0]], np.uint8)[:, None]
    result = evaluate(network, images, [0, 1, 2, 0, 1])
    assert (result.n, result.wrong, result.error, result.accuracy) == (5, 3, 0.6, 0.4)
    assert result.confusion.tolist() == [[1, 0, 1], [1, 1, 0], [0, 1, 0]]
    assert [(m.index, m.label, m.answer) for m in result.worst] == [(2, 2, 1), (3, 0, 2), (4, 1, 0)]
    assert result.worst[0].probability == pytest.approx(np.exp(4) / (np.exp(4) + 2))
    losses = [np.log(np.exp(4) + 2) - s for s in (4, 4, 0)]
    losses.append(np.log(np.exp(0.8) + 1 + np.exp(4)) - 0.8)
    losses.append(np.log(np.exp(4) + np.exp(3.2) + 1) - 3.2)
    assert result.loss == pytest.approx(np.mean(losses), rel=1e-5)


def test_risk_and_coverage_by_hand(network):
    """By falling confidence: right, right, wrong, right, wrong."""
    images = np.array([[255, 0, 0], [0, 240, 0], [0, 0, 220], [200, 0, 0], [0, 180, 0]], np.uint8)[:, None]
    result = evaluate(network, images, [0, 1, 0, 0, 2])
    falling = np.sort(result.confidence)[::-1]
    assert [result.threshold(coverage) for coverage in (0.2, 0.6, 1.0)] == [falling[0], falling[2], falling[4]]
    assert result.accepted(falling[1]) == (0.4, 0.0)
    assert result.accepted(falling[3]) == (0.8, 0.25)
    assert result.accepted(1.0) == (0.0, 0.0)
    assert [result.coverage(error) for error in (0, 0.2, 0.25, 0.4)] == [0.4, 0.4, 0.8, 1.0]
    with pytest.raises(ValueError, match="a coverage of 0; expected above 0, at most 1"):
        result.threshold(0)
    assert result.risk_coverage((1.0, 0.8, 0.2)) == (
        (falling[4], 1.0, 0.4),
        (falling[3], 0.8, 0.25),
        (falling[0], 0.2, 0.0),
    )


def test_answers_of_equal_confidence_are_accepted_together(network):
    images = np.array([[255, 0, 0]] * 4, np.uint8)[:, None]
    assert evaluate(network, images, [0, 0, 0, 1]).coverage(0.1) == 0
    assert evaluate(network, images, [0, 0, 0, 1]).coverage(0.25) == 1


def test_only_so_many_mistakes_are_listed(network):
    images = np.zeros((9, 1, 3), np.uint8)
    assert len(evaluate(network, images, [1] * 9, worst=4).worst) == 4


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "expected one whole number for each of 3 images"),
        ([0, 1, 3], "labels from 0 to 3; the network has classes 0 to 2"),
        ([0, 1, -1], "labels from -1 to 1; the network has classes 0 to 2"),
        ([0.0, 1.0, 2.0], "labels are float64"),
    ],
)
def test_bad_labels(network, labels, message):
    with pytest.raises(ValueError, match=message):
        evaluate(network, np.zeros((3, 1, 3), np.uint8), labels)


def test_no_images(network):
    with pytest.raises(ValueError, match="no images to evaluate on; expected at least one"):
        evaluate(network, np.zeros((0, 1, 3), np.uint8), np.zeros(0, int))


def test_an_evaluation_is_shown_in_one_line_and_as_tables():
    weights = {"OUTPUT.weight": np.eye(3, dtype=np.float32), "OUTPUT.bias": np.zeros(3, np.float32)}
    network = Network(Spec((1, 1, 3), (Dense("OUTPUT", 3, "softmax"),)), weights, Scale(0, 1))
    images = np.array([[[255, 0, 0]], [[0, 255, 0]], [[0, 255, 0]]], np.uint8)
    result = evaluate(network, images, [0, 1, 2])
    assert repr(result).startswith("<Evaluation: error 33.33 % (1 of 3), loss ")
    assert "\n" not in repr(result)
    html = result._repr_html_()
    assert "<caption>confusion</caption>" in html
    assert html.count("<tr>") == 4 + 2  # with the headers
    assert "<script" not in html


def test_few_images_have_few_rows_of_risk_and_coverage(network):
    images = np.array([[255, 0, 0], [0, 200, 0]], np.uint8)[:, None]
    result = evaluate(network, images, [0, 1])
    assert [row.coverage for row in result.risk_coverage()] == [1.0]


def test_what_is_no_network():
    with pytest.raises(TypeError, match=r"network is 'lenet5'; expected a network or an ensemble: lenet.load"):
        evaluate("lenet5", np.zeros((1, 1, 3)), [0])
    with pytest.raises(TypeError, match="network is a Spec; expected a network or an ensemble$"):
        evaluate(SPEC, np.zeros((1, 1, 3)), [0])
