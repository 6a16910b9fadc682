"""The site: the reference has every public name, figures are what the script draws, figures of MNIST are right."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet.cli import MODULES

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


def test_the_reference_has_every_public_name():
    text = "\n".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    named = set(re.findall(r"lenet\.([A-Za-z_]\w*)", text)) | set(re.findall(r"autoclass:: (\w+)", text))
    assert set(lenet.__all__) - {"__version__"} <= named
    for package in (lenet.data, lenet.export, lenet.plots):
        names = set(re.findall(rf"{package.__name__}\.(\w+)", text))
        assert set(package.__all__) <= names


def test_the_reference_has_every_command():
    text = (DOCS / "reference" / "commands.md").read_text()
    assert {line.split()[2] for line in text.splitlines() if line.startswith("## lenet ")} == set(MODULES)


def test_figures_are_what_the_script_draws(tmp_path):
    runpy.run_path(str(ROOT / "scripts" / "figures"))["main"](tmp_path)
    drawn = sorted(tmp_path.iterdir())
    assert drawn
    for path in drawn:
        kept = np.asarray(Image.open(DOCS / "figures" / path.name).convert("RGB"), np.int16)
        again = np.asarray(Image.open(path).convert("RGB"), np.int16)
        assert again.shape == kept.shape, path.name
        assert np.abs(again - kept).mean() < 2, path.name  # fonts differ a little between versions of matplotlib


@pytest.mark.mnist
def test_grey_levels_of_mnist_as_the_pages_on_lenet5_have_them(mnist_train):
    images, _ = mnist_train
    values = np.arange(256) / 255 * (1.175 + 0.1) - 0.1
    counts = np.bincount(images.ravel(), minlength=256).astype(float)
    counts[0] += len(images) * (32 * 32 - 28 * 28)  # the paper around
    mean = counts @ values / counts.sum()
    variance = counts @ (values - mean) ** 2 / counts.sum()
    assert f"the mean is {mean:.2f} and the variance {variance:.2f}" in (DOCS / "lenet5.md").read_text()
    chinese = (DOCS / "zh" / "lenet5.md").read_text()
    assert f"均值是 {mean:.2f}" in chinese and f"方差是 {variance:.2f}" in chinese
