"""PyTorch and ONNX Runtime as second opinions on the same weights: values, gradients, whole trainings."""

import numpy as np
import pytest
from networks import NAMED, case, tolerance

from lenet import Ensemble, Network, engine, presets
from lenet.recipe import Adam, CrossEntropy, Scale, Sgd
from lenet.weights import flatten, unflatten

SPECS = {**NAMED, **{name: preset.spec for name, preset in presets.items()}}
SCALE = Scale(-0.1, 1.175)


def network(name: str) -> tuple[Network, np.ndarray, np.ndarray]:
    images, labels, weights = case(SPECS[name], 23)
    return Network(SPECS[name], weights, SCALE), images, labels


@pytest.mark.parametrize("name", SPECS)
def test_onnx_runtime_gives_the_same_scores(name):
    import onnxruntime

    from lenet.interop.onnx import to_onnx

    net, images, _ = network(name)
    session = onnxruntime.InferenceSession(to_onnx(net).SerializeToString(), providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"input": net.trace(images)["INPUT"]})
    assert np.abs(scores - net.scores(images)).max() <= 2e-5 * max(1, np.abs(scores).max())


@pytest.mark.torch
@pytest.mark.parametrize("name", SPECS)
def test_torch_gives_the_same_scores_and_gradients(name):
    import torch

    from lenet.interop.torch import to_torch

    net, images, labels = network(name)
    module = to_torch(net).eval()
    scores = module(torch.from_numpy(net.trace(images)["INPUT"]))
    assert np.abs(scores.detach().numpy() - net.scores(images)).max() <= 2e-5 * max(
        1, float(scores.detach().abs().max())
    )
    if any(getattr(layer, "method", "") == "stochastic" for layer in net.spec.layers):
        return  # each draws its own numbers while training
    loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels.astype(np.int64)))
    loss.backward()
    trainer = engine.trainer(net.spec, flatten(net.spec, net.weights), SCALE, CrossEntropy(), Sgd(), len(images))
    value, flat = trainer.gradient(images, labels, 2)
    assert value == pytest.approx(loss.item(), rel=1e-5)
    for key, array in unflatten(net.spec, flat).items():
        wanted = module.get_parameter(key).grad.numpy()
        assert np.abs(array - wanted).max() <= 2 * tolerance(net.spec) * max(np.abs(wanted).max(), 1e-3), key


@pytest.mark.torch
def test_torch_draws_a_windows_pixels_in_proportion():
    import torch

    from lenet import Conv, Dense, Pool, Spec
    from lenet.interop.torch import to_torch

    spec = Spec((1, 2, 2), (Conv("A", 1, 1, activation="relu"), Pool("P", method="stochastic"), Dense("OUT", 1)))
    net = Network.create(spec).with_weights(**{"A.weight": np.ones((1, 1, 1, 1)), "A.bias": np.zeros(1)})
    pooling = to_torch(net).train()[:2]
    x = torch.tensor([[1.0, 0.0], [2.0, 5.0]]).expand(4000, 1, 2, 2)
    drawn = pooling(x).flatten().detach().numpy()
    assert set(drawn) == {1.0, 2.0, 5.0}
    assert drawn.mean() == pytest.approx((1 + 4 + 25) / 8, abs=0.15)
    assert not pooling(torch.zeros(1, 1, 2, 2)).any()


@pytest.mark.torch
@pytest.mark.parametrize(
    "optimizer",
    [
        Sgd(momentum=0.9, nesterov=True, weight_decay=1e-3),
        Sgd(momentum=0.9, weight_decay=1e-3),
        Adam(epsilon=1e-4, weight_decay=1e-3),
        Adam(epsilon=1e-4, weight_decay=1e-2, decoupled=True),
    ],
    ids=repr,
)
def test_torch_trains_to_the_same_weights(optimizer):
    import torch

    from lenet.interop.torch import from_torch, to_torch

    net, images, labels = network("lenet5")
    module = to_torch(net)
    if isinstance(optimizer, Sgd):
        theirs = torch.optim.SGD(
            module.parameters(),
            0.05,
            optimizer.momentum,
            weight_decay=optimizer.weight_decay,
            nesterov=optimizer.nesterov,
        )
    else:
        kind = torch.optim.AdamW if optimizer.decoupled else torch.optim.Adam
        theirs = kind(
            module.parameters(), 0.002, (optimizer.beta1, optimizer.beta2), optimizer.epsilon, optimizer.weight_decay
        )
    rate = 0.05 if isinstance(optimizer, Sgd) else 0.002
    x, y = torch.from_numpy(net.trace(images)["INPUT"]), torch.from_numpy(labels.astype(np.int64))
    steps = 5
    for _ in range(steps):
        theirs.zero_grad()
        torch.nn.functional.cross_entropy(module(x), y).backward()
        theirs.step()
    trainer = engine.trainer(net.spec, flatten(net.spec, net.weights), SCALE, CrossEntropy(), optimizer, len(images))
    for _ in range(steps):
        trainer.run(images, labels, np.arange(len(images), dtype=np.uint32), np.array([rate], np.float32), 2)
    trained = from_torch(module, net)
    for key, array in unflatten(net.spec, trainer.weights()).items():
        assert np.abs(array - trained.weights[key]).max() <= 1e-4 * np.abs(array).max(), key


def test_an_ensemble_is_no_single_network():
    from lenet.interop.onnx import to_onnx

    ensemble = Ensemble([Network.create(presets["lenet1"].spec)])
    with pytest.raises(TypeError, match="a Ensemble; expected a single Network"):
        to_onnx(ensemble)


@pytest.mark.torch
def test_an_ensemble_is_no_single_module():
    from lenet.interop.torch import to_torch

    with pytest.raises(TypeError, match="a Ensemble; expected a single Network"):
        to_torch(Ensemble([Network.create(presets["lenet1"].spec)]))
