"""What "right" means: forward and backward of every layer in plain NumPy, double precision, no tricks.

The engine is tested against this, and this against finite differences and values worked out by hand. Arrays are
float64; values are (n, maps, height, width). Where a layer draws while training, its draws are given among the
weights, as ``"S2.draws"``, numbers from [0, 1) of its output's shape. Every layer has a ``_forward`` that returns its
sums before the activation and a ``_backward`` that takes their gradient and returns the input's and the arrays'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.recipe import CrossEntropy, Loss, Map, MeanSquared
from lenet.spec import LEAK, SCALED_TANH, Contrast, Conv, DeformPool, Dense, Dropout, Layer, Pool, Rbf, Spec, Subsample

Array = NDArray[np.float64]
Arrays = dict[str, Array]
Window = Pool | Subsample | DeformPool

A, S = SCALED_TANH


def activate(name: str, a: Array) -> Array:
    """Return the activation of sums; softmax is over the classes."""
    match name:
        case "linear":
            return a
        case "tanh":
            return np.tanh(a)
        case "scaled_tanh":
            return A * np.tanh(S * a)
        case "sigmoid":
            return 0.5 + 0.5 * np.tanh(0.5 * a)
        case "relu":
            return np.maximum(a, 0.0)
        case "leaky_relu":
            return np.maximum(a, LEAK * a)
        case "elu":
            return np.where(a > 0, a, np.expm1(np.minimum(a, 0.0)))
        case "softmax":
            e = np.exp(a - a.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)
    raise ValueError(f"no activation is called {name!r}")


def slope(name: str, y: Array) -> Array:
    """Return the derivative of the activation, in terms of its output; softmax belongs to the loss."""
    match name:
        case "linear" | "softmax":
            return np.ones_like(y)
        case "tanh":
            return 1 - y**2
        case "scaled_tanh":
            return A * S * (1 - (y / A) ** 2)
        case "sigmoid":
            return y * (1 - y)
        case "relu":
            return (y > 0).astype(np.float64)
        case "leaky_relu":
            return np.where(y > 0, 1.0, LEAK)
        case "elu":
            return np.where(y > 0, 1.0, y + 1)
    raise ValueError(f"no activation is called {name!r}")


def _padded(layer: Conv, x: Array) -> tuple[Array, int, int]:
    above, left, below, right = layer.borders(x.shape[1:])
    return np.pad(x, ((0, 0), (0, 0), (above, below), (left, right))), above, left


def _seen(layer: Conv, ky: int, kx: int, rows: int, columns: int) -> tuple[slice, ...]:
    """Return the pixels of the padded input that a tap sees from all positions."""
    height, width = ((count - 1) * layer.stride + 1 for count in (rows, columns))
    return np.s_[:, :, ky : ky + height : layer.stride, kx : kx + width : layer.stride]


def _conv_forward(layer: Conv, w: Arrays, x: Array) -> Array:
    weight = w["weight"] * layer.mask(x.shape[1])[:, :, None, None]
    out = np.zeros((len(x), *layer.output(x.shape[1:]))) + w["bias"][:, None, None]
    x, _, _ = _padded(layer, x)
    for ky, kx in np.ndindex(layer.size):
        out += np.einsum("mc,ncyx->nmyx", weight[:, :, ky, kx], x[_seen(layer, ky, kx, *out.shape[2:])])
    return out


def _conv_backward(layer: Conv, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    mask = layer.mask(x.shape[1])[:, :, None, None]
    weight = w["weight"] * mask
    full, top, left = _padded(layer, x)
    dx, dw = np.zeros_like(full), np.zeros_like(weight)
    for ky, kx in np.ndindex(layer.size):
        seen = _seen(layer, ky, kx, *d.shape[2:])
        dw[:, :, ky, kx] = np.einsum("nmyx,ncyx->mc", d, full[seen])
        dx[seen] += np.einsum("mc,nmyx->ncyx", weight[:, :, ky, kx], d)
    inner = dx[:, :, top : top + x.shape[2], left : left + x.shape[3]]
    return inner, {"weight": dw * mask, "bias": d.sum(axis=(0, 2, 3))}


def _windows(x: Array, layer: Window) -> Array:
    """All windows, (n, maps, rows, columns, window * window), each in row-major order; NaN beyond the picture's end."""
    n, maps, rows, columns = (*x.shape[:2], layer.windows(x.shape[2]), layer.windows(x.shape[3]))
    result = np.full((n, maps, rows, columns, layer.window**2), np.nan)
    for row, column, k in np.ndindex(rows, columns, layer.window**2):
        y, x_ = row * layer.step + k // layer.window, column * layer.step + k % layer.window
        if y < x.shape[2] and x_ < x.shape[3]:
            result[:, :, row, column, k] = x[:, :, y, x_]
    return result


