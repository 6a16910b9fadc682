"""Networks of every layer kind and odd geometry for the engine's tests, and inputs and weights for them."""

from functools import cache

import numpy as np
import pytest

from lenet import Contrast, Conv, DeformPool, Dense, Dropout, Pool, Rbf, Spec, Subsample, _engine
from lenet.engine import cpu
from lenet.model.initial import initial_weights
from lenet.recipe import Constant, CrossEntropy, Loss, Optimizer, Recipe, Scale, Sgd
from lenet.spec import Layer
from lenet.spec.pooling import BORDERS, METHODS

ISAS = cpu.supported_isas()
SCALE = Scale(-0.1, 1.175)
TOLERANCE = 1e-5  # of the largest value of an array

every_isa = pytest.mark.parametrize("isa", ISAS)


def recipe_with(batch_size: int, loss: Loss | None = None, optimizer: Optimizer | None = None) -> Recipe:
    """Return what a trainer needs of a recipe, at these tests' grey levels."""
    return Recipe(
        Constant(0.1), batch_size=batch_size, loss=loss or CrossEntropy(), optimizer=optimizer or Sgd(), scale=SCALE
    )


def sparse(outputs: int, inputs: int) -> tuple[tuple[int, ...], ...]:
    """Return a table with gaps: map m sees the input maps whose numbers differ from m modulo 3, and its own."""
    return tuple(tuple(c for c in range(inputs) if (m + c) % 3 or c == m % inputs) for m in range(outputs))


def conv_net(kernel: int, maps: int, size: int, padding: str = "valid", second: int = 3) -> Spec:
    """Return a network of two convolutions, the second with a table, around a pooling."""
    after = size if padding == "same" else size - kernel + 1
    layers = [Conv("A", maps, kernel, padding=padding, activation="tanh"), Pool("P")]
    if after // 2 >= second:
        layers.append(Conv("B", 4, second, padding=padding, table=sparse(4, maps), activation="tanh"))
    return Spec((1, size, size), (*layers, Dense("OUT", 5, "softmax")))


