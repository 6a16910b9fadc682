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
    """Two surest right, the third wrong, the fourth right, the fifth wrong."""
    images = np.array([[255, 0, 0], [0, 240, 0], [0, 0, 220], [200, 0, 0], [0, 180, 0]], np.uint8)[:, None]
    result = evaluate(network, images, [0, 1, 0, 0, 2])
    sure = np.sort(result.confidence)[::-1]
    assert [result.threshold(share) for share in (0.2, 0.6, 1.0)] == [sure[0], sure[2], sure[4]]
    assert result.accepted(sure[1]) == (0.4, 0.0)
    assert result.accepted(sure[3]) == (0.8, 0.25)
    assert result.accepted(1.0) == (0.0, 0.0)
    assert [result.coverage(error) for error in (0, 0.2, 0.25, 0.4)] == [0.4, 0.4, 0.8, 1.0]
    with pytest.raises(ValueError, match="a coverage of 0; expected above 0, at most 1"):
        result.threshold(0)


def test_answers_equally_sure_are_accepted_together(network):
    images = np.array([[255, 0, 0]] * 4, np.uint8)[:, None]
    assert evaluate(network, images, [0, 0, 0, 1]).coverage(0.1) == 0
    assert evaluate(network, images, [0, 0, 0, 1]).coverage(0.25) == 1


def test_only_so_many_mistakes_are_listed(network):
    images = np.zeros((9, 1, 3), np.uint8)
    assert len(evaluate(network, images, [1] * 9, worst=4).worst) == 4


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 3], [0, 1, -1], [0.0, 1.0, 2.0]])
def test_bad_labels(network, labels):
    with pytest.raises(ValueError, match="expected"):
        evaluate(network, np.zeros((3, 1, 3), np.uint8), labels)


def test_no_images(network):
    with pytest.raises(ValueError, match="at least one label"):
        evaluate(network, np.zeros((0, 1, 3), np.uint8), np.zeros(0, int))
