"""Convolutions, dense layers, radial basis functions and dropout as data: their shapes, arrays and counts.

A shape is (maps, height, width). A layer's *parameters* are what training adjusts; its *connections* are the
multiplications by a weight plus the additions of a bias, counted at every position, as LeCun, Bottou, Bengio and
Haffner 1998 count them in section II.B.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from lenet.spec.checks import is_whole, require, require_fraction

Shape = tuple[int, int, int]
Table = tuple[tuple[int, ...], ...]

ACTIVATIONS = ("linear", "tanh", "scaled_tanh", "sigmoid", "relu", "leaky_relu", "elu", "softmax")
"""Activation functions. ``scaled_tanh`` has the constants `SCALED_TANH`; ``leaky_relu`` has the slope `LEAK` below 0;
``elu`` is exp(a) - 1 below 0; ``softmax`` is for the output layer only."""
SCALED_TANH = (1.7159, 2 / 3)
"""The amplitude A and slope S of the activation A tanh(S a) of LeCun et al. 1998."""
LEAK = 0.01
"""The slope of ``leaky_relu`` below 0."""

MAX_SIZE = 1 << 20
"""A layer with more maps, units or pixels than this in one dimension is refused."""


def _pair(value: int | tuple[int, int], what: str) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    require(
        len(pair) == 2 and all(is_whole(v) and 1 <= v <= MAX_SIZE for v in pair),
        f"{what} is {value!r}; expected whole numbers, at least 1",
    )
    return cast(tuple[int, int], pair)


@dataclass(frozen=True)
class Layer:
    """What all layers have: a name and an activation."""

    name: str
    kind: ClassVar[str] = ""
    lower_is_better: ClassVar[bool] = False

    @property
    def activation(self) -> str:
        """The name of the activation function, one of `ACTIVATIONS`."""
        return "linear"

    @property
    def step(self) -> int:
        """The stride in pixels."""
        return 1

    def output(self, shape: Shape) -> Shape:
        """Return the output's shape for an input's shape; ValueError if the input is too small."""
        raise NotImplementedError

    def arrays(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the layer's arrays for an input's shape, by their short names."""
        return {}

    def fan_in(self, shape: Shape) -> int:
        """Return how many values each unit adds up."""
        return 1

    def fan_out(self, shape: Shape) -> int:
        """Return how many units each input value reaches, borders ignored."""
        return 1

    def parameters(self, shape: Shape) -> int:
        """Return how many numbers training adjusts."""
        return sum(product(s) for s in self.arrays(shape).values())

    def connections(self, shape: Shape) -> int:
        """Return the number of connections, the paper's way."""
        return 0

    def multiplications(self, shape: Shape) -> int:
        """Return the multiplications by a weight for one image."""
        return 0

    def check(self) -> None:
        """Raise ValueError if the layer contradicts itself."""
        for what in ("maps", "units", "window", "stride"):
            value = getattr(self, what, None)
            fits = value is None or (is_whole(value) and 1 <= value <= MAX_SIZE)
            require(fits, f"{self.name}: {what} is {value!r}; expected a whole number from 1 to {MAX_SIZE}")
        require(bool(self.name) and "." not in self.name, f"a layer's name is {self.name!r}; expected one without dots")
        require(
            self.activation in ACTIVATIONS,
            f"{self.name}: activation is {self.activation!r}; expected one of {', '.join(ACTIVATIONS)}",
        )

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return the layer with other values of its fields; ValueError for an unknown field."""
        names = [f.name for f in fields(self)]
        for what in changes:
            require(what in names, f"{self.name} ({type(self).__name__}) has no {what!r}; it has {', '.join(names)}")
        return replace(self, **changes)

    def refitted(self, former: Shape, shape: Shape, given: Container[str] = ()) -> Layer:
        """Return the layer for an input of another shape than its former one; fields that are `given` stay as they are.

        Raises ValueError if that is not possible.
        """
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the layer as plain lists, numbers and strings; fields that are None are left out."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"layer": type(self).__name__, **{k: v for k, v in values.items() if v is not None}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the layer of this class that `to_dict` described; TypeError for unknown or missing fields."""
        return cls(**{key: tuples(value) for key, value in data.items() if key != "layer"})


def tuples(value: Any) -> Any:
    """Return lists, at any depth, as tuples; anything else as it is."""
    return tuple(map(tuples, value)) if isinstance(value, list | tuple) else value


