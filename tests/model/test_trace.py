"""Every layer's output, as a mapping by the layers' names."""

import numpy as np
import pytest

from lenet import Trace


def test_a_trace_is_a_mapping_that_names_its_layers():
    trace = Trace({"INPUT": np.zeros((2, 1, 4, 4), np.float32), "C1": np.ones((2, 3, 2, 2), np.float32)})
    assert list(trace) == ["INPUT", "C1"]
    assert len(trace) == 2
    assert trace["C1"].all()
    assert repr(trace) == "Trace(INPUT (2, 1, 4, 4), C1 (2, 3, 2, 2))"
    with pytest.raises(KeyError, match="no layer is called 'C2'; there are INPUT, C1"):
        trace["C2"]
