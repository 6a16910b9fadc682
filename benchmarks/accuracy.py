"""How well a preset learns by its own recipe on all of MNIST's training images: several seeds, the test set once each.

    python benchmarks/accuracy.py [--preset lenet5] [--seeds 5]

Nothing is chosen here: every seed counts. Writes results/accuracy-<preset>.json.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import lenet
from lenet.bench import provenance


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="lenet5")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    args = parser.parse_args()
    preset = lenet.presets[args.preset]
    images, labels = lenet.data.mnist("train")
    test = lenet.data.mnist("test")
    errors, seconds = [], []
    for seed in range(args.seeds):
        began = time.perf_counter()
        net = lenet.train(preset.spec, preset.recipe, images, labels, seed=seed)
        seconds.append(time.perf_counter() - began)
        errors.append(100 * lenet.evaluate(net, *test).error)
        print(f"seed {seed}: {errors[-1]:.2f} % in {seconds[-1]:.1f} s", flush=True)
    result = {
        "command": f"benchmarks/accuracy.py --preset {args.preset} --seeds {args.seeds}",
        **provenance(),
        "preset": args.preset,
        "parameters": preset.spec.parameters,
        "epochs": preset.recipe.epochs,
        "seeds": args.seeds,
        "test_error_percent": errors,
        "mean": statistics.mean(errors),
        "standard_deviation": statistics.stdev(errors) if len(errors) > 1 else 0.0,
        "median_seconds": statistics.median(seconds),
    }
    args.out.mkdir(exist_ok=True)
    (args.out / f"accuracy-{args.preset}.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
