"""Curves of trainings: that lines are where they belong."""

import numpy as np
from PIL import Image

from lenet import plots

HISTORY = [{"epoch": n, "loss": 1 / n, "validation": 0.1 / n} for n in range(1, 6)]


def test_curves_are_drawn(tmp_path):
    plots.curves(HISTORY, tmp_path / "a.png")
    plots.curves([{**row, "validation": None} for row in HISTORY], tmp_path / "b.png")
    both, alone = (np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in ("a.png", "b.png"))
    orange = (abs(both.astype(int) - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 30).sum()
    assert orange > 200  # the validation error has its line, and only where there is one
    assert (abs(alone.astype(int) - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 30).sum() == 0
