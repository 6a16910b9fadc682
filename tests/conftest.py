"""Fixtures that several tests need, and which tests are skipped where MNIST or PyTorch is missing."""

import shutil
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lenet

BROWSER = "chromium"


def pytest_configure() -> None:
    """Take interrupts, which a shell has its background processes ignore, for the tests that send some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    has_mnist, has_torch = _has_mnist(), find_spec("torch") is not None
    has_browser = shutil.which(BROWSER) is not None
    for item in items:
        if item.get_closest_marker("mnist") and not has_mnist:
            item.add_marker(pytest.mark.skip(reason="MNIST is not here: set LENET_DATA, or `lenet data fetch`"))
        if item.get_closest_marker("torch") and not has_torch:
            item.add_marker(pytest.mark.skip(reason="PyTorch is not installed"))
        if item.get_closest_marker("browser") and not has_browser:
            item.add_marker(pytest.mark.skip(reason=f"there is no {BROWSER}: Debian has it as a package"))


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
def browser_page() -> Iterator[Any]:
    """A page of a real browser; at the end, nothing on it must have failed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(BROWSER), args=["--no-sandbox"])
        page = browser.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("requestfailed", lambda request: failures.append(request.url))
        page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
        yield page
        browser.close()
    assert failures == []


@pytest.fixture
def pictures() -> Path:
    return Path(__file__).parent.parent / "examples"
