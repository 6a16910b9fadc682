"""lenet beside PyTorch (eager and compiled), JAX and ONNX Runtime: same network, weights, minibatches, one run.

    python benchmarks/frameworks.py [--preset lenet5] [--threads 2] [--batch 128]

Results are checked equal before anything is timed. The contestants take turns, round after round, so that a machine
that is slow for a while is slow for all of them; medians are compared. The others get float images that were
scaled and padded beforehand; lenet reads bytes, as it always does. Writes results/<machine>-<date>.json.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import lenet
from lenet import engine
from lenet.bench import operations, provenance
from lenet.recipe import CrossEntropy, Sgd
from lenet.spec import Conv, Dense, Pool
from lenet.weights import flatten, unflatten

RATE, MOMENTUM = 0.01, 0.9


class Lenet:
    name = "lenet"

    def __init__(self, net, images, labels, batch, threads):
        self.net, self.images, self.labels, self.batch, self.threads = net, images[:, None], labels, batch, threads
        flat = flatten(net.spec, net.weights)
        self.trainer = engine.trainer(net.spec, flat, net.scale, CrossEntropy(), Sgd(MOMENTUM), batch)

    def train(self, order):
        rates = np.full(-(-len(order) // self.batch), RATE, np.float32)
        self.trainer.run(self.images, self.labels, order.astype(np.uint32), rates, self.threads)

    def weights(self):
        return unflatten(self.net.spec, self.trainer.weights())

    def infer(self, size):
        return lambda: self.net.scores(self.images[:size], self.threads)

    def one(self):
        image = self.images[:1, 0]
        return lambda: self.net.predict(image)


class Torch:
    def __init__(self, net, x, labels, batch, threads, compiled):
        import torch

        from lenet.interop.torch import to_torch

        torch.set_num_threads(threads)
        self.name = "PyTorch compiled" if compiled else "PyTorch eager"
        self.torch, self.batch = torch, batch
        self.module = to_torch(net)
        self.model = torch.compile(self.module) if compiled else self.module
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(labels.astype(np.int64))
        self.optimizer = torch.optim.SGD(self.module.parameters(), RATE, MOMENTUM)
        self.loss = torch.nn.CrossEntropyLoss()

    def train(self, order):
        order = self.torch.from_numpy(order.astype(np.int64))
        for rows in order.split(self.batch):
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(self.model(self.x[rows]), self.y[rows]).backward()
            self.optimizer.step()

    def weights(self):
        return {k: v.detach().numpy() for k, v in self.module.named_parameters()}

    def infer(self, size):
        x = self.x[:size]

        def job():
            with self.torch.inference_mode():
                return self.model(x).numpy()

        return job

    def one(self):
        job = self.infer(1)
        return lambda: job().argmax()


class Jax:
    name = "JAX"

    def __init__(self, net, x, labels, batch):
        import jax
        import jax.numpy as jnp
        from jax import lax

        self.jnp, self.batch = jnp, batch
        spec = net.spec
        masks = {}
        for layer, shape in spec.steps():
            if isinstance(layer, Conv) and layer.table:
                mask = np.zeros((layer.maps, shape[0], 1, 1), np.float32)
                for m, row in enumerate(layer.inputs_of(shape)):
                    mask[m, list(row)] = 1
                masks[layer.name] = mask

        def squash(name, a):
            return {
                "linear": lambda: a,
                "softmax": lambda: a,
                "tanh": lambda: jnp.tanh(a),
                "relu": lambda: jax.nn.relu(a),
                "sigmoid": lambda: jax.nn.sigmoid(a),
            }[name]()

        def forward(w, x):
            for layer in spec.layers:
                match layer:
                    case Conv():
                        weight = w[f"{layer.name}.weight"] * masks.get(layer.name, 1)
                        x = lax.conv_general_dilated(x, weight, (1, 1), layer.padding.upper())
                        x = x + w[f"{layer.name}.bias"][:, None, None]
                    case Pool(method="max", window=n):
                        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, n, n), (1, 1, n, n), "VALID")
                    case Dense():
                        x = x.reshape(len(x), -1) @ w[f"{layer.name}.weight"].T + w[f"{layer.name}.bias"]
                    case _:
                        raise TypeError(type(layer).__name__)
                x = squash(layer.squash, x)
            return x

        def loss(w, x, y):
            return -jax.nn.log_softmax(forward(w, x))[jnp.arange(len(y)), y].mean()

        def step(w, v, x, y):
            g = jax.grad(loss)(w, x, y)
            v = jax.tree.map(lambda a, b: MOMENTUM * a + b, v, g)
            return jax.tree.map(lambda a, b: a - RATE * b, w, v), v

        self.forward, self.step = jax.jit(forward), jax.jit(step)
        self.w = {k: jnp.asarray(v) for k, v in net.weights.items()}
        self.v = jax.tree.map(jnp.zeros_like, self.w)
        self.x, self.y = x, labels.astype(np.int32)

    def train(self, order):
        for at in range(0, len(order), self.batch):
            rows = order[at : at + self.batch]
            self.w, self.v = self.step(self.w, self.v, self.x[rows], self.y[rows])
        self.w["OUTPUT.bias"].block_until_ready()

    def weights(self):
        return {k: np.asarray(v) for k, v in self.w.items()}

    def infer(self, size):
        x = self.jnp.asarray(self.x[:size])
        return lambda: np.asarray(self.forward(self.w, x))

    def one(self):
        job = self.infer(1)
        return lambda: job().argmax()


class Onnx:
    name = "ONNX Runtime"

    def __init__(self, net, x, threads):
        import onnxruntime

        from lenet.interop.onnx import to_onnx

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = to_onnx(net).SerializeToString()
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.x = x

    def infer(self, size):
        x = self.x[:size]
        return lambda: self.session.run(["scores"], {"input": x})[0]

    def one(self):
        job = self.infer(1)
        return lambda: job().argmax()


def rounds(jobs, count, turn=0.25):
    """Median seconds of every job, the jobs taking turns of about `turn` seconds each.

    Between turns everybody sleeps: threads of a pool that waits awake would take the next one's processor.
    """
    times = {name: [] for name in jobs}
    repeats = {}
    for name, job in jobs.items():
        job()
        began = time.perf_counter()
        job()
        repeats[name] = max(1, round(turn / (time.perf_counter() - began)))
    for _ in range(count):
        for name, job in jobs.items():
            time.sleep(0.05)
            began = time.perf_counter()
            for _ in range(repeats[name]):
                job()
            times[name].append((time.perf_counter() - began) / repeats[name])
    return {name: float(np.median(t)) for name, t in times.items()}


def check_equal(contestants, order, net, x):
    """Same scores before training, same weights after a few minibatches of it."""
    scores = net.scores(contestants[0].images[:64])
    for c in contestants:
        assert np.abs(c.infer(64)() - scores).max() < 1e-3, f"{c.name}: other scores"
    trainers = [c for c in contestants if hasattr(c, "train")]
    for c in trainers:
        c.train(order)
    wanted = trainers[0].weights()
    for c in trainers[1:]:
        for key, array in c.weights().items():
            assert np.abs(array - wanted[key]).max() < 1e-3, f"{c.name}: other weights after training"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="lenet5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--images", type=int, default=6400, help="per timed training")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contestant; medians are compared")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)

    preset = lenet.presets[args.preset]
    images, labels = lenet.data.mnist("train")
    images, labels = images[:20000], labels[:20000]
    net = lenet.Network.create(preset.spec, 1, preset.recipe.init, replace(preset.recipe.scale, paper=-0.1, ink=1.175))
    x = np.concatenate([net.trace(images[at : at + 2000])["INPUT"] for at in range(0, len(images), 2000)])
    ours = Lenet(net, images, labels, args.batch, args.threads)
    contestants = [
        ours,
        Torch(net, x, labels, args.batch, args.threads, compiled=False),
        Torch(net, x, labels, args.batch, args.threads, compiled=True),
        Jax(net, x, labels, args.batch),
        Onnx(net, x, args.threads),
    ]
    order = np.random.default_rng(0).permutation(len(images))[: args.images]
    check_equal(contestants, order[: 5 * args.batch], net, x)

    peaks = [engine.measure_peak(args.threads, 0.3)]
    train = rounds({c.name: lambda c=c: c.train(order) for c in contestants if hasattr(c, "train")}, args.rounds)
    peaks.append(engine.measure_peak(args.threads, 0.3))
    single = Lenet(net, images, labels, args.batch, 1)
    scaling = rounds({"two": lambda: ours.train(order), "one": lambda: single.train(order)}, 2 * args.rounds)
    peaks.append(engine.measure_peak(args.threads, 0.3))
    infer = {}
    for size in (64, 256, 1000, 4000):
        seconds = rounds({c.name: c.infer(size) for c in contestants}, args.rounds)
        for name, s in seconds.items():
            infer.setdefault(name, {})[size] = size / s
    one = rounds({c.name: c.one() for c in contestants}, args.rounds)
    peak = float(np.median(peaks))

    per_second = {name: args.images / s for name, s in train.items()}
    best = {name: max(v.values()) for name, v in infer.items()}
    fastest = max(v for name, v in per_second.items() if name != "lenet")
    results = {
        "machine": platform.processor() or platform.machine(),
        "command": f"benchmarks/frameworks.py --preset {args.preset} --threads {args.threads} --batch {args.batch}",
        **provenance(args.threads),
        "isa": engine.isa()[0],
        "versions": versions(),
        "peak_gflops": peak / 1e9,
        "train_images_per_second": per_second,
        "train_over_fastest": per_second["lenet"] / fastest,
        "train_share_of_peak": per_second["lenet"] * operations(net.spec, True) / peak,
        "two_threads_over_one": scaling["one"] / scaling["two"],
        "infer_images_per_second": infer,
        "infer_over_onnx_runtime": best["lenet"] / best["ONNX Runtime"],
        "infer_share_of_peak": best["lenet"] * operations(net.spec, False) / peak,
        "one_image_microseconds": {name: s * 1e6 for name, s in one.items()},
        "one_image_over_onnx_runtime": one["lenet"] / one["ONNX Runtime"],
    }
    args.out.mkdir(exist_ok=True)
    path = args.out / f"{platform.machine()}-{results['date']}-{args.preset}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


def versions():
    import jax
    import onnxruntime
    import torch

    return {
        "lenet": lenet.__version__,
        "torch": torch.__version__,
        "jax": jax.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


if __name__ == "__main__":
    main()