def _scatter(values: Array, shape: tuple[int, ...], layer: Window) -> Array:
    """Add every window's values, laid out as `_windows` does, to where they came from."""
    dx = np.zeros(shape)
    for row, column, k in np.ndindex(*values.shape[2:]):
        y, x = row * layer.step + k // layer.window, column * layer.step + k % layer.window
        if y < shape[2] and x < shape[3]:
            dx[:, :, y, x] += values[:, :, row, column, k]
    return dx


def _picked(windows: Array, draws: Array) -> Array:
    """Where the running sum first exceeds the draw times the whole, 1; elsewhere 0 (Zeiler and Fergus 2013)."""
    running = np.nancumsum(windows, axis=-1)
    above = running > draws[..., None] * running[..., -1:]
    return above & (np.cumsum(above, axis=-1) == 1)


def _pool_forward(layer: Pool, w: Arrays, x: Array) -> Array:
    windows = _windows(x, layer)
    match layer.method:
        case "max":
            return np.nanmax(windows, axis=-1)
        case "mean":
            return np.nanmean(windows, axis=-1)
        case "l2":
            return np.sqrt(np.nansum(windows**2, axis=-1))
    if "draws" in w:
        return np.nansum(_picked(windows, w["draws"]) * windows, axis=-1)
    total = np.nansum(windows, axis=-1)
    return np.divide(np.nansum(windows**2, axis=-1), total, out=np.zeros_like(total), where=total > 0)


