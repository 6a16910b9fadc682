"""How fast the engine runs on this machine: training, inference, one image, beside the processor's peak.

The images are random: speed does not depend on what they show.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lenet.engine import cpu
from lenet.model.network import Network
from lenet.recipe.distortion import ALL_DISTORTIONS
from lenet.spec import Spec
from lenet.zoo.preset import Preset


@dataclass(frozen=True)
class Speed:
    """Medians of a measurement.

    Attributes
    ----------
    isa, threads
        The instruction set, and the number of threads.
    peak : float
        Fused multiply-adds in registers on as many threads, in 10^9 operations a second.
    train, distorted, infer : float
        Images a second: of training, of training with every distortion, of inference.
    one : float
        Microseconds for one image.
    train_fraction, infer_fraction : float
        Of the peak.
    """

    isa: str
    threads: int
    peak: float
    train: float
    distorted: float
    infer: float
    one: float
    train_fraction: float
    infer_fraction: float


def operations(spec: Spec, training: bool) -> int:
    """Return the floating-point operations that one image needs, a multiplication and an addition per weight.

    Training needs them for the outputs, for the weights' gradients, and, except in the first layer, for the inputs'
    gradients.
    """
    counts = [layer.multiplications(shape) for layer, shape in spec.steps()]
    return 2 * (3 * sum(counts) - counts[0] if training else sum(counts))


def median_seconds(*jobs: Callable[[], object], repeats: int) -> list[float]:
    """Return the median time of each job, after one run that is not counted; the jobs take turns."""
    times: list[list[float]] = [[] for _ in jobs]
    for turn in range(repeats + 1):
        for job, taken in zip(jobs, times, strict=True):
            began = time.perf_counter()
            job()
            if turn:
                taken.append(time.perf_counter() - began)
    return [float(np.median(taken)) for taken in times]


def measure(preset: Preset, threads: int | None = None, *, images: int = 12800, repeats: int = 7) -> Speed:
    """Measure training and inference of a preset's network with its recipe's minibatches."""
    spec, recipe, used = preset.spec, preset.recipe, cpu.threads_to_use(threads)
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (images, *spec.input), np.uint8)
    labels = random.integers(0, spec.classes, images, np.uint8)
    network = Network.create(spec, init=recipe.init, scale=recipe.scale)
    plain, distorted = (
        cpu.trainer(spec, network.flat, replace(recipe, distortion=distortion))
        for distortion in (None, ALL_DISTORTIONS)
    )
    order = cpu.permutation(0, 1, images)
    rates = np.full(-(-images // recipe.batch_size), 1e-4, np.float32)
    peaks = [cpu.measure_peak(used, 0.2)]
    train, with_distortions = (
        images / seconds
        for seconds in median_seconds(
            lambda: plain.run(pictures, labels, order, rates, used, 1),
            lambda: distorted.run(pictures, labels, order, rates, used, 1),
            repeats=repeats,
        )
    )
    peaks.append(cpu.measure_peak(used, 0.2))
    infer = images / median_seconds(lambda: network.predict(pictures, used), repeats=repeats)[0]
    peaks.append(cpu.measure_peak(used, 0.2))
    single = pictures[:1, 0] if spec.input[0] == 1 else pictures[:1]
    one = median_seconds(lambda: [network.predict(single) for _ in range(100)], repeats=5 * repeats)[0] / 100
    peak = float(np.median(peaks))
    return Speed(
        isa=network.isa,
        threads=used,
        peak=peak / 1e9,
        train=train,
        distorted=with_distortions,
        infer=infer,
        one=one * 1e6,
        train_fraction=train * operations(spec, True) / peak,
        infer_fraction=infer * operations(spec, False) / peak,
    )
