"""Optional packages: the error where one is missing has the command that installs it."""

import pytest

from lenet.extras import EXTRAS, is_installed, missing


@pytest.mark.parametrize("package", EXTRAS)
def test_the_error_has_the_pip_command(package):
    error = missing(package, "this")
    assert isinstance(error, ModuleNotFoundError)
    assert error.name == package
    assert str(error) == f"this needs {package}: pip install 'lenet[{EXTRAS[package]}]'"


def test_what_is_installed():
    assert is_installed("numpy")
    assert not is_installed("a_package_that_nobody_wrote")
