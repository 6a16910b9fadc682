"""How fast the engine runs here: training, answering, one image alone, beside the processor's own peak.

The images are random: speed does not depend on what they show.
"""

from __future__ import annotations

import datetime
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lenet import engine
from lenet import weights as weights_
from lenet.distort import EVERYTHING
from lenet.entry import Preset
from lenet.network import Network
from lenet.spec import Spec


@dataclass(frozen=True)
class Speed:
    """Medians. `peak` is fused multiply-adds in registers on as many threads, in 10^9 operations a second.

    `train`, `distorted` (training with every kind of distortion) and `infer` are images a second, `one` microseconds
    for a single image; the shares are of the peak.
    """

    isa: str
    threads: int
    peak: float
    train: float
    distorted: float
    infer: float
    one: float
    train_share: float
    infer_share: float


def provenance(threads: int | None = None) -> dict[str, Any]:
    """Return what a measurement should name: processor, threads, date, version, and the source's commit if known."""
    import lenet

    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else []:
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    here = Path(lenet.__file__).resolve().parent
    described = []
    for command in (["rev-parse", "--show-toplevel"], ["describe", "--always", "--dirty"]):
        try:
            done = subprocess.run(["git", *command], cwd=here, capture_output=True, text=True, check=False)
        except OSError:  # no git
            break
        described.append(done.stdout.strip())
    # The package may lie in somebody else's repository: that one's commit says nothing.
    commit = described[1] if len(described) == 2 and Path(described[0]) == here.parent.parent else ""
    return {
        "processor": name,
        "threads": engine.threads_to_use(threads),
        "date": datetime.date.today().isoformat(),
        "lenet": lenet.__version__,
        "commit": commit or "unknown",
    }


def operations(spec: Spec, training: bool) -> int:
    """Return the floating-point operations one image needs, a multiplication and an addition per weight.

    Training needs them for the outputs, for the weights' gradients, and (but for the first layer) for the
    inputs' gradients.
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


def measure(preset: Preset, threads: int | None = None, images: int = 12800, repeats: int = 7) -> Speed:
    """Measure training and answering of a preset's network by its recipe's minibatches."""
    spec, recipe, used = preset.spec, preset.recipe, engine.threads_to_use(threads)
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (images, *spec.input), np.uint8)
    labels = random.integers(0, spec.classes, images, np.uint8)
    network = Network.create(spec, init=recipe.init, scale=recipe.scale)
    flat = weights_.flatten(spec, network.weights)
    plain, distorted = (
        engine.trainer(
            spec, flat, recipe.scale, recipe.loss, recipe.optimizer, recipe.batch_size, distortion=distortion
        )
        for distortion in (None, EVERYTHING)
    )
    order = engine.permutation(0, 1, images)
    rates = np.full(-(-images // recipe.batch_size), 1e-4, np.float32)
    peaks = [engine.measure_peak(used, 0.2)]
    train, bent = (
        images / seconds
        for seconds in median_seconds(
            lambda: plain.run(pictures, labels, order, rates, used, 1),
            lambda: distorted.run(pictures, labels, order, rates, used, 1),
            repeats=repeats,
        )
    )
    peaks.append(engine.measure_peak(used, 0.2))
    infer = images / median_seconds(lambda: network.predict(pictures, used), repeats=repeats)[0]
    peaks.append(engine.measure_peak(used, 0.2))
    single = pictures[:1, 0] if spec.input[0] == 1 else pictures[:1]
    one = median_seconds(lambda: [network.predict(single) for _ in range(100)], repeats=5 * repeats)[0] / 100
    peak = float(np.median(peaks))
    return Speed(
        isa=network.isa,
        threads=used,
        peak=peak / 1e9,
        train=train,
        distorted=bent,
        infer=infer,
        one=one * 1e6,
        train_share=train * operations(spec, True) / peak,
        infer_share=infer * operations(spec, False) / peak,
    )
