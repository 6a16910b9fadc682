"""Fixtures that several tests need, and which tests are skipped where MNIST or PyTorch is missing."""

import signal
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import lenet


def pytest_configure() -> None:
    """Take interrupts, which a shell has its background processes ignore, for the tests that send some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    has_mnist, has_torch = _has_mnist(), find_spec("torch") is not None
    for item in items:
        if item.get_closest_marker("mnist") and not has_mnist:
            item.add_marker(pytest.mark.skip(reason="MNIST is not here: set LENET_DATA, or `lenet data fetch`"))
        if item.get_closest_marker("torch") and not has_torch:
            item.add_marker(pytest.mark.skip(reason="PyTorch is not installed"))


def _has_mnist() -> bool:
    try:
        lenet.data.locate()
    except lenet.data.DataError:
        return False
    return True  # files that are broken are not missing: the tests then fail


@pytest.fixture(scope="session")
def mnist_train() -> tuple[np.ndarray, np.ndarray]:
    return lenet.data.mnist("train")


@pytest.fixture(scope="session")
def mnist_test() -> tuple[np.ndarray, np.ndarray]:
    return lenet.data.mnist("test")


@pytest.fixture(scope="session")
def digits_train() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits."""
    return lenet.data.digits("train")


@pytest.fixture(autouse=True)
def no_engine_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that force an instruction set or a number of threads say so themselves."""
    for name in ("LENET_ISA", "LENET_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pictures() -> Path:
    return Path(__file__).parent.parent / "examples"
