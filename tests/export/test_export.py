"""The package's functions, each imported when it is first used."""

import pytest

from lenet import export


def test_the_functions_are_those_of_their_modules():
    from lenet.export import onnx

    assert export.to_onnx is onnx.to_onnx
    with pytest.raises(AttributeError, match="no attribute 'to_pickle'"):
        _ = export.to_pickle
