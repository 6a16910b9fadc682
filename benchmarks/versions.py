"""Two versions of lenet, paired: does a change of the engine cost throughput?

    python benchmarks/versions.py BEFORE AFTER [--presets NAME...] [--pairs 8] [--rounds 8] [--out FILE]

BEFORE and AFTER are directories into which a version was installed: `pip install --no-deps --target BEFORE .` in a
checkout of that version. Each version works in a process of its own. The two take turns, in an order that alternates,
with the same work: an epoch of training, a batch of inference, single images; a turn takes about 0.3 seconds. What is
compared is the time of the processor that a turn took, so that other programs disturb little. A ratio is the time
before divided by the time after: above 1, the version after is faster. Where a process's memory happens to lie changes
its speed by several per cent. So there are several pairs of processes; each gives the median ratio of its rounds.
Printed are the quartiles of these medians. Nothing is published: the directories have no commit.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from publishing import parser_of

WORK = ("train", "infer", "one")
TURN_SECONDS = 0.3

# What runs in each process. It calls only what both versions have.
WORKER = """
import sys, time
from dataclasses import replace
import lenet
preset = lenet.presets[sys.argv[1]]
recipe, threads = replace(preset.recipe, distortion=None), int(sys.argv[2])
training = lenet.data.load("mnist", "train")
images, labels = training.images, training.labels
few = images[:10], labels[:10]  # some recipes want validation images
network = lenet.Network.create(preset.spec)
work = {
    "train": lambda n: next(lenet.fit(preset.spec, recipe, images[:n], labels[:n], few, threads=threads)),
    "infer": lambda n: network.predict(images[:n], threads),
    "one": lambda n: [network.predict(images[i:i + 1]) for i in range(n)],
}
for name in work:
    work[name](200)
print("ready", flush=True)
for line in sys.stdin:
    name, n = line.split()
    began = time.process_time()
    work[name](int(n))
    print(time.process_time() - began, flush=True)
"""


class Version:
    """A version that is installed in a directory, at work on a preset."""

    def __init__(self, directory, preset, threads):
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, preset, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(directory)},
        )
        if not self.process.stdout.readline():
            raise SystemExit(f"{directory}: no lenet that runs {preset}")

    def seconds(self, work, images):
        """Return the processor's seconds for some work on some images."""
        print(work, images, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def images_a_turn(version, work):
    """Return how many images fill a turn."""
    images = 200
    while images < 60000 and (taken := version.seconds(work, images)) < TURN_SECONDS / 2:
        images = min(60000, int(images * min(8, TURN_SECONDS / max(taken, 1e-4))) + 1)
    return images


def ratio(before, after, work, rounds):
    """Return the median, over rounds, of the time before divided by the time after."""
    images = images_a_turn(before, work)
    found = []
    for number in range(rounds):
        turns = [before, after] if number % 2 else [after, before]
        seconds = {version: version.seconds(work, images) for version in turns}
        found.append(seconds[before] / seconds[after])
    return statistics.median(found)


def ratios_of_pair(args, preset, number):
    """Return the ratio for each kind of work, of a new pair of processes."""
    directories = [args.before, args.after]
    if number % 2:
        directories.reverse()  # the other one is started first
    versions = {directory: Version(directory, preset, args.threads) for directory in directories}
    try:
        return {work: ratio(versions[args.before], versions[args.after], work, args.rounds) for work in WORK}
    finally:
        for version in versions.values():
            version.close()


def compared(args, preset):
    """Return the quartiles over pairs, and the pairs' ratios, for each kind of work."""
    pairs = [ratios_of_pair(args, preset, number) for number in range(args.pairs)]
    found = {work: [round(pair[work], 4) for pair in pairs] for work in WORK}
    return {work: {"quartiles": statistics.quantiles(found[work], n=4), "pairs": found[work]} for work in WORK}


def main():
    parser = parser_of(__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    presets = ["lenet5", "lenet5-1998", "lenet-theano", "lenet-tf-wide"]
    parser.add_argument("--presets", nargs="+", default=presets, metavar="NAME")
    parser.add_argument("--pairs", type=int, default=8, metavar="N", help="of processes, at least 2")
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="of each pair")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a file of the results, JSON")
    args = parser.parse_args()
    result = {}
    print("before / after: quartiles, above 1 the version after is faster")
    for preset in args.presets:
        result[preset] = compared(args, preset)
        row = ("  ".join(f"{quartile:.3f}" for quartile in result[preset][work]["quartiles"]) for work in WORK)
        print(f"{preset:16}", *(f"{work}: {text}" for work, text in zip(WORK, row, strict=True)), sep="   ", flush=True)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
