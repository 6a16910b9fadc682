"""A network as data: the shape of its input and a tuple of layers, nothing else.

Shapes, parameter counts and connection counts follow from arithmetic on these. No weights, no arithmetic on images
and no file formats here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, cast

from lenet.html import table
from lenet.spec.checks import require
from lenet.spec.layers import MAX_SIZE, Conv, Dense, Dropout, Layer, Rbf, Shape, product, tuples
from lenet.spec.pooling import Contrast, DeformPool, Pool, Subsample

MAX_PARAMETERS = 1 << 28

LAYERS: dict[str, type[Layer]] = {
    cls.__name__: cls for cls in (Conv, Subsample, Pool, DeformPool, Contrast, Dropout, Dense, Rbf)
}
"""The kinds of layers by the names that files have for them."""


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


class Summary(list[Row]):
    """The rows of a network's layers; printed, and in a notebook, a table with the sums in its last line."""

    COLUMNS: ClassVar = ("layer", "kind", "activation", "output", "units", "parameters", "connections")
    """The columns of the table."""

    def table(self) -> list[tuple[str, str, str, str, int | str, int, int]]:
        """Return the lines of the table, without its header."""
        lines: list[tuple[str, str, str, str, int | str, int, int]] = [
            (r.name, r.kind, r.activation, " x ".join(map(str, r.output)), r.units, r.parameters, r.connections)
            for r in self
        ]
        sums = sum(row.parameters for row in self), sum(row.connections for row in self)
        return [*lines, ("all", "", "", "", "", *sums)]

    def __str__(self) -> str:
        """Return the table as text, numbers aligned to the right."""
        cells = [[f"{value:,}" if isinstance(value, int) else value for value in line] for line in self.table()]
        widths = [max(map(len, column)) for column in zip(self.COLUMNS, *cells, strict=True)]
        numbers = self.COLUMNS.index("units")
        lines = [
            [
                cell.rjust(width) if column >= numbers else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            for line in ([*self.COLUMNS], *cells)
        ]
        return "\n".join("  ".join(line).rstrip() for line in lines)

    def _repr_html_(self) -> str:
        return table(self.COLUMNS, self.table())


@dataclass(frozen=True)
class Spec:
    """A network as data.

    Parameters
    ----------
    input : (int, int, int)
        Maps, height and width of the input in pixels. Smaller images are centred on paper.
    layers : tuple of Layer
        Starting after the input. The last one must be `Dense` or `Rbf`, and has one unit per class.

    Raises
    ------
    ValueError
        If a layer contradicts itself or cannot take what the one below gives; the message names the layer.
    """

    input: Shape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "input", tuple(self.input))
        if isinstance(self.layers, Layer):
            raise ValueError("layers are one layer; expected a tuple of them: (layer,) with a comma")
        object.__setattr__(self, "layers", tuple(self.layers))
        require(
            len(self.input) == 3 and all(type(n) is int and 1 <= n <= MAX_SIZE for n in self.input),
            f"input {self.input}; expected (maps, height, width)",
        )
        maps_last = self.input[2] in (1, 3) and self.input[0] == self.input[1] > 4
        require(
            not maps_last,
            f"input {self.input} has its maps last; expected (maps, height, width): {(self.input[2], *self.input[:2])}",
        )
        require(bool(self.layers) and isinstance(self.layers[-1], Dense | Rbf), "the last layer must be Dense or Rbf")
        names = [layer.name for layer in self.layers]
        require(len(set(names)) == len(names), f"layer names repeat: {', '.join(names)}")
        for layer, shape in self.steps():
            last = layer is self.layers[-1]
            layer.check()
            layer.parameters(shape)  # checks a table against the maps below
            require(last or layer.activation != "softmax", f"{layer.name}: softmax is for the output layer")
            require(last or not isinstance(layer, Rbf), f"{layer.name}: Rbf is for the output layer")
            drawn = isinstance(layer, Pool) and layer.method == "stochastic"
            require(
                not drawn or _never_negative(self.layers[: self.layers.index(layer)]),
                f"{layer.name}: stochastic pooling of values that may be negative; expected relu or sigmoid below",
            )
        for below, layer in pairwise(layer for layer in self.layers if not isinstance(layer, Dropout)):
            flat = isinstance(below, Dense) and isinstance(layer, Conv) and layer.padding == "same"
            require(not flat, f"{layer.name}: same padding on the single values of {below.name} makes no sense")
        require(self.parameters <= MAX_PARAMETERS, f"{self.parameters} parameters; expected at most {MAX_PARAMETERS}")

    def with_classes(self, classes: int) -> Spec:
        """Return the same network with another number of classes: the units of its last layer.

        Raises
        ------
        ValueError
            If the last layer has a code for each class (`Rbf`), and they are not as many.

        Examples
        --------
        >>> import lenet
        >>> lenet.presets["lenet5"].spec.with_classes(26).classes
        26
        """
        last = self.layers[-1]
        if classes == self.classes:
            return self
        if not isinstance(last, Dense):
            raise ValueError(
                f"{last.name}: has codes for {self.classes} classes, not {classes}; expected as many, or a Dense layer"
            )
        return replace(self, layers=(*self.layers[:-1], replace(last, units=classes)))

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

    def summary(self) -> Summary:
        """Return one `Row` per layer: kind, output shape, units, parameters, connections.

        Examples
        --------
        >>> import lenet
        >>> print(lenet.presets["lenet1"].spec.summary())
        layer   kind         activation   output       units  parameters  connections
        C1      convolution  scaled_tanh  4 x 24 x 24  2,304         104       59,904
        S2      subsampling  scaled_tanh  4 x 12 x 12    576           8        2,880
        C3      convolution  scaled_tanh  12 x 8 x 8     768         512       32,768
        S4      subsampling  scaled_tanh  12 x 4 x 4     192          24          960
        OUTPUT  dense        softmax      10 x 1 x 1      10       1,930        1,930
        all                                                        2,578       98,442
        """
        rows = Summary()
        for layer, shape in self.steps():
            output = layer.output(shape)
            counts = product(output), layer.parameters(shape), layer.connections(shape)
            rows.append(Row(layer.name, layer.kind, layer.activation, output, *counts))
        return rows

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def replace(self, layer_name: str, /, **changes: Any) -> Spec:
        """Return the same network with fields of a layer changed, such as its maps, kernel or activation.

        Later layers are adjusted where only one size makes sense: a convolution whose kernel covers its whole input,
        such as C5 of LeNet-5, still covers it afterwards.

        Parameters
        ----------
        layer_name : str
            The layer's name, such as ``C1``.
        **changes
            New values of the layer's fields.

        Raises
        ------
        ValueError
            If there is no such layer or field, or a layer does not fit any more; the message says how to go on.

        Examples
        --------
        >>> import lenet
        >>> spec = lenet.presets["lenet5"].spec.replace("C3", table=None)
        >>> spec = spec.replace("C1", kernel=7, maps=12, activation="relu")
        >>> spec.shapes["C1"], spec.layers[4].kernel
        ((12, 26, 26), (4, 4))
        """
        return self.replace_layers({layer_name: changes})

    def replace_layers(self, changes: Mapping[str, Mapping[str, Any]]) -> Spec:
        """Return the same network with fields of several layers changed, as `replace` does, all of them together.

        Parameters
        ----------
        changes : mapping
            By the layer's name, new values of its fields by their names.
        """
        names = [layer.name for layer in self.layers]
        for name in changes:
            require(name in names, f"no layer is called {name!r}; expected one of {', '.join(names)}")
        layers: list[Layer] = []
        shape = self.input
        for layer, former_shape in self.steps():
            fields = changes.get(layer.name, {})
            layer = layer.changed(fields)
            layer.check()
            if shape != former_shape:
                layer = layer.refitted(former_shape, shape, fields)
            layers.append(layer)
            shape = layer.output(shape)
        return Spec(self.input, tuple(layers))

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain lists, numbers and strings."""
        return {"input": list(self.input), "layers": [layer.to_dict() for layer in self.layers]}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Spec:
        """Return the spec that `to_dict` described.

        Raises
        ------
        ValueError
            If it is no such description; the message says what is wrong with it.
        """
        try:
            layers = [LAYERS[entry["layer"]].from_dict(entry) for entry in data["layers"]]
            return Spec(cast(Shape, tuples(data["input"])), tuple(layers))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the description of a network: {error}") from error


def _never_negative(layers: tuple[Layer, ...]) -> bool:
    """Return whether what comes out of the last of these layers is never below 0."""
    if not layers:
        return False
    last = layers[-1]
    passes = isinstance(last, Dropout) or (isinstance(last, Pool) and last.activation == "linear")
    return last.activation in ("relu", "sigmoid") or (passes and _never_negative(layers[:-1]))
