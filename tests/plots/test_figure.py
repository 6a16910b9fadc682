"""What all pictures have in common: colours, places, files, and how a notebook shows them."""

import io
import subprocess
import sys

import numpy as np
import pytest
from helpers import child_environment
from PIL import Image

import lenet
from lenet.image.colours import NEGATIVE, POSITIVE, diverging
from lenet.plots.figure import Sheet, balanced_columns, diverging_colours, finished, limit_of


def test_colours_are_those_of_notebooks():
    levels = np.linspace(-1, 1, 11)
    colours = np.round(255 * diverging_colours()((levels + 1) / 2)[:, :3])
    assert np.abs(colours - diverging(levels, 1.0)).max() <= 1
    assert tuple(colours[0]) == NEGATIVE
    assert tuple(colours[-1]) == POSITIVE


def test_limits():
    assert limit_of(np.array([-3.0, 2.0, np.nan])) == 3
    assert limit_of(np.zeros(4)) == 1  # a scale needs two ends


@pytest.mark.parametrize(("count", "columns"), [(6, 6), (16, 16), (17, 9), (20, 10), (50, 13), (64, 16), (1, 1)])
def test_rows_are_about_equally_long(count, columns):
    assert balanced_columns(count, 16) == columns


def test_places_are_in_inches_from_the_top_left_corner(tmp_path):
    sheet = Sheet(4, 2)
    sheet.map((1, 0.5, 1, 1), np.full((2, 2), 5.0), 5.0, "five")
    finished(sheet.figure, tmp_path / "a.png")
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    assert picture.shape == (300, 600, 3)
    red = (picture == POSITIVE).all(axis=-1)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert abs(rows[0] - 75) <= 2 and abs(rows[-1] - 224) <= 2
    assert abs(columns[0] - 150) <= 2 and abs(columns[-1] - 299) <= 2


def test_the_name_says_the_format(tmp_path):
    figure = Sheet(1, 1).figure
    for name, start in (("a.png", b"\x89PNG"), ("b", b"\x89PNG"), ("c.svg", b"<?xml"), ("d.pdf", b"%PDF")):
        assert finished(figure, tmp_path / name) is figure
        assert (tmp_path / name).read_bytes().startswith(start)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b", "c.svg", "d.pdf"]
    with pytest.raises(ValueError, match="'xyz' is not supported"):
        finished(figure, tmp_path / "a.xyz")


def test_a_notebook_shows_a_figure():
    figure = Sheet(2, 1).figure
    assert Image.open(io.BytesIO(figure._repr_png_())).size == (150, 75)


def test_every_function_is_there():
    for name in lenet.plots.__all__:
        assert callable(getattr(lenet.plots, name))
    with pytest.raises(AttributeError, match=r"module 'lenet.plots' has no attribute 'picture'"):
        _ = lenet.plots.picture


def test_without_matplotlib_the_message_has_the_command_that_installs_it():
    code = """
import sys
sys.modules["matplotlib"] = None
import lenet
print(lenet.plots.__name__)
try:
    lenet.plots.kernels
except ModuleNotFoundError as error:
    print(error)
"""
    command = [sys.executable, "-c", code]
    out = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=True).stdout
    assert out.splitlines() == ["lenet.plots", "drawing needs matplotlib: pip install 'lenet[figures]'"]


def test_names_are_no_formulas():
    """A dollar sign in the name of a class or a file begins no formula, which would be an error where it is none."""
    sheet = Sheet(2, 1)
    sheet.head(0.1, "a $ and $\\frac", "cost $5^")
    axes = sheet.axes((0.2, 0.6, 1, 0.3))
    axes.set_xticks([0], labels=["$\\sqrt"])
    axes.set_title("$x_")
    picture = finished(sheet.figure, None)
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_names_of_any_letters_are_drawn(tmp_path):
    """Also those that no font of this machine has, and names of files that are no text; warnings are errors here."""
    sheet = Sheet(2, 1)
    sheet.head(0.1, "\u65e5\u672c", "p\udce9.png")
    finished(sheet.figure, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0
    with pytest.raises(FileNotFoundError, match="No such directory; make it first: '.*missing'"):
        finished(sheet.figure, tmp_path / "missing" / "a.png")
