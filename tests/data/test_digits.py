"""scikit-learn's digits, scaled up as MNIST's are."""

import sys

import pytest

from lenet.data import digits


def test_digits_split_and_size():
    train, test = digits("train"), digits("test")
    assert (len(train[0]), len(test[0])) == (1438, 359)
    assert train[0].shape[1:] == (28, 28)
    assert train[0].max() == 255
    assert not train[0][:, 0].any()  # paper around


def test_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ModuleNotFoundError, match=r"the digits data set needs sklearn: pip install 'lenet\[sklearn\]'"):
        digits("train")