def product(shape: tuple[int, ...]) -> int:
    """Return the product of the sizes."""
    result = 1
    for n in shape:
        result *= n
    return result


def too_small(name: str, what: str, need: tuple[int, int], shape: Shape) -> str:
    """Return the message for an input that is smaller than a layer's kernel or window."""
    return (
        f"{name}: {what} of {need[0]}x{need[1]} on an input of {shape[1]}x{shape[2]}; expected at most "
        f"{shape[1]}x{shape[2]}, or a larger input of the network"
    )


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution (a correlation, as everywhere in this field) with a bias per map.

    Parameters
    ----------
    maps : int
        Output maps.
    kernel : int or (int, int)
        Height and width of the receptive field, in pixels.
    padding : {"valid", "same"}
        ``same`` surrounds the input with zeros so that the output has its size, divided by the stride and rounded up.
        Of an odd number of zeros, the extra one lies below and to the right, as in TensorFlow and Keras.
    table : tuple of tuples of int, optional
        For each output map, the input maps it sees (Table I of the paper); by default all of them.
    activation : str
        One of `ACTIVATIONS`.
    stride : int
        The distance of neighbouring receptive fields, in pixels.

    Arrays: ``weight`` (maps, input maps, height, width), zero where the table has no connection; ``bias`` (maps,).
    """

    maps: int
    kernel: int | tuple[int, int]
    padding: str = "valid"
    table: Table | None = None
    activation: str = "linear"
    stride: int = 1
    kind: ClassVar[str] = "convolution"

    def __post_init__(self) -> None:
        """Take lists for tuples, so that equal layers are equal."""
        for what in ("kernel", "table"):
            object.__setattr__(self, what, tuples(getattr(self, what)))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the kernel."""
        return _pair(self.kernel, f"{self.name}: kernel")

    @property
    def step(self) -> int:
        """See :attr:`Layer.step`."""
        return self.stride

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`."""
        height, width = self.size
        if self.padding == "same":
            return (self.maps, -(-shape[1] // self.stride), -(-shape[2] // self.stride))
        require(shape[1] >= height and shape[2] >= width, too_small(self.name, "a kernel", self.size, shape))
        return (self.maps, (shape[1] - height) // self.stride + 1, (shape[2] - width) // self.stride + 1)

    def arrays(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """See :meth:`Layer.arrays`."""
        return {"weight": (self.maps, shape[0], *self.size), "bias": (self.maps,)}

    def inputs_of(self, shape: Shape) -> Table:
        """For each output map, the input maps it sees, ascending."""
        if self.table is None:
            return (tuple(range(shape[0])),) * self.maps
        require(
            isinstance(self.table, tuple) and all(isinstance(row, tuple) for row in self.table),
            f"{self.name}: table is {self.table!r}; expected a tuple of input maps for each map, or None",
        )
        require(
            len(self.table) == self.maps,
            f"{self.name}: the table has {len(self.table)} entries; expected one for each of {self.maps} maps, or "
            "table=None for all connections",
        )
        for row in self.table:
            require(
                len(row) > 0
                and all(isinstance(c, int) for c in row)
                and list(row) == sorted(set(row))
                and 0 <= row[0]
                and row[-1] < shape[0],
                f"{self.name}: the table's entry {row} should name some of {shape[0]} input maps, ascending",
            )
        return self.table

    def borders(self, shape: Shape) -> tuple[int, int, int, int]:
        """Return the rows and columns of zeros around an input: above, to the left, below, to the right."""
        if self.padding == "valid":
            return 0, 0, 0, 0
        zeros = [
            max(0, (outputs - 1) * self.stride + kernel - size)
            for outputs, kernel, size in zip(self.output(shape)[1:], self.size, shape[1:], strict=True)
        ]
        above, left = zeros[0] // 2, zeros[1] // 2
        return above, left, zeros[0] - above, zeros[1] - left

    def refitted(self, former: Shape, shape: Shape, given: Container[str] = ()) -> Layer:
        """See :meth:`Layer.refitted`: a kernel that covered its whole input covers the new one."""
        require(
            self.table is None or shape[0] == former[0] or "table" in given,
            f"{self.name}: its table connects {former[0]} input maps, and there are {shape[0]} now; first connect it "
            f'to all of them: spec.replace("{self.name}", table=None), or --set {self.name}.table=none',
        )
        covers = self.padding == "valid" and self.size == former[1:] and "kernel" not in given
        return replace(self, kernel=shape[1:]) if covers and self.size != shape[1:] else self

    def mask(self, input_maps: int) -> NDArray[np.bool_]:
        """Return which output maps see which input maps: bool (maps, input maps)."""
        mask = np.zeros((self.maps, input_maps), bool)
        for output_map, inputs in enumerate(self.inputs_of((input_maps, 0, 0))):
            mask[output_map, list(inputs)] = True
        return mask

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`; the mean over the maps where a table makes them differ."""
        return round(sum(map(len, self.inputs_of(shape))) / self.maps * product(self.size))

    def fan_out(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_out`."""
        return round(sum(map(len, self.inputs_of(shape))) / shape[0] * product(self.size))

    def parameters(self, shape: Shape) -> int:
        """See :meth:`Layer.parameters`: connections that the table leaves out are no parameters."""
        return sum(map(len, self.inputs_of(shape))) * product(self.size) + self.maps

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`."""
        _, height, width = self.output(shape)
        return self.parameters(shape) * height * width

    def multiplications(self, shape: Shape) -> int:
        """See :meth:`Layer.multiplications`."""
        _, height, width = self.output(shape)
        return (self.parameters(shape) - self.maps) * height * width

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        require(is_whole(self.stride), f"{self.name}: stride is {self.stride!r}; expected a whole number, at least 1")
        require(
            self.size is not None and self.padding in ("valid", "same"),
            f"{self.name}: padding {self.padding!r} is neither valid nor same",
        )
        require(self.activation != "softmax", f"{self.name}: softmax is for the output layer")


@dataclass(frozen=True)
class Dense(Layer):
    """Units that see every value of the layer below.

    Arrays: ``weight`` (units, values), the values in the order maps, rows, columns; ``bias`` (units,).
    """

    units: int
    activation: str = "linear"
    kind: ClassVar[str] = "dense"

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`."""
        return (self.units, 1, 1)

    def arrays(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """See :meth:`Layer.arrays`."""
        return {"weight": (self.units, product(shape)), "bias": (self.units,)}

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`."""
        return product(shape)

    def fan_out(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_out`."""
        return self.units

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`."""
        return self.parameters(shape)

    def multiplications(self, shape: Shape) -> int:
        """See :meth:`Layer.multiplications`."""
        return self.units * product(shape)


@dataclass(frozen=True)
class Rbf(Layer):
    """Euclidean radial basis functions on fixed codes: a unit's output is its squared distance, eq. (7).

    Parameters
    ----------
    codes : tuple of tuples of float
        One code per class, as long as the layer below has values. Codes are not trained.

    The smallest output is the answer.
    """

    codes: tuple[tuple[float, ...], ...] = field(repr=False)
    kind: ClassVar[str] = "radial basis functions"
    lower_is_better: ClassVar[bool] = True

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`."""
        require(
            all(len(code) == product(shape) for code in self.codes),
            f"{self.name}: codes of {sorted({len(c) for c in self.codes})} values on a layer of {product(shape)}; "
            "expected codes of as many values as that layer has, or a Dense output layer",
        )
        return (len(self.codes), 1, 1)

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`."""
        return product(shape)

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`: the fixed weights have no bias beside them."""
        return len(self.codes) * product(shape)

    def multiplications(self, shape: Shape) -> int:
        """See :meth:`Layer.multiplications`."""
        return len(self.codes) * product(shape)

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        finite = all(abs(value) <= 1e30 for code in self.codes for value in code)  # false for what is not a number
        require(
            len(self.codes) >= 1 and finite,
            f"{self.name}: codes are not all finite, or there are none; expected one row of finite numbers per class",
        )


@dataclass(frozen=True)
class Dropout(Layer):
    """Dropout (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014): while training, some values are 0.

    Each value is dropped by itself, with the probability `rate`; the others are divided by 1 - rate, so that the mean
    stays. What is dropped is new for every image and step, and follows from the training's seed. A trained network
    leaves the values as they are.

    Parameters
    ----------
    rate : float
        The probability that a value is dropped, at least 0 and below 1.

    Examples
    --------
    >>> from lenet import Dense, Dropout, Spec
    >>> spec = Spec((1, 28, 28), (Dense("F1", 100, "relu"), Dropout("D2", 0.5), Dense("OUTPUT", 10, "softmax")))
    >>> spec.shapes["D2"]
    (100, 1, 1)
    """

    rate: float
    kind: ClassVar[str] = "dropout"

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`."""
        return shape

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        require_fraction(f"{self.name}: rate", self.rate)
