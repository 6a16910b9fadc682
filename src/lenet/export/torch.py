"""A network as a PyTorch module, one submodule per layer, under the paper's names and with the same arrays.

The module takes what the first layer takes: float images (n, maps, height, width) after the grey levels, as
``network.trace(images)["INPUT"]`` has them. It returns scores, the largest of which is the answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from lenet.extras import missing
from lenet.model.ensemble import single_network
from lenet.model.network import Network
from lenet.spec import LEAK, SCALED_TANH, Contrast, Conv, DeformPool, Dense, Dropout, Layer, Pool, Rbf, Shape, Subsample

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ModuleNotFoundError as error:
    raise missing("torch", "PyTorch export") from error


def to_torch(network: Network) -> Any:
    """Return the network as a ``torch.nn.Sequential`` of its layers, in float32, on the CPU, trainable.

    Its ``state_dict`` has the arrays under their own names, ``C1.weight`` and so on. Connections that a table leaves
    out get no gradient, so they stay zero under any optimizer. It takes and returns what the model of
    `lenet.export.to_onnx` does. Dropout and stochastic pooling draw until ``eval()`` is called, as in any module.

    Raises
    ------
    TypeError
        If it is not a single network.
    """
    network = single_network(network)
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for layer, shape in network.spec.steps():
        modules[layer.name] = LayerModule(layer, shape)
    module = nn.Sequential(modules)
    arrays = {name: torch.from_numpy(np.array(array)) for name, array in network.weights.items()}
    absent, unknown = module.load_state_dict(arrays, strict=False)
    assert not unknown and not [name for name in absent if not name.endswith((".mask", ".codes"))]
    return module


def from_torch(module: Any, like: Network) -> Network:
    """Return `like` with the weights of a module that `to_torch` made."""
    state = module.state_dict()
    return like.with_weights(**{name: state[name].detach().cpu().numpy() for name in like.weights})


class LayerModule(nn.Module):
    """A layer as a module, with the layer's arrays as its parameters."""

    weight: torch.Tensor
    bias: torch.Tensor
    mask: torch.Tensor | None
    codes: torch.Tensor

    def __init__(self, layer: Layer, shape: Shape) -> None:
        super().__init__()
        self.layer, self.input_shape = layer, shape
        for short, size in layer.arrays(shape).items():
            self.register_parameter(short, nn.Parameter(torch.zeros(size)))
        if isinstance(layer, Conv):
            mask = layer.mask(shape[0])[:, :, None, None]
            self.register_buffer("mask", None if mask.all() else torch.tensor(mask, dtype=torch.float32))
        if isinstance(layer, Rbf):
            self.register_buffer("codes", torch.tensor(layer.codes))

    def forward(self, x: Any) -> Any:
        """Return the layer's output, (n, maps, height, width) or (n, units)."""
        return _ACTIVATIONS[self.layer.activation](_SUMS[type(self.layer)](self, self.layer, x))


def _conv(module: LayerModule, layer: Conv, x: Any) -> Any:
    if layer.padding == "same":
        above, left, below, right = layer.borders(tuple(x.shape[1:]))
        x = F.pad(x, (left, right, above, below))
    weight = module.weight if module.mask is None else module.weight * module.mask
    return F.conv2d(x, weight, module.bias, layer.stride)


def _subsample(module: LayerModule, layer: Subsample, x: Any) -> Any:
    sums = F.avg_pool2d(x, layer.window, layer.step, divisor_override=1)
    return sums * module.weight[:, None, None] + module.bias[:, None, None]


def _pool(module: LayerModule, layer: Pool, x: Any) -> Any:
    keep = layer.border == "keep"
    match layer.method:
        case "max":
            return F.max_pool2d(x, layer.window, layer.step, ceil_mode=keep)
        case "mean":
            return F.avg_pool2d(x, layer.window, layer.step, ceil_mode=keep)
        case "l2":
            squares = (_windows(x, layer, module.input_shape) ** 2).sum(-1)
            positive = squares > 0  # the root has no derivative at 0
            return torch.where(positive, torch.where(positive, squares, 1.0).sqrt(), 0.0)
    return _stochastic(_windows(x, layer, module.input_shape), module.training)