NAMED = {
    **{f"kernel {k}": conv_net(k, 6, 16 + k % 3) for k in range(1, 10)},
    **{f"same {k}": conv_net(k, 5, 11 + k % 2, "same", k) for k in range(1, 10)},
    **{f"{m} maps": conv_net(5, m, 14) for m in (1, 2, 7, 16, 20, 31, 50)},
    **{f"size {s}": conv_net(3, 6, s) for s in (4, 5, 28, 31, 45)},
    "rectangular": Spec((2, 13, 17), (Conv("A", 3, (4, 7)), Conv("B", 2, (6, 1), activation="relu"), Dense("OUT", 3))),
    "conv to dense": Spec(
        (3, 6, 6), (Conv("A", 5, 3, activation="tanh"), Conv("B", 7, 4, activation="tanh"), Dense("OUT", 4))
    ),
    **{
        f"stride {stride}, {padding} {kernel}": Spec(
            (2, 17, 14),
            (
                Conv("A", 4, kernel, padding=padding, activation="tanh", stride=stride),
                Conv("B", 5, (1, 2), padding="same", table=sparse(5, 4), activation="tanh", stride=2),
                Dense("OUT", 3),
            ),
        )
        for stride in (2, 3, 4)
        for padding in ("valid", "same")
        for kernel in (1, 2, 5, (3, 7))
    },
    "stride behind max pooling": Spec(
        (1, 20, 27),
        (
            Conv("A", 3, 3, activation="tanh"),
            Pool("P"),
            Conv("B", 7, 4, table=sparse(7, 3), activation="tanh", stride=2),
            Pool("Q", window=1),
            Conv("C", 5, 3, padding="same", activation="tanh", stride=3),
            Dense("OUT", 3),
        ),
    ),
    "one wide row": Spec((1, 3, 70), (Conv("A", 3, 3, activation="tanh"), Conv("B", 2, (1, 5)), Dense("OUT", 3))),
    "overlapping max": Spec(
        (1, 12, 12), (Conv("A", 3, 3, activation="tanh"), Pool("P", window=3, stride=2), Dense("OUT", 3))
    ),
    **{
        f"{method}, border {border}": Spec(
            (1, 14, 13),
            (
                Conv("A", 3, 3, activation="sigmoid"),
                Pool("P", window=3, stride=2, method=method, border=border),
                Pool("Q", method=method, border=border),
                Dense("OUT", 3),
            ),
        )
        for method in METHODS
        for border in BORDERS
    },
    "windows apart": Spec(
        (1, 11, 12), (Conv("A", 2, 2), Pool("P", window=2, stride=4, border="keep", method="l2"), Dense("OUT", 3))
    ),
    "stochastic over max": Spec(
        (2, 13, 13),
        (Conv("A", 4, 2, activation="relu"), Pool("P"), Pool("Q", 3, method="stochastic"), Dense("OUT", 3)),
    ),
    "deformation": Spec(
        (1, 13, 12),
        (Conv("A", 3, 3, activation="tanh"), DeformPool("P", 3, 2, "tanh"), DeformPool("Q"), Dense("OUT", 3)),
    ),
    "deformation first": Spec((2, 9, 9), (DeformPool("P", 5, 1), Dense("OUT", 3))),
    "contrast": Spec(
        (1, 14, 12),
        (
            Conv("A", 4, 3, activation="tanh"),
            Contrast("N", 5),
            Conv("B", 3, 3, padding="same", activation="tanh"),
            Contrast("M", 9, "tanh"),
            Dense("OUT", 3),
        ),
    ),
    "contrast first": Spec((2, 9, 9), (Contrast("N", 3), Conv("A", 3, 2, activation="tanh"), Dense("OUT", 3))),
    "contrast larger than its picture": Spec(
        (1, 6, 5), (Conv("A", 3, 2, activation="tanh"), Contrast("N", 21), Dense("OUT", 3))
    ),
    "dropout": Spec(
        (1, 14, 12),
        (
            Conv("A", 5, 3, activation="tanh"),
            Dropout("D1", 0.25),
            Pool("P"),
            Dropout("D2", 0.5),
            Conv("B", 3, 3, padding="same", activation="tanh"),
            Dense("F", 21, "tanh"),
            Dropout("D3", 0.5),
            Dense("OUT", 3),
        ),
    ),
    "dropout first": Spec((2, 6, 7), (Dropout("D", 0.1), Conv("A", 3, 2, activation="tanh"), Dense("OUT", 3))),
    "dropout before stochastic pooling": Spec(
        (1, 9, 9),
        (
            Conv("A", 4, 2, activation="sigmoid"),
            Dropout("D", 0.3),
            Pool("P", method="stochastic"),
            Dropout("E", 0.0),
            Dense("OUT", 3),
        ),
    ),
    "dropout behind a wide layer": Spec(
        (1, 16, 16), (Dense("A", 600, "tanh"), Dropout("D", 0.4), Dense("B", 250, "tanh"), Dense("OUT", 3))
    ),
    "mean": Spec((1, 12, 13), (Conv("A", 3, 3, activation="sigmoid"), Pool("P", method="mean"), Dense("OUT", 3))),
    "max first": Spec((2, 9, 9), (Pool("P", activation="tanh"), Conv("A", 3, 2, activation="tanh"), Dense("OUT", 3))),
    "subsample": Spec(
        (1, 12, 12),
        (Conv("A", 3, 3, activation="scaled_tanh"), Subsample("S", activation="scaled_tanh"), Dense("OUT", 3)),
    ),
    "subsample first": Spec((1, 9, 9), (Subsample("S", window=3, stride=2, activation="tanh"), Dense("OUT", 3))),
    "subsample, same": Spec(
        (1, 10, 10),
        (
            Conv("A", 3, 3, padding="same", activation="tanh"),
            Subsample("S"),
            Conv("B", 4, 4, padding="same"),
            Dense("OUT", 3),
        ),
    ),
    "wide dense": Spec((1, 5, 7), (Dense("A", 37, "relu"), Dense("B", 13, "sigmoid"), Dense("OUT", 11))),
    "wide layer": Spec(
        (1, 20, 20), (Conv("A", 8, 5, activation="tanh"), Dense("B", 70, "relu"), Dense("OUT", 3, "softmax"))
    ),
    "two wide layers": Spec(
        (1, 16, 16),
        (Pool("P", method="mean"), Dense("A", 2100, "tanh"), Dense("B", 66, "sigmoid"), Dense("OUT", 5)),
    ),
    "wide layers only": Spec((3, 40, 40), (Dense("A", 30, "tanh"), Dense("B", 4400, "tanh"), Dense("OUT", 31))),
    **{
        activation: Spec(
            (1, 13, 12),
            (
                Conv("A", 4, 3, activation=activation),
                Pool("P"),
                Conv("B", 3, 2, activation=activation),
                Pool("Q", 3, 2, activation, "mean"),
                Dense("F", 9, activation),
                Dense("OUT", 3),
            ),
        )
        for activation in ("leaky_relu", "elu")
    },
    "tiny dense": Spec((1, 1, 1), (Dense("A", 1, "tanh"), Dense("OUT", 2))),
    "pooled behind an odd width": Spec(
        (1, 9, 9), (Conv("A", 3, 1, activation="tanh"), Conv("B", 4, 1), Pool("P"), Dense("OUT", 3))
    ),
    "pooled behind an odd width, wide kernel": Spec(
        (1, 28, 28), (Conv("A", 6, 5), Pool("P"), Conv("B", 50, 4), Pool("Q"), Dense("OUT", 3))
    ),
    "narrow planes before same padding": Spec(
        (1, 10, 10), (Conv("A", 4, 3), Pool("P"), Conv("B", 4, 1), Conv("C", 4, 3, padding="same"), Dense("OUT", 3))
    ),
    "pooled before padding above and below": Spec(
        (1, 4, 12),
        (Pool("P"), Conv("A", 7, 1), Pool("Q", window=1), Conv("B", 7, (2, 1), padding="same"), Dense("OUT", 3)),
    ),
    "covering before same padding": Spec(
        (1, 4, 4), (Conv("A", 6, 4, activation="tanh"), Conv("B", 4, 3, padding="same"), Dense("OUT", 3))
    ),
    "rbf": Spec(
        (1, 6, 6),
        (
            Dense("A", 5, "scaled_tanh"),
            Rbf("OUT", tuple((1.0, -1.0, 1.0, -1.0, 1.0)[k:] + (1.0,) * k for k in range(3))),
        ),
    ),
}


