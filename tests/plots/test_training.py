"""Curves of trainings: that lines are where they belong."""

import numpy as np
from matplotlib.text import Text
from PIL import Image

from lenet import plots

COLUMNS = {
    "epoch": [1, 2, 3],
    "loss": [1.0, 0.5, 0.25],
    "accuracy": [0.7, 0.8, 0.9],
    "validation": [0.2, None, 0.05],
    "validation_loss": [0.6, None, 0.2],
}


def test_curves_have_the_values(tmp_path):
    figure = plots.curves(COLUMNS, tmp_path / "a.png")
    loss, accuracy = figure.axes
    assert [line.get_xydata().tolist() for line in loss.lines] == [[[1, 1], [2, 0.5], [3, 0.25]], [[1, 0.6], [3, 0.2]]]
    assert np.allclose(accuracy.lines[0].get_ydata(), [70, 80, 90])
    assert np.allclose(accuracy.lines[1].get_xydata(), [[1, 80], [3, 95]])
    assert loss.get_ylim()[0] == 0
    assert accuracy.get_ylim()[1] <= 100
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1350, 570)


def test_curves_of_one_epoch_have_sensible_axes():
    one = plots.curves({name: values[:1] for name, values in COLUMNS.items()} | {"validation": [None]})
    for axes in one.axes:
        assert axes.get_xlim() == (0.5, 1.5)
        assert [tick for tick in axes.get_xticks() if 0.5 <= tick <= 1.5] == [1]
    assert len(one.axes[1].lines) == 1  # nothing is drawn of what was not measured


def test_powers_of_ten_at_ticks_are_formulas():
    """Names are none: see `lenet.plots.figure.finished`."""
    works = {"a$1$": (10_000, 3.0), "b": (10_000_000, 300.0)}
    figure = plots.reproduced(works, {"a$1$": [(1.0, 2.0), (100.0, 0.01)]})
    figure.canvas.draw()
    texts = [text for text in figure.findobj(Text) if "$" in text.get_text()]
    assert {text.get_parse_math() for text in texts if "mathdefault" in text.get_text()} == {True}
    assert {text.get_parse_math() for text in texts if "mathdefault" not in text.get_text()} == {False}
