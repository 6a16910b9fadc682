"""A network as an ONNX model, its initializers and outputs under the paper's names.

The model takes ``input``, float (n, maps, height, width) after the grey levels, as ``network.trace(images)["INPUT"]``
has them, and returns ``scores`` (n, classes), the largest of which is the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lenet.extras import missing
from lenet.model.ensemble import single_network
from lenet.model.network import Network
from lenet.spec import LEAK, SCALED_TANH, Contrast, Conv, DeformPool, Dense, Dropout, Layer, Pool, Rbf, Shape, Subsample

try:
    import onnx
    from onnx import helper, numpy_helper
except ModuleNotFoundError as error:
    raise missing("onnx", "ONNX export") from error

OPSET = 17


def to_onnx(network: Network) -> Any:
    """Return the network as an ``onnx.ModelProto``, checked.

    Its input ``input``, float32 (n, maps, height, width), has the size of the network's input, in its grey levels: a
    pixel p, 0 = paper and 255 = ink, is ``scale.paper + (scale.ink - scale.paper) * p / 255`` with `Network.scale`.
    Smaller images are to be centred on paper first. Its output ``scores``, float32 (n, classes), is that of
    `Network.scores`, before any temperature.

    Raises
    ------
    TypeError
        If it is not a single network.
    """
    network = single_network(network)
    nodes: list[Any] = []
    initializers = [numpy_helper.from_array(np.array(array), name) for name, array in network.weights.items()]

    def constant(name: str, value: Any) -> str:
        initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    value = "input"
    for layer, shape in network.spec.steps():
        if isinstance(layer, Dense | Rbf):
            value = node("Flatten", [value], f"{layer.name}.input")
        value = _sums(layer, shape, value, node, constant, network)
        value = _activation(layer, value, node, constant)
    node("Identity", [value], "scores")
    graph = helper.make_graph(
        nodes,
        "lenet",
        [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, ["n", *network.spec.input])],
        [helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["n", network.spec.classes])],
        initializers,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="lenet", ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


Node = Callable[..., str]


Constant = Callable[[str, Any], str]


def _pool(layer: Pool, shape: Shape, value: str, node: Node, constant: Constant) -> str:
    """Pooling; where windows reach past the end, the end is padded, and means are taken over what lies inside."""
    out, size = f"{layer.name}.sums", layer.window
    counts = [layer.windows(n) for n in shape[1:]]
    rest = [max(0, (count - 1) * layer.step + size - n) for count, n in zip(counts, shape[1:], strict=True)]
    window = {"kernel_shape": [size] * 2, "strides": [layer.step] * 2, "pads": [0, 0, *rest]}
    if layer.method == "max":
        return node("MaxPool", [value], out, **window)
    ones = constant(f"{layer.name}.ones", np.ones((shape[0], 1, size, size), np.float32))

    def total(of: str, name: str) -> str:
        return node("Conv", [of, ones], name, group=shape[0], **window)

    if layer.method == "mean":
        rows, columns = (np.minimum(size, n - layer.step * np.arange(layer.windows(n))) for n in shape[1:])
        pixels = constant(f"{layer.name}.pixels", np.outer(rows, columns).astype(np.float32))
        return node("Div", [total(value, f"{layer.name}.total"), pixels], out)
    squares = total(node("Mul", [value, value], f"{layer.name}.squared"), f"{layer.name}.squares")
    if layer.method == "l2":
        return node("Sqrt", [squares], out)
    least = constant(f"{layer.name}.least", np.float32(np.finfo(np.float32).tiny))  # 0 / 0 is to be 0
    sums = node("Max", [total(value, f"{layer.name}.total"), least], f"{layer.name}.whole")
    return node("Div", [squares, sums], out)


def _deform(layer: DeformPool, shape: Shape, value: str, node: Node, constant: Constant, network: Network) -> str:
    """Build the largest of the window's pixels, each a strided slice less its penalty."""
    _, rows, columns = layer.output(shape)
    steps = constant(f"{layer.name}.steps", np.array([layer.step] * 2, np.int64))
    axes = constant(f"{layer.name}.axes", np.array([2, 3], np.int64))
    parts = []
    for y, x in np.ndindex(layer.window, layer.window):
        name = f"{layer.name}.{y}.{x}"
        first = constant(f"{name}.first", np.array([y, x], np.int64))
        last = [y + (rows - 1) * layer.step + 1, x + (columns - 1) * layer.step + 1]
        pixel = node(
            "Slice", [value, first, constant(f"{name}.last", np.array(last, np.int64)), axes, steps], f"{name}.pixel"
        )
        dy, dx = y - (layer.window - 1) / 2, x - (layer.window - 1) / 2
        penalty = network.weights[f"{layer.name}.weight"] @ np.array([dy**2, dx**2, dy, dx], np.float32)
        parts.append(node("Sub", [pixel, constant(f"{name}.penalty", penalty[:, None, None])], name))
    return node("Max", parts, f"{layer.name}.sums")


