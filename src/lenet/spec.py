"""A network as data: the shape of its input and a tuple of layers, nothing else.

Shapes, parameter counts and connection counts follow from arithmetic on these (LeCun, Bottou, Bengio and
Haffner 1998, section II.B). No weights, no arithmetic on images and no file formats here.

A shape is (maps, height, width). A layer's *parameters* are what training adjusts; its *connections* are the
multiplications by a weight plus the additions of a bias, counted as the paper does, at every position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, cast

Shape = tuple[int, int, int]
Table = tuple[tuple[int, ...], ...]

ACTIVATIONS = ("linear", "tanh", "scaled_tanh", "sigmoid", "relu", "softmax")
"""What a layer may do to its sums. ``scaled_tanh`` is 1.7159 tanh(2a/3); ``softmax`` is for outputs only."""


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _pair(value: int | tuple[int, int], what: str) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    _check(
        len(pair) == 2 and all(isinstance(v, int) and v >= 1 for v in pair),
        f"{what} is {value!r}; expected whole numbers from 1 on",
    )
    return cast(tuple[int, int], pair)


@dataclass(frozen=True)
class Layer:
    """What all layers have: a name and an activation."""

    name: str
    kind: ClassVar[str] = ""
    lower_is_better: ClassVar[bool] = False

    @property
    def squash(self) -> str:
        """The name of the activation."""
        return cast(str, getattr(self, "activation", "linear"))

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
        return sum(_product(s) for s in self.arrays(shape).values())

    def connections(self, shape: Shape) -> int:
        """Return the number of connections, the paper's way."""
        return 0

    def multiplications(self, shape: Shape) -> int:
        """Return the multiplications by a weight for one image."""
        return 0

    def check(self) -> None:
        """Raise ValueError if the layer contradicts itself."""
        _check(bool(self.name) and "." not in self.name, f"a layer's name is {self.name!r}; expected one without dots")
        _check(
            self.squash in ACTIVATIONS, f"{self.name}: activation {self.squash!r} is none of {', '.join(ACTIVATIONS)}"
        )


def _product(shape: tuple[int, ...]) -> int:
    result = 1
    for n in shape:
        result *= n
    return result


def _too_small(name: str, what: str, need: tuple[int, int], shape: Shape) -> str:
    return f"{name}: {what} of {need[0]}x{need[1]} on an input of {shape[1]}x{shape[2]}"


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
        ``same`` surrounds the input with zeros so that the output has its size; of an odd number of zeros,
        the extra one lies below and to the right.
    table : tuple of tuples of int, optional
        For each output map, the input maps it sees (Table I of the paper); by default all of them.

    Arrays: ``weight`` (maps, input maps, height, width), zero where the table has no connection; ``bias`` (maps,).
    """

    maps: int
    kernel: int | tuple[int, int]
    padding: str = "valid"
    table: Table | None = None
    activation: str = "linear"
    kind: ClassVar[str] = "convolution"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the kernel."""
        return _pair(self.kernel, f"{self.name}: kernel")

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`."""
        height, width = self.size
        if self.padding == "same":
            return (self.maps, shape[1], shape[2])
        _check(shape[1] >= height and shape[2] >= width, _too_small(self.name, "a kernel", self.size, shape))
        return (self.maps, shape[1] - height + 1, shape[2] - width + 1)

    def arrays(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """See :meth:`Layer.arrays`."""
        return {"weight": (self.maps, shape[0], *self.size), "bias": (self.maps,)}

    def inputs_of(self, shape: Shape) -> Table:
        """For each output map, the input maps it sees, ascending."""
        if self.table is None:
            return (tuple(range(shape[0])),) * self.maps
        _check(
            len(self.table) == self.maps,
            f"{self.name}: the table has {len(self.table)} entries; expected one for each of {self.maps} maps",
        )
        for row in self.table:
            _check(
                len(row) > 0 and list(row) == sorted(set(row)) and 0 <= row[0] and row[-1] < shape[0],
                f"{self.name}: the table's entry {row} should name some of {shape[0]} input maps, ascending",
            )
        return self.table

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`; the mean over the maps where a table makes them differ."""
        return round(sum(map(len, self.inputs_of(shape))) / self.maps * _product(self.size))

    def fan_out(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_out`."""
        return round(sum(map(len, self.inputs_of(shape))) / shape[0] * _product(self.size))

    def parameters(self, shape: Shape) -> int:
        """See :meth:`Layer.parameters`: connections that the table leaves out are no parameters."""
        return sum(map(len, self.inputs_of(shape))) * _product(self.size) + self.maps

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
        _check(self.maps >= 1, f"{self.name}: {self.maps} maps; expected at least 1")
        _check(
            self.size is not None and self.padding in ("valid", "same"),
            f"{self.name}: padding {self.padding!r} is neither valid nor same",
        )
        _check(self.squash != "softmax", f"{self.name}: softmax is for the output layer")


