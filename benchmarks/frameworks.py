"""lenet beside PyTorch (eager and compiled), JAX and ONNX Runtime: same network, weights, minibatches, one run.

    python benchmarks/frameworks.py [--preset lenet5] [--threads 2] [--batch 128] [--out FILE]

Results are checked equal before anything is timed. The contestants take turns, round after round, so that a machine
that is slow for a while is slow for all of them; medians are compared. The others get float images that were
scaled and padded beforehand; lenet reads bytes, as it always does. Writes results/<machine>-<date>-<preset>.json; that
needs a clean commit, and the package from this checkout (see publishing.py).
"""

import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from publishing import RESULTS, check_out, parser_of

import lenet
from lenet.engine import cpu
from lenet.experiments.bench import operations
from lenet.experiments.provenance import provenance
from lenet.model.arrays import unflatten
from lenet.recipe import Constant, Recipe, Sgd
from lenet.spec import Conv, Dense, Pool

RATE, MOMENTUM = 0.01, 0.9


class Lenet:
    name = "lenet"

    def __init__(self, net, images, labels, batch, threads):
        self.net, self.images, self.labels, self.batch, self.threads = net, images[:, None], labels, batch, threads
        recipe = Recipe(Constant(RATE), batch_size=batch, optimizer=Sgd(MOMENTUM), scale=net.scale)
        self.trainer = cpu.trainer(net.spec, net.flat, recipe)

    def train(self, order):
        rates = np.full(-(-len(order) // self.batch), RATE, np.float32)
        self.trainer.run(self.images, self.labels, order.astype(np.uint32), rates, self.threads)

    def weights(self):
        return unflatten(self.net.spec, self.trainer.weights())

    def infer(self, size):
        return lambda: self.net.scores(self.images[:size], threads=self.threads)

    def one(self):
        image = self.images[:1, 0]
        return lambda: self.net.predict(image)


class Torch:
    def __init__(self, net, x, labels, batch, threads, compiled):
        import torch

        from lenet.export.torch import to_torch

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
                masks[layer.name] = layer.mask(shape[0])[:, :, None, None].astype(np.float32)

        def activation(name, a):
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
                x = activation(layer.activation, x)
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

        from lenet.export.onnx import to_onnx

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
    """Return the median seconds of every job; the jobs take turns of about `turn` seconds each.

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
    """Check that all have the same scores before training, and the same weights after a few minibatches of it."""
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


def images_per_second(contestants, rounds_count):
    """Return the images a second of inference: by the contestant's name, then by the number of images in a call."""
    infer = {}
    for size in (64, 256, 1000, 4000):
        for name, seconds in rounds({c.name: c.infer(size) for c in contestants}, rounds_count).items():
            infer.setdefault(name, {})[size] = size / seconds
    return infer


def measured(contestants, single, order, args):
    """Return the medians of all measurements; `single` is lenet with one thread."""
    ours = contestants[0]
    peaks = [cpu.measure_peak(args.threads, 0.3)]
    train = rounds({c.name: lambda c=c: c.train(order) for c in contestants if hasattr(c, "train")}, args.rounds)
    peaks.append(cpu.measure_peak(args.threads, 0.3))
    scaling = rounds({"two": lambda: ours.train(order), "one": lambda: single.train(order)}, 2 * args.rounds)
    peaks.append(cpu.measure_peak(args.threads, 0.3))
    infer = images_per_second(contestants, args.rounds)
    one = rounds({c.name: c.one() for c in contestants}, args.rounds)

    peak, spec = float(np.median(peaks)), ours.net.spec
    per_second = {name: len(order) / seconds for name, seconds in train.items()}
    best = {name: max(by_size.values()) for name, by_size in infer.items()}
    fastest = max(v for name, v in per_second.items() if name != "lenet")
    return {
        "peak_gflops": peak / 1e9,
        "train_images_per_second": per_second,
        "train_over_fastest": per_second["lenet"] / fastest,
        "train_fraction_of_peak": per_second["lenet"] * operations(spec, True) / peak,
        "two_threads_over_one": scaling["one"] / scaling["two"],
        "infer_images_per_second": infer,
        "infer_over_onnx_runtime": best["lenet"] / best["ONNX Runtime"],
        "infer_fraction_of_peak": best["lenet"] * operations(spec, False) / peak,
        "one_image_microseconds": {name: seconds * 1e6 for name, seconds in one.items()},
        "one_image_over_onnx_runtime": one["lenet"] / one["ONNX Runtime"],
    }


def parsed():
    parser = parser_of(__doc__)
    parser.add_argument("--preset", default="lenet5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--images", type=int, default=6400, help="per timed training")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contestant; medians are compared")
    help_out = "the file of the results; by default one in benchmarks/results, which needs a clean commit"
    parser.add_argument("--out", type=Path, metavar="FILE", help=help_out)
    return parser.parse_args()


def main():
    args = parsed()
    source = provenance(args.threads)
    out = args.out or RESULTS / f"{platform.machine()}-{source['date']}-{args.preset}.json"
    check_out(out)
    os.environ["OMP_NUM_THREADS"] = str(args.threads)

    preset = lenet.presets[args.preset]
    images, labels = (array[:20000] for array in lenet.data.mnist("train"))
    scale = replace(preset.recipe.scale, paper=-0.1, ink=1.175)
    net = lenet.Network.create(preset.spec, 1, init=preset.recipe.init, scale=scale)
    x = np.concatenate([net.trace(images[at : at + 2000])["INPUT"] for at in range(0, len(images), 2000)])
    contestants = [
        Lenet(net, images, labels, args.batch, args.threads),
        Torch(net, x, labels, args.batch, args.threads, compiled=False),
        Torch(net, x, labels, args.batch, args.threads, compiled=True),
        Jax(net, x, labels, args.batch),
        Onnx(net, x, args.threads),
    ]
    order = np.random.default_rng(0).permutation(len(images))[: args.images]
    check_equal(contestants, order[: 5 * args.batch], net, x)
    results = {
        "machine": platform.processor() or platform.machine(),
        "command": f"benchmarks/frameworks.py --preset {args.preset} --threads {args.threads} --batch {args.batch}",
        **source,
        "isa": cpu.isa()[0],
        "versions": versions(),
        **measured(contestants, Lenet(net, images, labels, args.batch, 1), order, args),
    }
    out.write_text(json.dumps(results, indent=2) + "\n")
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
