"""How fast `lenet read` reads a folder of many small pictures, and whether its memory stays flat.

    python benchmarks/bulk.py [--pictures 3000] [--out FILE]

The pictures are MNIST's test digits and short numbers of them on grainy paper, PNG files of 40 to 120 pixels in height.
The command is run on a third of them and on all, so that memory can be compared. Writes results/bulk.json; that needs a
clean commit, and the package from this checkout (see publishing.py).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from publishing import add_out, check_out, parser_of

import lenet
from lenet.experiments.provenance import provenance

PICTURES, SEED = 3000, 21
MOST_DIGITS = 4


def picture(images, random):
    """Return a digit, or a number of a few, on paper: grey levels."""
    count = int(random.integers(1, MOST_DIGITS + 1)) if random.random() < 0.5 else 1
    chosen = images[random.integers(0, len(images), count)]
    size = int(random.integers(30, 80))
    ink = np.hstack([cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC) for image in chosen])
    ink = np.pad(ink, [tuple(random.integers(4, 20, 2))] * 2)
    grey = 238 - 0.8 * ink.astype(float) + random.normal(0, 2, ink.shape)
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def run(folder, names):
    """Return pictures a second and the memory in megabytes of `lenet read` on a folder, and check that all are read."""
    command = [sys.executable, "-m", "lenet", "read", str(folder), "--format", "csv", "--reject", "1%"]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        out.seek(0)
        rows = out.read().splitlines()
    if status or {row.split(",")[0] for row in rows[1:]} != names:
        raise SystemExit(f"{' '.join(command)}: status {status}, and {len(rows) - 1} rows of {len(names)} pictures")
    return {"pictures": len(names), "per_second": len(names) / seconds, "memory_mb": usage.ru_maxrss / 1024}


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    add_out(parser, "bulk.json")
    args = parser.parse_args()
    check_out(args.out)
    images, random = lenet.data.mnist("test")[0], np.random.Generator(np.random.Philox(SEED))
    result = {"command": "benchmarks/bulk.py", **provenance(), "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        names = set()
        for count in (args.pictures // 3, args.pictures):
            while len(names) < count:
                path = os.path.join(folder, f"{len(names):05}.png")
                picture(images, random).save(path)
                names.add(path)
            result["runs"].append(run(Path(folder), names))
            print(result["runs"][-1], flush=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