def random_net(seed: int) -> Spec:
    """Return layers at random: whatever combination a table of presets may hold one day."""
    random = np.random.default_rng(seed)
    shape = (int(random.integers(1, 3)), int(random.integers(4, 26)), int(random.integers(4, 26)))
    layers = []
    now = shape
    for k in range(int(random.integers(1, 6))):
        activation = str(random.choice(["linear", "tanh", "sigmoid", "scaled_tanh"]))
        kind = random.integers(0, 5)
        if kind <= 2:
            padding = "same" if random.random() < 0.4 else "valid"
            kernel = (int(random.integers(1, min(6, now[1]) + 1)), int(random.integers(1, min(6, now[2]) + 1)))
            maps = int(random.integers(1, 9))
            table = sparse(maps, now[0]) if random.random() < 0.3 and now[0] > 1 else None
            stride = int(random.integers(2, 4)) if random.random() < 0.2 else 1
            layers.append(Conv(f"L{k}", maps, kernel, padding, table, activation, stride))
        elif min(now[1:]) >= 2:
            window = int(random.integers(1, min(3, *now[1:]) + 1)) if random.random() < 0.4 else 2
            stride = int(random.integers(1, 4)) if random.random() < 0.4 else None
            if kind == 3:
                other = (DeformPool, Subsample)[int(random.random() < 0.7)]
                layers.append(other(f"L{k}", window, stride, activation))
            elif random.random() < 0.1:
                layers.append(Contrast(f"L{k}", int(random.choice([3, 5, 9])), activation))
            else:
                drawn = ["stochastic"] * bool(layers and layers[-1].activation == "sigmoid")
                method = str(random.choice(["max", "max", "max", "mean", "l2", *drawn]))
                border = str(random.choice(["ignore", "ignore", "keep"]))
                layers.append(Pool(f"L{k}", window, stride, method=method, border=border))
        if layers:
            now = Spec(shape, (*layers, Dense("OUT", 3))).shapes[layers[-1].name]
    return Spec(shape, (*layers, Dense("OUT", 3, "softmax")))


GEOMETRIES = {**NAMED, **{f"random {seed}": random_net(seed) for seed in range(80)}}


@cache
def case(spec: Spec, count: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return random images, labels and weights for a network; they are shared, so none is to be changed in place."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, *spec.input), np.uint8)
    labels = random.integers(0, spec.classes, count, np.uint8)
    weights = initial_weights(spec, "glorot", seed)
    for name in weights:
        if name.endswith("bias"):
            weights[name] = random.normal(0, 0.1, weights[name].shape).astype(np.float32)
    for layer in spec.layers:
        if isinstance(layer, DeformPool):
            shape = weights[f"{layer.name}.weight"].shape
            weights[f"{layer.name}.weight"] = random.normal(0, 0.1, shape).astype(np.float32)
    return images, labels, weights


def tolerance(spec: Spec) -> float:
    """Return that of gradients. Contrast normalisation undoes scale and offset, so that gradients cancel there."""
    return 1e-4 if any(isinstance(layer, Contrast) for layer in spec.layers) else TOLERANCE


def close(got: np.ndarray, wanted: np.ndarray, what: str, tolerance: float = TOLERANCE) -> None:
    """Assert that arrays agree within a tolerance, relative to the largest value."""
    error = np.abs(got - wanted).max() / max(np.abs(wanted).max(), 1e-3)
    assert error <= tolerance, f"{what}: relative error {error:.2g}"


def draws_numbers(layer: Layer) -> bool:
    """Return whether a layer draws in training."""
    return isinstance(layer, Dropout) or (isinstance(layer, Pool) and layer.method == "stochastic")


def draws(spec: Spec, samples: list[int], step: int = 1, seed: int = 0) -> dict[str, np.ndarray]:
    """Return what an engine of that seed draws at a step, as the reference takes it."""
    flat = _engine.draws(spec.input, cpu.layers(spec), seed, step, samples)
    result, start = {}, 0
    for layer in spec.layers:
        if draws_numbers(layer):
            shape = spec.shapes[layer.name]
            size = int(np.prod(shape))
            result[f"{layer.name}.draws"] = flat[:, start : start + size].reshape(-1, *shape)
            start += -(-size // 16) * 16
    return result