def _stochastic(pixels: Any, training: bool) -> Any:
    """Return one pixel of each window, drawn in proportion to its value; after training, the mean weighted so."""
    sums = pixels.sum(-1, keepdim=True)
    if not training:
        return ((pixels**2).sum(-1, keepdim=True) / torch.where(sums > 0, sums, 1.0)).squeeze(-1)
    odds = torch.where(sums > 0, pixels, 1.0).detach()  # of a window of zeros, any pixel
    drawn = torch.multinomial(odds.flatten(0, -2), 1).view(sums.shape)
    return pixels.gather(-1, drawn).squeeze(-1)


def _deform(module: LayerModule, layer: DeformPool, x: Any) -> Any:
    offsets = torch.arange(layer.window, dtype=x.dtype, device=x.device) - (layer.window - 1) / 2
    dy, dx = offsets.expand(2, -1)
    dy, dx = dy.repeat_interleave(layer.window), dx.repeat(layer.window)
    penalty = module.weight @ torch.stack([dy**2, dx**2, dy, dx])
    return (_windows(x, layer, module.input_shape) - penalty[:, None, None]).max(-1).values


def _dropout(module: LayerModule, layer: Dropout, x: Any) -> Any:
    return F.dropout(x, layer.rate, module.training)


def _dense(module: LayerModule, layer: Dense, x: Any) -> Any:
    return F.linear(x.flatten(1), module.weight, module.bias)


def _rbf(module: LayerModule, layer: Rbf, x: Any) -> Any:
    return -((x.flatten(1)[:, None] - module.codes) ** 2).sum(-1)


def _windows(x: Any, layer: Pool | DeformPool, shape: Shape) -> Any:
    """Return all windows, (n, maps, rows, columns, pixels), zeros beyond the end where the border is kept."""
    below, right = (max(0, (layer.windows(n) - 1) * layer.step + layer.window - n) for n in shape[1:])
    x = F.pad(x, (0, right, 0, below))
    return x.unfold(2, layer.window, layer.step).unfold(3, layer.window, layer.step).flatten(-2)


def _contrast(module: LayerModule, layer: Contrast, x: Any) -> Any:
    row = torch.tensor(layer.weights, dtype=x.dtype, device=x.device)
    kernel = torch.outer(row, row)[None, None]

    def blur(v: Any) -> Any:
        return F.conv2d(v, kernel, padding=layer.window // 2)

    cover = x.shape[1] * blur(torch.ones_like(x[:1, :1]))
    mean = blur(x.sum(1, keepdim=True)) / cover
    centred = x - mean
    variance = blur((centred**2).sum(1, keepdim=True)) / cover
    some = variance > (layer.plain * mean) ** 2  # else there is no contrast, and the root no slope
    deviation = torch.where(some, torch.where(some, variance, 1.0).sqrt(), 0.0)
    divisor = torch.maximum(deviation, deviation.mean((2, 3), keepdim=True))
    return centred / divisor.clamp_min(torch.finfo(x.dtype).tiny)


_SUMS: dict[type[Layer], Callable[..., Any]] = {
    Conv: _conv,
    Subsample: _subsample,
    Pool: _pool,
    DeformPool: _deform,
    Contrast: _contrast,
    Dropout: _dropout,
    Dense: _dense,
    Rbf: _rbf,
}
"""What each kind of layer computes before its activation."""

_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda sums: sums,
    "softmax": lambda sums: sums,  # scores are the sums before the softmax
    "tanh": torch.tanh,
    "scaled_tanh": lambda sums: SCALED_TANH[0] * torch.tanh(SCALED_TANH[1] * sums),
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "leaky_relu": lambda sums: F.leaky_relu(sums, LEAK),
    "elu": F.elu,
}
