"""The scripts in examples/ run, and do what they say."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from conftest import child_environment
from PIL import Image

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name: str, *arguments: object, cwd: Path) -> str:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=child_environment(), capture_output=True, text=True, check=True).stdout


def test_the_sample_pictures_are_what_the_script_draws(tmp_path):
    run("draw.py", tmp_path, cwd=tmp_path)
    drawn = sorted(tmp_path.glob("*/*"))
    kept = sorted(p for name in ("digits", "numbers") for p in (EXAMPLES / name).iterdir())
    assert [p.name for p in drawn] == [p.name for p in kept]
    for a, b in zip(drawn, kept, strict=True):
        difference = np.asarray(Image.open(a), np.int16) - np.asarray(Image.open(b), np.int16)
        assert np.abs(difference).mean() < 1  # libraries resample and compress a little differently


def test_random_filters_find_edges(tmp_path):
    page = np.full((60, 80), 200, np.uint8)
    page[:, 40:] = 40
    Image.fromarray(page).save(tmp_path / "edge.png")
    run("filters.py", tmp_path / "edge.png", tmp_path / "out.png", cwd=tmp_path)
    panels = np.asarray(Image.open(tmp_path / "out.png")).reshape(52, 3, 72)[:, 1:].astype(int)
    change = np.abs(np.diff(panels, axis=2)).sum(axis=(0, 1))
    assert change[:26].max() == change[44:].max() == 0  # even regions give even answers
    assert change[28:42].max() > 0


def test_the_forms_of_digits_are_drawn_as_the_documentation_shows_them(tmp_path):
    run("hands.py", tmp_path / "hands.png", cwd=tmp_path)
    drawn, kept = (
        np.asarray(Image.open(at), np.int16)
        for at in (tmp_path / "hands.png", EXAMPLES.parent / "docs/figures/hands.png")
    )
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 1