def _contrast(layer: Contrast, shape: Shape, value: str, node: Node, constant: Constant) -> str:
    name = layer.name
    row = np.array(layer.weights)
    kernel = constant(f"{name}.kernel", np.outer(row, row)[None, None].astype(np.float32))
    rows, columns = (np.convolve(np.ones(n), row)[layer.window // 2 :][:n] for n in shape[1:])
    cover = constant(f"{name}.cover", (shape[0] * np.outer(rows, columns)).astype(np.float32))
    maps = constant(f"{name}.maps", np.array([1], np.int64))
    least = constant(f"{name}.least", np.float32(np.finfo(np.float32).tiny))  # 0 / 0 is to be 0

    plain, none = constant(f"{name}.plain", np.float32(layer.plain)), constant(f"{name}.none", np.float32(0))

    def around(of: str, what: str) -> str:
        total = node("ReduceSum", [of, maps], f"{name}.{what}.total")
        blurred = node("Conv", [total, kernel], f"{name}.{what}.blurred", pads=[layer.window // 2] * 4)
        return node("Div", [blurred, cover], f"{name}.{what}")

    mean = around(value, "mean")
    centred = node("Sub", [value, mean], f"{name}.centred")
    variance = around(node("Mul", [centred, centred], f"{name}.squared"), "variance")
    rounding = node("Mul", [node("Abs", [mean], f"{name}.size"), plain], f"{name}.rounding")
    measured = node("Sqrt", [variance], f"{name}.measured")
    some = node("Greater", [measured, rounding], f"{name}.some")
    deviation = node("Where", [some, measured, none], f"{name}.deviation")
    usual = node("ReduceMean", [deviation], f"{name}.usual", axes=[2, 3])
    return node("Div", [centred, node("Max", [deviation, usual, least], f"{name}.divisor")], f"{name}.sums")


def _sums(layer: Layer, shape: Shape, value: str, node: Node, constant: Constant, network: Network) -> str:
    out = f"{layer.name}.sums"
    weight, bias = f"{layer.name}.weight", f"{layer.name}.bias"
    match layer:
        case Conv():
            return node("Conv", [value, weight, bias], out, pads=list(layer.borders(shape)), strides=[layer.stride] * 2)
        case Subsample():  # a convolution of each map by itself, all weights its coefficient
            coefficients = network.weights[weight][:, None, None, None]
            kernel = np.tile(coefficients, (1, 1, layer.window, layer.window))
            name = constant(f"{layer.name}.kernel", kernel)
            return node("Conv", [value, name, bias], out, group=len(kernel), strides=[layer.step] * 2)
        case Pool():
            return _pool(layer, shape, value, node, constant)
        case DeformPool():
            return _deform(layer, shape, value, node, constant, network)
        case Contrast():
            return _contrast(layer, shape, value, node, constant)
        case Dropout():  # the model answers, and does not learn
            return node("Identity", [value], out)
        case Dense():
            return node("Gemm", [value, weight, bias], out, transB=1)
        case Rbf():
            codes = constant(f"{layer.name}.codes", np.array(layer.codes, np.float32))
            axis = constant(f"{layer.name}.axis", np.array([1], np.int64))
            wide = node("Unsqueeze", [value, axis], f"{layer.name}.wide")
            difference = node("Sub", [wide, codes], f"{layer.name}.difference")
            square = node("Mul", [difference, difference], f"{layer.name}.square")
            last = constant(f"{layer.name}.last", np.array([2], np.int64))
            distance = node("ReduceSum", [square, last], f"{layer.name}.distance", keepdims=0)
            return node("Neg", [distance], out)
    raise TypeError(f"ONNX has no {type(layer).__name__} here")


_ACTIVATIONS: dict[str, tuple[str, dict[str, float]]] = {
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": LEAK}),
    "elu": ("Elu", {"alpha": 1.0}),
}
"""The operator of each activation that is one, and its attributes."""


def _activation(layer: Layer, value: str, node: Node, constant: Constant) -> str:
    if layer.activation in ("linear", "softmax"):  # scores come before the softmax
        return value
    if layer.activation != "scaled_tanh":
        kind, attributes = _ACTIVATIONS[layer.activation]
        return node(kind, [value], layer.name, **attributes)
    amplitude, slope = (
        constant(f"{layer.name}.{what}", np.float32(value))
        for what, value in zip(("amplitude", "slope"), SCALED_TANH, strict=True)
    )
    scaled = node("Mul", [value, slope], f"{layer.name}.scaled")
    return node("Mul", [node("Tanh", [scaled], f"{layer.name}.tanh"), amplitude], layer.name)
