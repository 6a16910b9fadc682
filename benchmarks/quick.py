"""`lenet train --quick`: seconds to 99 %, and the same recipe in PyTorch on the same cores, in the same run.

    python benchmarks/quick.py [--seeds 10] [--torch-seeds 2] [--threads 2]

Timed is the whole training loop, from the images in memory to the network: the order of the samples, distortions,
steps; ours with its first weights and set-up. PyTorch gets the same first weights, minibatches, rates and ranges of
distortion (its own `affine_grid` and `grid_sample`, on whole minibatches), eager and compiled; compiling is not
counted. The contestants take turns. The test images are read once a network. Writes results/quick.json.
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import lenet
from lenet import engine
from lenet.bench import provenance
from lenet.interop.torch import from_torch, to_torch

PRESET = lenet.presets["lenet5"]
RECIPE = PRESET.quick


def ours(images, labels, seed, threads):
    began = time.perf_counter()
    network = lenet.train(PRESET.spec, RECIPE, images, labels, seed=seed, threads=threads)
    return network, time.perf_counter() - began


def seen(x, generator):
    """A minibatch, planar distortions drawn for each image: shift, scale, squeeze, rotation, shear, as the engine's."""
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


def theirs(images, labels, seed, compiled, threads):
    torch.set_num_threads(threads)
    first = lenet.Network.create(PRESET.spec, seed, RECIPE.init, RECIPE.scale)
    module = to_torch(first)
    model = torch.compile(module) if compiled else module
    scale, batches = RECIPE.scale, math.ceil(len(images) / RECIPE.batch_size)

    def step(rows, rate):
        x = seen(torch.from_numpy(images[rows][:, None]).float(), generator)
        x = F.pad(x * ((scale.ink - scale.paper) / 255) + scale.paper, (2, 2, 2, 2), value=scale.paper)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), torch.from_numpy(labels[rows].astype(np.int64))).backward()
        optimizer.step()

    def fresh():
        module.load_state_dict(to_torch(first).state_dict())
        o = RECIPE.optimizer
        return torch.optim.SGD(module.parameters(), 0.1, o.momentum, weight_decay=o.weight_decay, nesterov=o.nesterov)

    generator = torch.Generator().manual_seed(seed)
    optimizer = fresh()
    for size in (RECIPE.batch_size, len(images) % RECIPE.batch_size or RECIPE.batch_size):
        step(np.arange(size), 0.0)  # compiles, and warms up: an epoch's last minibatch is smaller
    optimizer = fresh()
    began = time.perf_counter()
    for number in range(RECIPE.steps):
        epoch, batch = divmod(number, batches)
        if batch == 0:
            order = engine.permutation(seed, epoch + 1, len(images))
        rows = order[batch * RECIPE.batch_size : (batch + 1) * RECIPE.batch_size]
        step(rows, RECIPE.schedule.at(number / batches, RECIPE.steps / batches))
    seconds = time.perf_counter() - began
    return from_torch(module, first), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--torch-seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "quick.json")
    args = parser.parse_args()
    images, labels = lenet.data.mnist("train")
    test = lenet.data.mnist("test")
    contestants = {"lenet": lambda seed: ours(images, labels, seed, args.threads)}
    for compiled, name in ((False, "PyTorch eager"), (True, "PyTorch compiled")):
        contestants[name] = lambda seed, compiled=compiled: theirs(images, labels, seed, compiled, args.threads)
    seconds, errors = ({name: [] for name in contestants} for _ in range(2))
    for seed in range(args.seeds):
        for name, job in contestants.items():
            if name != "lenet" and seed >= args.torch_seeds:
                continue
            network, took = job(seed)
            seconds[name].append(took)
            errors[name].append(100 * lenet.evaluate(network, *test).error)
            print(f"seed {seed}: {name:17} {took:6.2f} s, error {errors[name][-1]:.2f} %", flush=True)
    medians = {name: statistics.median(values) for name, values in seconds.items() if values}
    others = {name: value for name, value in medians.items() if name != "lenet"}
    given = f"--seeds {args.seeds} --torch-seeds {args.torch_seeds} --threads {args.threads}"
    result = {
        "command": f"benchmarks/quick.py {given}",
        **provenance(args.threads),
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
