"""Readings as they were when tests/golden/readings.json was written: of the sample pictures and of composed strings.

A change of the reader that changes a reading shows here. Where it is meant, and measured to be better, write the file
anew with ``python tests/reading/test_golden.py``.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import lenet
from lenet.synthesis.compose import compose, cut_out, numbers

TESTS = Path(__file__).resolve().parent.parent
EXAMPLES, GOLDEN = TESTS.parent / "examples", TESTS / "golden" / "readings.json"
STRINGS, SEED = 100, 19


def read_examples():
    """Return the text and the confidence, rounded, of each sample picture, by its path in examples/."""
    paths = sorted(path for path in EXAMPLES.rglob("*") if path.suffix in (".png", ".jpg", ".bmp"))
    readings = zip(paths, map(lenet.read, paths), strict=True)
    return {path.relative_to(EXAMPLES).as_posix(): [r.text, round(r.confidence, 6)] for path, r in readings}


def read_strings(images, labels):
    """Return the texts of strings that are composed of MNIST's test digits."""
    digits, random = cut_out(images, labels), np.random.default_rng(SEED)
    pictures = [compose(digits, numbers(random), random).picture for _ in range(STRINGS)]
    return [str(reading) for reading in lenet.read_many(pictures, threads=1)]


@pytest.fixture(scope="module")
def golden():
    return json.loads(GOLDEN.read_text())


def test_the_sample_pictures(golden):
    examples = read_examples()
    assert {name: text for name, (text, _) in examples.items()} == {
        name: text for name, (text, _) in golden["examples"].items()
    }
    for name, (_, confidence) in golden["examples"].items():
        assert examples[name][1] == pytest.approx(confidence, abs=1e-6), name


@pytest.mark.mnist
def test_composed_strings(golden, mnist_test):
    assert read_strings(*mnist_test) == golden["strings"]


if __name__ == "__main__":
    GOLDEN.write_text(
        json.dumps({"examples": read_examples(), "strings": read_strings(*lenet.data.mnist("test"))}, indent=1) + "\n"
    )
