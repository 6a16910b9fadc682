"""How the pretrained networks read composed pictures: strings, non-digits, and a whole page.

    python benchmarks/composed.py [--count 1000] [--out FILE]

Strings are composed of MNIST's test digits with a seed that no training has, on all papers and in black on white.
Non-digits are made of the same digits. Writes results/composed.json; that needs a clean commit, and the package from
this checkout (see publishing.py).
"""

import json
import time

import cv2
import numpy as np
from metrics import TARGET_ERROR, fractions_right
from publishing import add_out, check_out, parser_of

import lenet
from lenet.experiments.provenance import provenance
from lenet.reading import Reader
from lenet.synthesis.compose import compose, cut_out, numbers
from lenet.synthesis.nondigits import KINDS, nondigits

COUNT, SEED = 1000, 1998_2026
PAGE_DIGITS = 2000
"""Test images of which the page is composed."""


def composed_strings(images, labels, count, plain=None):
    """Return `count` strings of two digits or more; `plain` as for `lenet.synthesis.compose.compose`."""
    digits = cut_out(images, labels)
    random = np.random.Generator(np.random.Philox(key=SEED))
    strings = []
    while len(strings) < count:
        number = numbers(random)
        if len(number) > 1:
            strings.append(compose(digits, number, random, plain=plain))
    return strings


def page_seconds(images, labels):
    """Return how long a JPEG file of twelve million pixels with forty numbers takes: the median of three."""
    random = np.random.Generator(np.random.Philox(key=SEED))
    digits = cut_out(images[:PAGE_DIGITS], labels[:PAGE_DIGITS])
    page = np.full((3000, 4000), 235, np.uint8)
    for row in range(10):
        for column in range(4):
            picture = compose(digits, numbers(random), random).picture
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


def nondigits_rejected(images, labels, count):
    """Return the fraction of `count` non-digits that is rejected; not joined digits, which are numbers."""
    kinds = [kind for kind in KINDS if kind != "joined"]
    each = -(-count // len(kinds))
    inks = [nondigits(images[:, None], labels, each, seed=SEED, kind=kind)[:, 0] for kind in kinds]
    pages = Reader(reject=TARGET_ERROR).pages([255 - ink for ink in np.concatenate(inks)])
    return float(np.mean([not page.reading.accepted for page in pages]))


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="strings of each kind, and non-digits")
    add_out(parser, "composed.json")
    args = parser.parse_args()
    check_out(args.out)
    images, labels = lenet.data.mnist("test")
    command = "benchmarks/composed.py" + (f" --count {args.count}" if args.count != COUNT else "")
    result = {"command": command, **provenance(), "n": args.count}
    for name, plain in (("papers", None), ("plain", True)):
        strings = composed_strings(images, labels, args.count, plain)
        pages = Reader(mode="line").pages([string.picture for string in strings])
        truth = ["".join(map(str, string.digits)) for string in strings]
        result[name] = fractions_right([str(page.reading) for page in pages], truth)
    result["nondigits_refused"] = nondigits_rejected(images, labels, args.count)
    result["page_seconds"] = page_seconds(images, labels)
    text = json.dumps(result, indent=1) + "\n"
    args.out.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