def _pool_derivatives(layer: Pool, w: Arrays, x: Array) -> Array:
    """Return the derivative of each output by every pixel of its window, laid out as `_windows` does."""
    windows = _windows(x, layer)
    match layer.method:
        case "max":  # of equal maxima, the first has the whole gradient
            return np.eye(windows.shape[-1])[np.nanargmax(windows, axis=-1)]
        case "mean":
            return np.ones_like(windows) / (~np.isnan(windows)).sum(axis=-1, keepdims=True)
        case "l2":
            length = np.sqrt(np.nansum(windows**2, axis=-1, keepdims=True))
            return np.divide(windows, length, out=np.zeros_like(windows), where=length > 0)
    if "draws" in w:
        return _picked(windows, w["draws"]).astype(np.float64)
    total = np.nansum(windows, axis=-1, keepdims=True)
    mean = np.divide(np.nansum(windows**2, axis=-1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    return np.divide(2 * windows - mean, total, out=np.zeros_like(windows), where=total > 0)


def _pool_backward(layer: Pool, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    return _scatter(_pool_derivatives(layer, w, x) * d[..., None], x.shape, layer), {}


def _offsets(layer: DeformPool) -> Array:
    """Return what the penalty's four coefficients multiply, (4, window * window)."""
    dy, dx = np.indices((layer.window, layer.window)).reshape(2, -1) - (layer.window - 1) / 2
    return np.stack([dy**2, dx**2, dy, dx])


def _deform_winners(layer: DeformPool, w: Arrays, x: Array) -> tuple[Array, Array]:
    """Return the penalised windows, and 1 where each has its first maximum."""
    penalised = _windows(x, layer) - (w["weight"] @ _offsets(layer))[:, None, None]
    return penalised, np.eye(layer.window**2)[penalised.argmax(axis=-1)]


def _deform_forward(layer: DeformPool, w: Arrays, x: Array) -> Array:
    return _deform_winners(layer, w, x)[0].max(axis=-1)


def _deform_backward(layer: DeformPool, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    derivatives = _deform_winners(layer, w, x)[1] * d[..., None]
    by_coefficient = -np.einsum("nmyxk,ck->mc", derivatives, _offsets(layer))
    return _scatter(derivatives, x.shape, layer), {"weight": by_coefficient}


def _subsample_forward(layer: Subsample, w: Arrays, x: Array) -> Array:
    sums = _windows(x, layer).sum(axis=-1)
    return sums * w["weight"][:, None, None] + w["bias"][:, None, None]


def _subsample_backward(layer: Subsample, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    windows = _windows(x, layer)
    derivatives = np.broadcast_to((d * w["weight"][:, None, None])[..., None], windows.shape)
    gradients = {"weight": (d * windows.sum(axis=-1)).sum(axis=(0, 2, 3)), "bias": d.sum(axis=(0, 2, 3))}
    return _scatter(derivatives, x.shape, layer), gradients


def _blur(layer: Contrast, x: Array) -> Array:
    """Weighted sums over the window along the last two axes, zeros outside."""
    half = layer.window // 2
    for axis in (-2, -1):
        padding = [(0, 0)] * x.ndim
        padding[axis] = (half, half)
        views = np.lib.stride_tricks.sliding_window_view(np.pad(x, padding), layer.window, axis=axis)
        x = views @ np.array(layer.weights)
    return x


def _contrast_parts(layer: Contrast, x: Array) -> tuple[Array, Array, Array, Array]:
    """Return centred values, deviations, divisors (n, 1, rows, columns), and the weights' sums at the border."""
    cover = x.shape[1] * _blur(layer, np.ones((1, 1, *x.shape[2:])))
    mean = _blur(layer, x.sum(axis=1, keepdims=True)) / cover
    centred = x - mean
    deviation = np.sqrt(_blur(layer, (centred**2).sum(axis=1, keepdims=True)) / cover)
    deviation = np.where(deviation > layer.plain * np.abs(mean), deviation, 0)
    return centred, deviation, np.maximum(deviation, deviation.mean(axis=(2, 3), keepdims=True)), cover


def _contrast_forward(layer: Contrast, w: Arrays, x: Array) -> Array:
    centred, _, divisor, _ = _contrast_parts(layer, x)
    return np.divide(centred, divisor, out=np.zeros_like(x), where=divisor > 0)


def _contrast_backward(layer: Contrast, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    centred, deviation, divisor, cover = _contrast_parts(layer, x)
    by_divisor = -(d * centred).sum(axis=1, keepdims=True)
    by_divisor = np.divide(by_divisor, divisor**2, out=np.zeros_like(divisor), where=divisor > 0)
    own = deviation >= divisor
    by_mean = np.where(own, 0, by_divisor).mean(axis=(2, 3), keepdims=True)
    by_deviation = np.where(own, by_divisor, 0) + by_mean
    by_squares = np.divide(by_deviation, 2 * deviation, out=np.zeros_like(deviation), where=deviation > 0) / cover
    by_centred = np.divide(d, divisor, out=np.zeros_like(d), where=divisor > 0)
    by_centred = by_centred + 2 * centred * _blur(layer, by_squares)
    return by_centred - _blur(layer, by_centred.sum(axis=1, keepdims=True) / cover), {}


def _kept(layer: Dropout, w: Arrays) -> Array | float:
    """Return what each value is multiplied by; outside of training, where nothing is drawn, 1."""
    return (w["draws"] >= layer.rate) / (1 - layer.rate) if "draws" in w else 1.0


def _dropout_forward(layer: Dropout, w: Arrays, x: Array) -> Array:
    return x * _kept(layer, w)


def _dropout_backward(layer: Dropout, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    return d * _kept(layer, w), {}


def _dense_forward(layer: Dense, w: Arrays, x: Array) -> Array:
    return (x.reshape(len(x), -1) @ w["weight"].T + w["bias"])[:, :, None, None]


def _dense_backward(layer: Dense, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    d, flat = d[:, :, 0, 0], x.reshape(len(x), -1)
    return (d @ w["weight"]).reshape(x.shape), {"weight": d.T @ flat, "bias": d.sum(axis=0)}


def _rbf_differences(layer: Rbf, x: Array) -> Array:
    return x.reshape(len(x), 1, -1) - np.array(layer.codes)


def _rbf_forward(layer: Rbf, w: Arrays, x: Array) -> Array:
    return (_rbf_differences(layer, x) ** 2).sum(axis=-1)[:, :, None, None]


def _rbf_backward(layer: Rbf, w: Arrays, x: Array, d: Array) -> tuple[Array, Arrays]:
    return (2 * d[:, :, 0] * _rbf_differences(layer, x)).sum(axis=1).reshape(x.shape), {}


_FORWARD: dict[type[Layer], Any] = {
    Conv: _conv_forward,
    Pool: _pool_forward,
    DeformPool: _deform_forward,
    Contrast: _contrast_forward,
    Subsample: _subsample_forward,
    Dropout: _dropout_forward,
    Dense: _dense_forward,
    Rbf: _rbf_forward,
}
_BACKWARD: dict[type[Layer], Any] = {
    Conv: _conv_backward,
    Pool: _pool_backward,
    DeformPool: _deform_backward,
    Contrast: _contrast_backward,
    Subsample: _subsample_backward,
    Dropout: _dropout_backward,
    Dense: _dense_backward,
    Rbf: _rbf_backward,
}


def _own(layer: Layer, weights: Mapping[str, NDArray[Any]]) -> Arrays:
    prefix = layer.name + "."
    return {k.removeprefix(prefix): v.astype(np.float64) for k, v in weights.items() if k.startswith(prefix)}


def forward(spec: Spec, weights: Mapping[str, NDArray[Any]], x: NDArray[Any]) -> Arrays:
    """Return every layer's output for inputs (n, maps, height, width), by name."""
    outputs: Arrays = {}
    value = np.asarray(x, np.float64)
    for layer in spec.layers:
        value = activate(layer.activation, _FORWARD[type(layer)](layer, _own(layer, weights), value))
        outputs[layer.name] = value
    return outputs


def scores(spec: Spec, weights: Mapping[str, NDArray[Any]], x: NDArray[Any]) -> Array:
    """Return (n, classes), the largest of which is the answer."""
    output = forward(_without_softmax(spec), weights, x)[spec.layers[-1].name][:, :, 0, 0]
    return -output if spec.layers[-1].lower_is_better else output


def _without_softmax(spec: Spec) -> Spec:
    last = spec.layers[-1]
    if last.activation != "softmax":
        return spec
    return Spec(spec.input, (*spec.layers[:-1], replace(last, activation="linear")))  # type: ignore[call-arg]


def loss(kind: Loss, values: Array, labels: NDArray[Any]) -> tuple[Array, Array]:
    """Return each sample's loss and its gradient with respect to the scores (n, classes).

    For a cross-entropy, `labels` may also be targets: what each class should get, (n, classes), rows that sum to 1.
    """
    n, classes = values.shape
    right = np.eye(classes)[labels] if labels.ndim == 1 else labels
    match kind:
        case CrossEntropy(smoothing=smoothing):
            target = right * (1 - smoothing) + smoothing / classes
            log = values - np.logaddexp.reduce(values, axis=1, keepdims=True)
            return -(target * log).sum(axis=1), np.exp(log) - target
        case Map(rubbish=rubbish):
            everything = np.concatenate([values, np.full((n, 1), -rubbish)], axis=1)
            total = np.logaddexp.reduce(everything, axis=1)
            return total - values[np.arange(n), labels], np.exp(values - total[:, None]) - right
        case MeanSquared():
            return -values[np.arange(n), labels], -right


def curvature(
    spec: Spec, weights: Mapping[str, NDArray[Any]], x: NDArray[Any], labels: NDArray[Any], kind: Loss
) -> Arrays:
    """Return the mean over the samples of the loss's second derivative by every array's elements.

    As LeCun et al. 1998, appendix C, propagate it: the chain rule with weights, values and slopes squared. The loss
    itself contributes the diagonal p (1 - p) of its softmax; with radial basis functions also the 2 of the right
    class's squared distance.
    """
    plain = _without_softmax(spec)
    x = np.asarray(x, np.float64)
    outputs = forward(plain, weights, x)
    inputs = [x, *outputs.values()]
    layers, last = list(plain.layers), spec.layers[-1]
    values = outputs[last.name][:, :, 0, 0] * (-1 if last.lower_is_better else 1)
    rest = [np.full((len(x), 1), -kind.rubbish)] if isinstance(kind, Map) else []
    p = activate("softmax", np.concatenate([values, *rest], axis=1))[:, : values.shape[1]]
    h = np.zeros_like(p) if isinstance(kind, MeanSquared) else p * (1 - p)
    h = h[:, :, None, None] / len(x)
    if isinstance(last, Rbf):
        layers.pop()
        squares = (2 * _rbf_differences(last, inputs[-2])) ** 2
        h = (2 / len(x) + (h[:, :, 0] * squares).sum(axis=1)).reshape(inputs[-2].shape)
    result: Arrays = {}
    for layer, value in zip(reversed(layers), reversed(inputs[: len(layers)]), strict=True):
        h = h * slope(layer.activation, outputs[layer.name]) ** 2
        own = {key: array**2 for key, array in _own(layer, weights).items()}
        if isinstance(layer, Contrast):
            raise ValueError(f"{layer.name}: second derivatives do not go through contrast normalisation")
        if isinstance(layer, Subsample):  # a coefficient multiplies the sum of the window, so that is squared
            sums = _windows(value, layer).sum(axis=-1, keepdims=True)
            by_coefficient = (h[..., None] * sums**2).sum(axis=(0, 2, 3, 4))
            h, gradients = _BACKWARD[Subsample](layer, own, value, h)
            gradients["weight"] = by_coefficient
        elif isinstance(layer, Pool):
            derivatives = _pool_derivatives(layer, _own(layer, weights), value) ** 2 * h[..., None]
            h, gradients = _scatter(derivatives, value.shape, layer), {}
        elif isinstance(layer, DeformPool):  # the winners stay who they are; their offsets are squared
            derivatives = _deform_winners(layer, _own(layer, weights), value)[1] * h[..., None]
            gradients = {"weight": np.einsum("nmyxk,ck->mc", derivatives, _offsets(layer) ** 2)}
            h = _scatter(derivatives, value.shape, layer)
        elif isinstance(layer, Dropout):
            h, gradients = h * _kept(layer, _own(layer, weights)) ** 2, {}
        else:
            h, gradients = _BACKWARD[type(layer)](layer, own, value**2, h)
        result |= {f"{layer.name}.{short}": array for short, array in gradients.items()}
    return result


def gradient(
    spec: Spec, weights: Mapping[str, NDArray[Any]], x: NDArray[Any], labels: NDArray[Any], kind: Loss
) -> tuple[float, Arrays]:
    """Return the mean loss over the samples and its gradient with respect to every array."""
    plain = _without_softmax(spec)
    x = np.asarray(x, np.float64)
    outputs = forward(plain, weights, x)
    sign = -1 if spec.layers[-1].lower_is_better else 1
    losses, d_scores = loss(kind, sign * outputs[spec.layers[-1].name][:, :, 0, 0], labels)
    d = sign * d_scores[:, :, None, None] / len(x)
    _, gradients = _backward(plain, weights, [x, *outputs.values()], d)
    return float(losses.mean()), gradients


def _backward(
    spec: Spec, weights: Mapping[str, NDArray[Any]], values: Sequence[Array], d: Array
) -> tuple[Array, Arrays]:
    """Return the gradient by the input and by every array, from that by the output.

    `values` are the input and every layer's output.
    """
    gradients: Arrays = {}
    for layer, value, output in zip(reversed(spec.layers), values[-2::-1], values[:0:-1], strict=True):
        d = d * slope(layer.activation, output)
        d, own = _BACKWARD[type(layer)](layer, _own(layer, weights), value, d)
        gradients |= {f"{layer.name}.{short}": array for short, array in own.items()}
    return d, gradients


def input_gradient(
    spec: Spec, weights: Mapping[str, NDArray[Any]], x: NDArray[Any], classes: NDArray[np.integer[Any]]
) -> Array:
    """Return the gradient of the score of each input's class by the input, (n, maps, height, width).

    Parameters
    ----------
    x : float (n, maps, height, width)
    classes : int (n,)
        The class of which the score is meant, for each input; see `scores`.
    """
    plain = _without_softmax(spec)
    x = np.asarray(x, np.float64)
    sign = -1.0 if spec.layers[-1].lower_is_better else 1.0
    d = sign * np.eye(spec.classes)[classes][:, :, None, None]
    return _backward(plain, weights, [x, *forward(plain, weights, x).values()], d)[0]
