"""ONNX Runtime as a second opinion on the same weights."""

import numpy as np
import onnxruntime
import pytest
from networks import NAMED, SCALE, case

from lenet import Ensemble, Network, presets
from lenet.export import to_onnx

SPECS = {**NAMED, **{name: preset.spec for name, preset in presets.items()}}


@pytest.mark.parametrize("name", SPECS)
def test_onnx_runtime_gives_the_same_scores(name):
    images, _, weights = case(SPECS[name], 23)
    net = Network(SPECS[name], weights, SCALE)
    session = onnxruntime.InferenceSession(to_onnx(net).SerializeToString(), providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"input": net.trace(images)["INPUT"]})
    assert np.abs(scores - net.scores(images)).max() <= 2e-5 * max(1, np.abs(scores).max())


def test_an_ensemble_is_no_single_network():
    ensemble = Ensemble([Network.create(presets["lenet1"].spec)])
    with pytest.raises(TypeError, match="an ensemble of 1 networks; expected a single network"):
        to_onnx(ensemble)