@dataclass(frozen=True)
class _Window(Layer):
    """What pooling and subsampling share: a square window that moves by its stride."""

    window: int = 2
    stride: int | None = None
    activation: str = "linear"

    @property
    def step(self) -> int:
        """The stride in pixels: the window's size unless said otherwise."""
        return self.window if self.stride is None else self.stride

    def output(self, shape: Shape) -> Shape:
        """See :meth:`Layer.output`; rows and columns that no whole window covers are ignored."""
        _check(min(shape[1:]) >= self.window, _too_small(self.name, "a window", (self.window, self.window), shape))
        return (shape[0], (shape[1] - self.window) // self.step + 1, (shape[2] - self.window) // self.step + 1)

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`."""
        return self.window**2

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        _check(
            self.window >= 1 and self.step >= 1,
            f"{self.name}: window {self.window}, stride {self.step}; expected at least 1",
        )
        _check(self.squash != "softmax", f"{self.name}: softmax is for the output layer")


@dataclass(frozen=True)
class Subsample(_Window):
    """The paper's subsampling: the window's sum, times a trainable coefficient, plus a trainable bias.

    Arrays: ``weight`` (maps,), the coefficients; ``bias`` (maps,).
    """

    kind: ClassVar[str] = "subsampling"

    def arrays(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """See :meth:`Layer.arrays`."""
        return {"weight": (shape[0],), "bias": (shape[0],)}

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`: each unit sees its window and its bias."""
        return _product(self.output(shape)) * (self.window**2 + 1)


@dataclass(frozen=True)
class Pool(_Window):
    """Pooling without parameters: the window's maximum or mean."""

    method: str = "max"
    kind: ClassVar[str] = "pooling"

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`: nothing is weighted, but each unit sees its window."""
        return _product(self.output(shape)) * self.window**2

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        _check(self.method in ("max", "mean"), f"{self.name}: pooling by {self.method!r}; expected max or mean")


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
        return {"weight": (self.units, _product(shape)), "bias": (self.units,)}

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`."""
        return _product(shape)

    def fan_out(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_out`."""
        return self.units

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`."""
        return self.parameters(shape)

    def multiplications(self, shape: Shape) -> int:
        """See :meth:`Layer.multiplications`."""
        return self.units * _product(shape)

    def check(self) -> None:
        """See :meth:`Layer.check`."""
        super().check()
        _check(self.units >= 1, f"{self.name}: {self.units} units; expected at least 1")


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
        _check(
            all(len(code) == _product(shape) for code in self.codes),
            f"{self.name}: codes of {sorted({len(c) for c in self.codes})} values on a layer of {_product(shape)}",
        )
        return (len(self.codes), 1, 1)

    def fan_in(self, shape: Shape) -> int:
        """See :meth:`Layer.fan_in`."""
        return _product(shape)

    def connections(self, shape: Shape) -> int:
        """See :meth:`Layer.connections`: the fixed weights have no bias beside them."""
        return len(self.codes) * _product(shape)

    def multiplications(self, shape: Shape) -> int:
        """See :meth:`Layer.multiplications`."""
        return len(self.codes) * _product(shape)


LAYERS: dict[str, type[Layer]] = {cls.__name__: cls for cls in (Conv, Subsample, Pool, Dense, Rbf)}


@dataclass(frozen=True)
class Row:
    """One line of a summary. Units are output values; shapes are (maps, height, width)."""

    name: str
    kind: str
    activation: str
    output: Shape
    units: int
    parameters: int
    connections: int


@dataclass(frozen=True)
class Spec:
    """A network as data.

    Parameters
    ----------
    input : (int, int, int)
        Maps, height and width of the input in pixels. Smaller images are centred on paper.
    layers : tuple of Layer
        From the input on. The last one must be `Dense` or `Rbf`, and has one unit per class.

    Raises
    ------
    ValueError
        If a layer contradicts itself or cannot take what the one below gives; the message names the layer.
    """

    input: Shape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _check(
            len(self.input) == 3 and all(n >= 1 for n in self.input),
            f"input {self.input}; expected (maps, height, width)",
        )
        _check(bool(self.layers) and isinstance(self.layers[-1], Dense | Rbf), "the last layer must be Dense or Rbf")
        names = [layer.name for layer in self.layers]
        _check(len(set(names)) == len(names), f"layer names repeat: {', '.join(names)}")
        for layer, shape in self.steps():
            layer.check()
            layer.parameters(shape)  # checks a table against the maps below
            _check(
                layer is self.layers[-1] or layer.squash != "softmax", f"{layer.name}: softmax is for the output layer"
            )
        _ = self.shapes

    def steps(self) -> Iterator[tuple[Layer, Shape]]:
        """Yield every layer with the shape of its input."""
        shape = self.input
        for layer in self.layers:
            yield layer, shape
            shape = layer.output(shape)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Every layer's output shape, by name."""
        return {layer.name: layer.output(shape) for layer, shape in self.steps()}

    @cached_property
    def arrays(self) -> dict[str, tuple[int, ...]]:
        """The shape of every array of weights, by its full name such as ``C1.weight``, in order."""
        return {f"{layer.name}.{short}": s for layer, shape in self.steps() for short, s in layer.arrays(shape).items()}

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self.shapes[self.layers[-1].name][0]

    @property
    def parameters(self) -> int:
        """The number of trainable parameters."""
        return sum(layer.parameters(shape) for layer, shape in self.steps())

    @property
    def connections(self) -> int:
        """The number of connections."""
        return sum(layer.connections(shape) for layer, shape in self.steps())

    def summary(self) -> list[Row]:
        """One `Row` per layer: kind, output shape, units, parameters, connections."""
        return [
            Row(
                layer.name,
                layer.kind,
                layer.squash,
                layer.output(shape),
                _product(layer.output(shape)),
                layer.parameters(shape),
                layer.connections(shape),
            )
            for layer, shape in self.steps()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain lists, numbers and strings."""
        layers = []
        for layer in self.layers:
            values = {f.name: getattr(layer, f.name) for f in fields(layer)}
            layers.append({"layer": type(layer).__name__, **{k: v for k, v in values.items() if v is not None}})
        return {"input": list(self.input), "layers": layers}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Spec:
        """Return the spec that `to_dict` described.

        Raises
        ------
        ValueError
            If it is no such description; the message says what is wrong with it.
        """
        try:
            layers = []
            for entry in data["layers"]:
                values = dict(entry)
                kind = LAYERS[values.pop("layer")]
                layers.append(kind(**{k: _tuples(v) for k, v in values.items()}))
            return Spec(cast(Shape, _tuples(data["input"])), tuple(layers))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the description of a network: {error}") from error


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
