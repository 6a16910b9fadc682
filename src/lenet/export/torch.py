"""A network as a PyTorch module, one submodule per layer, under the paper's names and with the same arrays.

The module takes what the first layer takes: float images (n, maps, height, width) after the grey levels, as
``network.trace(images)["INPUT"]`` has them. It returns scores, the largest of which is the answer.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from lenet.interop import single
from lenet.network import Network
from lenet.spec import Contrast, Conv, DeformPool, Dense, Layer, Pool, Rbf, Shape, Subsample

MISSING = "this needs PyTorch: pip install torch"


def to_torch(network: Network) -> Any:
    """Return the network as a ``torch.nn.Sequential`` of its layers, in float32, on the CPU, trainable.

    Its ``state_dict`` has the arrays under their own names, ``C1.weight`` and so on. Connections that a table leaves
    out get no gradient, so they stay zero under any optimiser.

    Raises
    ------
    ModuleNotFoundError
        Without PyTorch.
    """
    try:
        import torch
        from torch import nn
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING) from error

    network = single(network)
    modules = OrderedDict((layer.name, _module(layer, shape)) for layer, shape in network.spec.steps())
    module = nn.Sequential(modules)
    arrays = {name: torch.from_numpy(np.array(array)) for name, array in network.weights.items()}
    missing, extra = module.load_state_dict(arrays, strict=False)
    assert not extra and not [name for name in missing if not name.endswith((".mask", ".codes"))]
    return module


def from_torch(module: Any, like: Network) -> Network:
    """Return `like` with the weights of a module that `to_torch` made."""
    state = module.state_dict()
    return like.with_weights(**{name: state[name].detach().cpu().numpy() for name in like.weights})


def _windows(x: Any, layer: Pool | DeformPool, shape: Shape) -> Any:
    """Return all windows, (n, maps, rows, columns, pixels), zeros beyond the end where the border is kept."""
    from torch.nn import functional as F

    below, right = (max(0, (layer.windows(n) - 1) * layer.step + layer.window - n) for n in shape[1:])
    x = F.pad(x, (0, right, 0, below))
    return x.unfold(2, layer.window, layer.step).unfold(3, layer.window, layer.step).flatten(-2)


def _contrast(x: Any, layer: Contrast) -> Any:
    import torch
    from torch.nn import functional as F

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


def _module(layer: Layer, shape: Shape) -> Any:
    import torch
    from torch import nn
    from torch.nn import functional as F

    def squash(a: Any) -> Any:
        match layer.squash:
            case "linear" | "softmax":  # scores come before the softmax
                return a
            case "tanh":
                return torch.tanh(a)
            case "scaled_tanh":
                return 1.7159 * torch.tanh(2 / 3 * a)
            case "sigmoid":
                return torch.sigmoid(a)
            case "relu":
                return torch.relu(a)
        raise TypeError(f"PyTorch has no {layer.squash} here")

    class Module(nn.Module):
        weight: torch.Tensor
        bias: torch.Tensor
        mask: torch.Tensor | None
        codes: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            for short, size in layer.arrays(shape).items():
                self.register_parameter(short, nn.Parameter(torch.zeros(size)))
            if isinstance(layer, Conv):
                mask = torch.zeros(layer.maps, shape[0], 1, 1)
                for m, row in enumerate(layer.inputs_of(shape)):
                    mask[m, list(row)] = 1
                self.register_buffer("mask", None if mask.all() else mask)
            if isinstance(layer, Rbf):
                self.register_buffer("codes", torch.tensor(layer.codes))

        def forward(self, x: Any) -> Any:
            return squash(self.sums(x))

        def sums(self, x: Any) -> Any:
            match layer:
                case Conv(padding=padding):
                    if padding == "same":
                        height, width = layer.size
                        top, left = (height - 1) // 2, (width - 1) // 2
                        x = F.pad(x, (left, width - 1 - left, top, height - 1 - top))
                    weight = self.weight if self.mask is None else self.weight * self.mask
                    return F.conv2d(x, weight, self.bias)
                case Subsample():
                    sums = F.avg_pool2d(x, layer.window, layer.step, divisor_override=1)
                    return sums * self.weight[:, None, None] + self.bias[:, None, None]
                case Pool(method="max"):
                    return F.max_pool2d(x, layer.window, layer.step, ceil_mode=layer.border == "keep")
                case Pool(method="mean"):
                    return F.avg_pool2d(x, layer.window, layer.step, ceil_mode=layer.border == "keep")
                case Pool(method="l2"):
                    sums = (_windows(x, layer, shape) ** 2).sum(-1)
                    positive = sums > 0  # the root has no derivative at 0
                    return torch.where(positive, torch.where(positive, sums, 1.0).sqrt(), 0.0)
                case Pool():
                    parts = _windows(x, layer, shape)
                    sums = parts.sum(-1, keepdim=True)
                    if not self.training:
                        return ((parts**2).sum(-1, keepdim=True) / torch.where(sums > 0, sums, 1.0)).squeeze(-1)
                    shares = torch.where(sums > 0, parts, 1.0).detach()  # of nothing, any
                    drawn = torch.multinomial(shares.flatten(0, -2), 1).view(sums.shape)
                    return parts.gather(-1, drawn).squeeze(-1)
                case DeformPool():
                    offsets = torch.arange(layer.window, dtype=x.dtype, device=x.device) - (layer.window - 1) / 2
                    dy, dx = offsets.expand(2, -1)
                    dy, dx = dy.repeat_interleave(layer.window), dx.repeat(layer.window)
                    penalty = self.weight @ torch.stack([dy**2, dx**2, dy, dx])
                    return (_windows(x, layer, shape) - penalty[:, None, None]).max(-1).values
                case Contrast():
                    return _contrast(x, layer)
                case Dense():
                    return F.linear(x.flatten(1), self.weight, self.bias)
                case Rbf():
                    return -((x.flatten(1)[:, None] - self.codes) ** 2).sum(-1)
            raise TypeError(f"PyTorch has no {type(layer).__name__} here")

    return Module()
