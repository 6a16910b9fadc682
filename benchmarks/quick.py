"""`lenet train --quick`: seconds to 99 %, and the same recipe in PyTorch on the same cores, in the same run.

    python benchmarks/quick.py [--seeds 10] [--torch-seeds 2] [--threads 2] [--out FILE]

Timed is the whole training loop, from the images in memory to the network: the order of the samples, distortions,
steps; ours with its initial weights and set-up. PyTorch gets the same initial weights, minibatches, learning rates and
ranges of distortion (its own `affine_grid` and `grid_sample`, on whole minibatches), eager and compiled; compiling is
not counted. The contestants take turns. The test images are read once a network. Writes results/quick.json; that needs
a clean commit, and the package from this checkout (see publishing.py).
"""

import json
import math
import statistics
import time

import numpy as np
import torch
from publishing import add_out, check_out, parser_of
from torch.nn import functional as F

import lenet
from lenet.engine import cpu
from lenet.experiments.provenance import provenance
from lenet.export.torch import from_torch, to_torch

PRESET = lenet.presets["lenet5"]
RECIPE = PRESET.recipes["quick"]


def train_lenet(images, labels, seed, threads):
    began = time.perf_counter()
    network = lenet.train(PRESET.spec, RECIPE, images, labels, seed=seed, threads=threads)
    return network, time.perf_counter() - began


def distorted(x, generator):
    """Return a minibatch with planar distortions drawn for each image, in the engine's ranges.

    They are shift, scale, squeeze, rotation and shear.
    """
    d, n = RECIPE.distortion, len(x)
    draw = 2 * torch.rand((6, n), generator=generator) - 1
    turn, slant = math.radians(d.rotation) * draw[0], d.shear * draw[1]
    scale, squeeze = 1 + d.scale * draw[2], 1 + d.squeeze * draw[3]
    tall, wide = 1 / (scale * squeeze), squeeze / scale
    cos, sin = turn.cos(), turn.sin()
    rows = torch.stack([wide * (slant * sin + cos), wide * (slant * cos - sin), 2 / 28 * d.shift * draw[4]], dim=1)
    columns = torch.stack([tall * sin, tall * cos, 2 / 28 * d.shift * draw[5]], dim=1)
    grid = F.affine_grid(torch.stack([rows, columns], dim=1), x.shape, align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


class TorchTraining:
    """The recipe in PyTorch, with the initial weights of a seed."""

    def __init__(self, images, labels, seed, compiled):
        self.images, self.labels = images, labels
        self.initial = lenet.Network.create(PRESET.spec, seed, init=RECIPE.init, scale=RECIPE.scale)
        self.module = to_torch(self.initial)
        self.model = torch.compile(self.module) if compiled else self.module
        self.generator = torch.Generator().manual_seed(seed)
        self.restart()

    def restart(self):
        """Put the initial weights back, with a new optimizer."""
        self.module.load_state_dict(to_torch(self.initial).state_dict())
        o = RECIPE.optimizer
        self.optimizer = torch.optim.SGD(
            self.module.parameters(), 0.1, o.momentum, weight_decay=o.weight_decay, nesterov=o.nesterov
        )

    def step(self, rows, rate):
        x = distorted(torch.from_numpy(self.images[rows][:, None]).float(), self.generator)
        paper, ink = RECIPE.scale.paper, RECIPE.scale.ink
        x = F.pad(x * ((ink - paper) / 255) + paper, (2, 2, 2, 2), value=paper)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.model(x), torch.from_numpy(self.labels[rows].astype(np.int64))).backward()
        self.optimizer.step()


def train_torch(images, labels, seed, compiled, threads):
    torch.set_num_threads(threads)
    training, size = TorchTraining(images, labels, seed, compiled), RECIPE.batch_size
    batches = math.ceil(len(images) / size)
    for rows in (size, len(images) % size or size):
        training.step(np.arange(rows), 0.0)  # compiles, and warms up: an epoch's last minibatch is smaller
    training.restart()
    began = time.perf_counter()
    for number in range(RECIPE.steps):
        epoch, batch = divmod(number, batches)
        if batch == 0:
            order = cpu.permutation(seed, epoch + 1, len(images))
        rate = RECIPE.schedule.at(number / batches, RECIPE.steps / batches)
        training.step(order[batch * size : (batch + 1) * size], rate)
    seconds = time.perf_counter() - began
    return from_torch(training.module, training.initial), seconds


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--torch-seeds", type=int, default=2, help="how many of the seeds PyTorch trains, too")
    parser.add_argument("--threads", type=int, default=2)
    add_out(parser, "quick.json")
    args = parser.parse_args()
    check_out(args.out)
    source = provenance(args.threads)
    images, labels = lenet.data.mnist("train")
    test = lenet.data.mnist("test")
    contestants = {"lenet": lambda seed: train_lenet(images, labels, seed, args.threads)}
    for compiled, name in ((False, "PyTorch eager"), (True, "PyTorch compiled")):
        contestants[name] = lambda seed, compiled=compiled: train_torch(images, labels, seed, compiled, args.threads)
    seconds, errors = ({name: [] for name in contestants} for _ in range(2))
    for seed in range(args.seeds):
        for name, train in contestants.items():
            if name != "lenet" and seed >= args.torch_seeds:
                continue
            network, time_taken = train(seed)
            seconds[name].append(time_taken)
            errors[name].append(100 * lenet.evaluate(network, *test).error)
            print(f"seed {seed}: {name:17} {time_taken:6.2f} s, error {errors[name][-1]:.2f} %", flush=True)
    medians = {name: statistics.median(values) for name, values in seconds.items() if values}
    others = {name: value for name, value in medians.items() if name != "lenet"}
    options = f"--seeds {args.seeds} --torch-seeds {args.torch_seeds} --threads {args.threads}"
    result = {
        "command": f"benchmarks/quick.py {options}",
        **source,
        "recipe": RECIPE.to_dict(),
        "images": RECIPE.steps * RECIPE.batch_size,
        "seconds": seconds,
        "median_seconds": medians,
        "test_error_percent": errors,
        "mean_test_error_percent": {name: statistics.mean(values) for name, values in errors.items() if values},
        "times_faster_than_the_fastest": min(others.values()) / medians["lenet"] if others else None,
    }
    args.out.write_text(json.dumps(result, indent=2) + "\n")
    shown = ("median_seconds", "mean_test_error_percent", "times_faster_than_the_fastest")
    print(json.dumps({key: result[key] for key in shown}, indent=2))


if __name__ == "__main__":
    main()
