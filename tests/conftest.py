"""What several tests need: MNIST where it is, small specs, and inputs in the reference's terms."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

import lenet
from lenet.recipe import Scale


def pytest_configure() -> None:
    """A shell runs what it runs in the background deaf to interrupts, and tests that interrupt their processes too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    there = _mnist_is_there()
    for item in items:
        if item.get_closest_marker("mnist") and not there:
            item.add_marker(pytest.mark.skip(reason="MNIST is not here: set LENET_DATA, or `lenet data fetch`"))
        if item.get_closest_marker("torch") and not _torch_is_there():
            item.add_marker(pytest.mark.skip(reason="PyTorch is not installed"))


def _mnist_is_there() -> bool:
    try:
        lenet.data.locate()
    except lenet.data.DataError:
        return False
    return True  # broken files are not absent ones: the tests then fail


def _torch_is_there() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None


@pytest.fixture(scope="session")
def mnist_train() -> tuple[np.ndarray, np.ndarray]:
    return lenet.data.mnist("train")


@pytest.fixture(scope="session")
def mnist_test() -> tuple[np.ndarray, np.ndarray]:
    return lenet.data.mnist("test")


@pytest.fixture(autouse=True)
def no_engine_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that force an instruction set or a number of threads say so themselves."""
    for name in ("LENET_ISA", "LENET_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pictures() -> Path:
    return Path(__file__).parent.parent / "examples"


def as_input(spec: lenet.Spec, images: np.ndarray, scale: Scale) -> np.ndarray:
    """Byte images as the first layer sees them, float64."""
    maps, height, width = spec.input
    images = images.reshape(len(images), maps, *images.shape[-2:])
    top, left = (height - images.shape[2]) // 2, (width - images.shape[3]) // 2
    full = np.full((len(images), maps, height, width), scale.paper, np.float64)
    full[:, :, top : top + images.shape[2], left : left + images.shape[3]] += images * ((scale.ink - scale.paper) / 255)
    return full


def child_environment(**extra: str) -> dict[str, str]:
    return {**os.environ, **extra}


def strokes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A stroke in one of three places, its class: what a network learns in a moment."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, count).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        y = 5 + 7 * label + random.integers(-1, 2)
        image[y : y + 3, 6:22] = random.integers(150, 256)
    return images, labels
