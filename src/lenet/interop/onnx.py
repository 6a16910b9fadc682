"""A network as an ONNX model, its initializers and outputs under the paper's names.

The model takes ``input``, float (n, maps, height, width) after the grey levels, as ``network.trace(images)["INPUT"]``
has them, and returns ``scores`` (n, classes), the largest of which is the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lenet.network import Network
from lenet.spec import Conv, Dense, Layer, Pool, Rbf, Subsample

MISSING = "this needs the onnx package: pip install 'lenet[onnx]'"
OPSET = 17


def to_onnx(network: Network) -> Any:
    """Return the network as an ``onnx.ModelProto``, checked.

    Raises
    ------
    ModuleNotFoundError
        Without the onnx package; the message has the command that installs it.
    """
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error

    nodes: list[Any] = []
    initializers = [numpy_helper.from_array(np.array(array), name) for name, array in network.weights.items()]

    def constant(name: str, value: Any) -> str:
        initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    value = "input"
    for layer in network.spec.layers:
        if isinstance(layer, Dense | Rbf):
            value = node("Flatten", [value], f"{layer.name}.input")
        value = _sums(layer, value, node, constant, network)
        value = _squash(layer, value, node, constant)
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


def _sums(layer: Layer, value: str, node: Node, constant: Callable[[str, Any], str], network: Network) -> str:
    out = f"{layer.name}.sums"
    weight, bias = f"{layer.name}.weight", f"{layer.name}.bias"
    match layer:
        case Conv():
            height, width = layer.size
            top, left = ((height - 1) // 2, (width - 1) // 2) if layer.padding == "same" else (0, 0)
            below, right = (height - 1 - top, width - 1 - left) if layer.padding == "same" else (0, 0)
            return node("Conv", [value, weight, bias], out, pads=[top, left, below, right])
        case Subsample():  # a convolution of each map by itself, all weights its coefficient
            coefficients = network.weights[weight][:, None, None, None]
            kernel = np.tile(coefficients, (1, 1, layer.window, layer.window))
            name = constant(f"{layer.name}.kernel", kernel)
            return node("Conv", [value, name, bias], out, group=len(kernel), strides=[layer.step] * 2)
        case Pool():
            kind = "MaxPool" if layer.method == "max" else "AveragePool"
            return node(kind, [value], out, kernel_shape=[layer.window] * 2, strides=[layer.step] * 2)
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


def _squash(layer: Layer, value: str, node: Node, constant: Callable[[str, Any], str]) -> str:
    if layer.squash in ("linear", "softmax"):  # scores come before the softmax
        return value
    if layer.squash != "scaled_tanh":
        return node({"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}[layer.squash], [value], layer.name)
    slope = constant(f"{layer.name}.slope", np.float32(2 / 3))
    amplitude = constant(f"{layer.name}.amplitude", np.float32(1.7159))
    scaled = node("Mul", [value, slope], f"{layer.name}.scaled")
    return node("Mul", [node("Tanh", [scaled], f"{layer.name}.tanh"), amplitude], layer.name)
