"""Errors on other pens, papers and cameras: MNIST's test images, corrupted, and scikit-learn's digits.

    python benchmarks/robustness.py [NETWORK...] [--images N] [--out FILE]

The corruptions are made here, by other code than the engine's distortions, each at three strengths. Some kinds are
among those that networks may have been trained with (grain, blur, lines, cuts, thickness, faint ink), in other forms;
specks, motion, low resolution and grey paper are not, and have a mean of their own. Beside them are scikit-learn's
digits, scaled up from 8x8. Without names, every pretrained network for digits. Writes results/robustness.json; that
needs a clean commit, and the package from this checkout (see publishing.py).
"""

import json

import cv2
import numpy as np
from publishing import add_out, check_out, parser_of

import lenet
from lenet.experiments.provenance import provenance
from lenet.model.pretrained import FILES


def each(images, change):
    return np.stack([np.asarray(change(image), np.float64) for image in images]).clip(0, 255).round().astype(np.uint8)


def grain(images, deviation, random):
    return (images + random.normal(0, deviation, images.shape)).clip(0, 255).round().astype(np.uint8)


def specks(images, fraction, random):
    chance = random.random(images.shape)
    return np.where(chance < fraction / 2, 0, np.where(chance > 1 - fraction / 2, 255, images)).astype(np.uint8)


def blur(images, deviation, random):
    return each(images, lambda image: cv2.GaussianBlur(image, (0, 0), deviation))


def motion(images, length, random):
    kernel = np.eye(length) / length
    return each(images, lambda image: cv2.filter2D(image, -1, kernel if random.random() < 0.5 else kernel[::-1]))


def low_resolution(images, size, random):
    def change(image):
        small = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_LINEAR)

    return each(images, change)


def ruled(images, level, random):
    """Return images with lines across every eight pixels, a pixel high."""
    lines = np.zeros_like(images)
    for picture, first in zip(lines, random.integers(0, 8, len(images)), strict=True):
        picture[first::8] = level
    return np.maximum(images, lines)


def cropped(images, pixels, random):
    """Return images without so many pixels at one side of the digit's box, a third of it at most."""

    def change(image):
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        kept = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
        side = random.integers(4)
        cut = min(pixels, kept.shape[side // 2] // 3)
        if cut:
            kept[(np.s_[:cut], np.s_[-cut:], np.s_[:, :cut], np.s_[:, -cut:])[side]] = 0
        out = image.copy()
        out[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = kept
        return out

    return each(images, change)


def pen(images, pixels, random):
    """Return images of a pen wider (narrower) by so many pixels on each side; computed at four times the size."""
    size = 2 * round(4 * abs(pixels)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    work = cv2.dilate if pixels > 0 else cv2.erode

    def change(image):
        large = cv2.resize(image, (112, 112), interpolation=cv2.INTER_LINEAR)
        return cv2.resize(work(large, disc), (28, 28), interpolation=cv2.INTER_AREA)

    return each(images, change)


def contrast(images, factor, random):
    return (images * factor).round().astype(np.uint8)


def grey_paper(images, level, random):
    return (level + images * (1 - level / 255)).round().astype(np.uint8)


CORRUPTIONS = {
    "grain": (grain, (30, 60, 90)),
    "specks": (specks, (0.05, 0.1, 0.2)),
    "blur": (blur, (0.8, 1.3, 1.8)),
    "motion": (motion, (3, 5, 7)),
    "low resolution": (low_resolution, (14, 11, 8)),
    "ruled paper": (ruled, (100, 180, 255)),
    "cropped": (cropped, (2, 4, 6)),
    "thick pen": (pen, (0.5, 1.0, 1.5)),
    "thin pen": (pen, (-0.25, -0.5, -0.75)),
    "low contrast": (contrast, (0.6, 0.4, 0.2)),
    "grey paper": (grey_paper, (20, 50, 80)),
}
UNLIKE_TRAINING = ("specks", "motion", "low resolution", "grey paper")
"""Kinds that no recipe of this project trains with."""


def test_sets(count):
    """Return the images and labels of every set by its name, from the first `count` test images; None: from all."""
    images, labels = (array[:count] for array in lenet.data.mnist("test"))
    sets = {"clean": (images, labels)}
    for k, (name, (change, strengths)) in enumerate(CORRUPTIONS.items()):
        for strength in strengths:
            sets[f"{name} {strength:g}"] = (change(images, strength, np.random.default_rng(k)), labels)
    for split in ("train", "test"):
        sets[f"scikit-learn's digits, {split}"] = lenet.data.digits(split)
    return sets


def means_of(errors, networks):
    """Return the mean errors over kinds of corruptions."""
    rows = {kind: [f"{kind} {strength:g}" for strength in strengths] for kind, (_, strengths) in CORRUPTIONS.items()}
    groups = {"mean over all corruptions": CORRUPTIONS, "mean over those unlike training": UNLIKE_TRAINING}
    return {
        title: {name: float(np.mean([errors[row][name] for kind in kinds for row in rows[kind]])) for name in networks}
        for title, kinds in groups.items()
    }


def table_row(title, errors):
    return f"{title:33}" + "".join(f"{name} {error:6.2f} %   " for name, error in errors.items())


def main():
    parser = parser_of(__doc__)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="names of pretrained networks, or files")
    parser.add_argument("--images", type=int, help="so many test images only")
    add_out(parser, "robustness.json")
    args = parser.parse_args()
    check_out(args.out)
    source = provenance()
    names = args.networks or [name for name in FILES if lenet.load(name).classes == 10]
    networks = {name: lenet.load(name) for name in names}
    errors = {}
    for title, (pictures, labels) in test_sets(args.images).items():
        errors[title] = {name: 100 * lenet.evaluate(net, pictures, labels).error for name, net in networks.items()}
        print(table_row(title, errors[title]), flush=True)
    means = means_of(errors, networks)
    for title, mean in means.items():
        print(table_row(title, mean))
    options = [*args.networks, *([f"--images {args.images}"] if args.images else [])]
    result = {"command": " ".join(["benchmarks/robustness.py", *options]), **source}
    args.out.write_text(json.dumps({**result, "error_percent": {**errors, **means}}, indent=2) + "\n")


if __name__ == "__main__":
    main()
