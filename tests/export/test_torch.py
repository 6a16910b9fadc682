"""PyTorch as a second opinion on the same weights: values, gradients, whole trainings."""

import numpy as np
import pytest
from networks import NAMED, SCALE, case, draws_numbers, recipe_with, tolerance

from lenet import Conv, Dense, Dropout, Ensemble, Network, Pool, Spec, export, presets
from lenet.engine import cpu
from lenet.model.arrays import unflatten
from lenet.recipe import Adam, Sgd

pytestmark = pytest.mark.torch

SPECS = {**NAMED, **{name: preset.spec for name, preset in presets.items()}}


def network(name: str) -> tuple[Network, np.ndarray, np.ndarray]:
    images, labels, weights = case(SPECS[name], 23)
    return Network(SPECS[name], weights, SCALE), images, labels


@pytest.mark.parametrize("name", SPECS)
def test_torch_gives_the_same_scores_and_gradients(name):
    import torch

    net, images, labels = network(name)
    module = export.to_torch(net).eval()
    scores = module(torch.from_numpy(net.trace(images)["INPUT"]))
    assert np.abs(scores.detach().numpy() - net.scores(images)).max() <= 2e-5 * max(
        1, float(scores.detach().abs().max())
    )
    if any(map(draws_numbers, net.spec.layers)):
        return  # each draws its own numbers while training
    loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels.astype(np.int64)))
    loss.backward()
    trainer = cpu.trainer(net.spec, net.flat, recipe_with(len(images)))
    value, flat = trainer.gradient(images, labels, 2)
    assert value == pytest.approx(loss.item(), rel=1e-5)
    for key, array in unflatten(net.spec, flat).items():
        wanted = module.get_parameter(key).grad.numpy()
        assert np.abs(array - wanted).max() <= 2 * tolerance(net.spec) * max(np.abs(wanted).max(), 1e-3), key


def test_torch_draws_a_windows_pixels_in_proportion():
    import torch

    spec = Spec((1, 2, 2), (Conv("A", 1, 1, activation="relu"), Pool("P", method="stochastic"), Dense("OUT", 1)))
    net = Network.create(spec).with_weights(**{"A.weight": np.ones((1, 1, 1, 1)), "A.bias": np.zeros(1)})
    pooling = export.to_torch(net).train()[:2]
    x = torch.tensor([[1.0, 0.0], [2.0, 5.0]]).expand(4000, 1, 2, 2)
    drawn = pooling(x).flatten().detach().numpy()
    assert set(drawn) == {1.0, 2.0, 5.0}
    assert drawn.mean() == pytest.approx((1 + 4 + 25) / 8, abs=0.15)
    assert not pooling(torch.zeros(1, 1, 2, 2)).any()


def test_torch_drops_values_while_training():
    import torch

    net = Network.create(Spec((1, 40, 40), (Dropout("D", 0.25), Dense("OUT", 2))))
    module = export.to_torch(net)[0]
    x = torch.ones(1, 1, 40, 40)
    assert torch.equal(module.eval()(x), x)
    dropped = module.train()(x)
    assert sorted(set(dropped.flatten().tolist())) == pytest.approx([0, 4 / 3])
    assert dropped.mean().item() == pytest.approx(1, abs=0.1)


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

    net, images, labels = network("lenet5")
    module = export.to_torch(net)
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
    trainer = cpu.trainer(net.spec, net.flat, recipe_with(len(images), optimizer=optimizer))
    for _ in range(steps):
        trainer.run(images, labels, np.arange(len(images), dtype=np.uint32), np.array([rate], np.float32), 2)
    trained = export.from_torch(module, net)
    for key, array in unflatten(net.spec, trainer.weights()).items():
        assert np.abs(array - trained.weights[key]).max() <= 1e-4 * np.abs(array).max(), key


def test_an_ensemble_is_no_single_network():
    with pytest.raises(TypeError, match="an ensemble of 1 networks; expected a single network"):
        export.to_torch(Ensemble([Network.create(presets["lenet1"].spec)]))
