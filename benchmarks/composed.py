"""How the networks that come with the package read what is composed for it: strings, what is no number, a whole page.

    python benchmarks/composed.py

Strings are composed of MNIST's test digits with a seed that no training has, on all papers and black on white. What is
no digit is made of the same digits. Writes results/composed.json.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
from reading import WISHED, share_right

import lenet
from lenet import compose, nondigits
from lenet.bench import provenance
from lenet.reading import Reader

RESULTS = Path(__file__).parent / "results" / "composed.json"
COUNT, SEED = 1000, 1998_2026


def composed(images, labels, plain=None):
    digits = compose.cut_out(images, labels)
    random = np.random.Generator(np.random.Philox(key=SEED))
    found = []
    while len(found) < COUNT:
        number = compose.numbers(random)
        if len(number) > 1:
            found.append(compose.compose(digits, number, random, plain))
    return found


def page_seconds():
    """How long a JPEG file of twelve million pixels with forty numbers takes: the median of three."""
    random = np.random.Generator(np.random.Philox(key=SEED))
    digits = compose.cut_out(*(part[:2000] for part in lenet.data.mnist("test")))
    page = np.full((3000, 4000), 235, np.uint8)
    for row in range(10):
        for column in range(4):
            picture = compose.compose(digits, compose.numbers(random), random).picture
            scale = 110 / picture.shape[0]
            large = cv2.resize(picture, (min(900, int(picture.shape[1] * scale)), 110))
            large = np.minimum(large.astype(int) + 235 - int(np.median(large)), 255).clip(0).astype(np.uint8)
            y, x = 100 + row * 290, 60 + column * 970
            page[y : y + 110, x : x + large.shape[1]] = large
    content = cv2.imencode(".jpg", page)[1].tobytes()
    times = []
    for _ in range(3):
        began = time.perf_counter()
        lenet.read(content, mode="page")
        times.append(time.perf_counter() - began)
    return sorted(times)[1]


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    images, labels = lenet.data.mnist("test")
    result = {"command": "benchmarks/composed.py", **provenance()}
    for name, plain in (("papers", None), ("plain", True)):
        made = composed(images, labels, plain)
        pages = Reader(mode="line").pages([one.picture for one in made])
        texts = ["".join(map(str, one.digits)) for one in made]
        result[name] = share_right([str(page.reading) for page in pages], texts)

    # Joined digits are numbers.
    kinds = [kind for kind in nondigits.KINDS if kind != "joined"]
    strangers = [nondigits.drawn(images[:, None], labels, 250, SEED, kind)[:, 0] for kind in kinds]
    strangers = [255 - picture for picture in np.concatenate(strangers)]
    refused = [not page.reading.accepted for page in Reader(reject=WISHED).pages(strangers)]
    result["nondigits_refused"] = float(np.mean(refused))
    result["page_seconds"] = page_seconds()
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(RESULTS.read_text(), end="")


if __name__ == "__main__":
    main()
