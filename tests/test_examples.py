"""The scripts in examples/ run, and do what they say."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs a script with arguments, in a directory of its own."""

    def call(name: str, *arguments: object) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")

    return call


def test_the_sample_pictures_are_what_the_script_draws(run, tmp_path):
    run("draw.py", tmp_path)
    drawn = sorted(tmp_path.glob("*/*"))
    kept = sorted(p for name in ("digits", "numbers") for p in (EXAMPLES / name).iterdir())
    assert [p.name for p in drawn] == [p.name for p in kept]
    for a, b in zip(drawn, kept, strict=True):
        difference = np.asarray(Image.open(a), np.int16) - np.asarray(Image.open(b), np.int16)
        assert np.abs(difference).mean() < 1  # libraries resample and compress a little differently


def test_random_filters_respond_to_edges(run, tmp_path):
    page = np.full((60, 80), 200, np.uint8)
    page[:, 40:] = 40
    Image.fromarray(page).save(tmp_path / "edge.png")
    run("filters.py", tmp_path / "edge.png", tmp_path / "out.png")
    panels = np.asarray(Image.open(tmp_path / "out.png")).reshape(52, 3, 72)[:, 1:].astype(int)
    change = np.abs(np.diff(panels, axis=2)).sum(axis=(0, 1))
    assert change[:26].max() == change[44:].max() == 0  # even regions have even outputs
    assert change[28:42].max() > 0


def test_letterforms_are_drawn_as_the_documentation_shows_them(run, tmp_path):
    run("letterforms.py", tmp_path / "letterforms.png")
    drawn, kept = (
        np.asarray(Image.open(path), np.int16)
        for path in (tmp_path / "letterforms.png", EXAMPLES.parent / "docs" / "figures" / "letterforms.png")
    )
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 1
