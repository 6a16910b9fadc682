"""What a command is given: files, folders, patterns and stdin."""

import io
from types import SimpleNamespace

import pytest
from PIL import Image

from lenet.image.decode import decode
from lenet.image.errors import PictureError
from lenet.image.files import named_pictures


@pytest.fixture
def folder(tmp_path):
    """A folder with three pictures, one of them in a folder below, and a text."""
    for name in ("b.png", "a.JPG", "below/c.tif", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(given):
    return [picture.name for picture in named_pictures([str(text) for text in given])]


def test_a_folder_is_its_pictures_and_those_below(folder):
    assert names([folder]) == [str(folder / name) for name in ("a.JPG", "b.png", "below/c.tif")]
    assert names([folder / "notes.txt"]) == [str(folder / "notes.txt")]  # asked for, so reading it says what is wrong


def test_patterns(folder):
    assert names([f"{folder}/*.png"]) == [str(folder / "b.png")]
    assert names([f"{folder}/**/*.tif", folder / "b.png"]) == [str(folder / "below/c.tif"), str(folder / "b.png")]
    (folder / "[1].png").touch()
    assert names([folder / "[1].png"]) == [str(folder / "[1].png")]  # a file of that name is no pattern


def test_pages_have_numbers(tmp_path):
    page = Image.new("L", (10, 10))
    page.save(tmp_path / "scan.tif", save_all=True, append_images=[page])
    assert names([tmp_path]) == [f"{tmp_path}/scan.tif#1", f"{tmp_path}/scan.tif#2"]


def test_stdin(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a picture")))
    assert named_pictures(["-"]) == [("stdin", b"a picture")]


def test_nothing_there(folder):
    (folder / "empty").mkdir()
    for given, message in (
        (folder / "empty", "empty: a folder without pictures; their names end in .avif, .bmp"),
        (f"{folder}/x*.png", r"x\*.png: no file has such a name"),
    ):
        ((name, picture),) = named_pictures([str(given)])
        assert name == str(given)
        with pytest.raises(PictureError, match=message):
            decode(picture)
    assert names([folder / "missing.png"]) == [str(folder / "missing.png")]  # reading it says so
