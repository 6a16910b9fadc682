"""Folders of real pictures: names of classes, splits, sizes, colours, polarity, and files that are no pictures."""

import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from lenet.data import DataError, PictureOptions, load
from lenet.image.decode import MAX_PIXELS

PAGE = np.full((8, 8), 255, np.uint8)
PAGE[3:5, 3:5] = 20
"""A dark square on light paper."""


def picture(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)
    return path


def test_classes_with_any_names(tmp_path):
    for name in ("dog", "cat"):
        picture(tmp_path / name / "a.png", PAGE)
        (tmp_path / name / ".DS_Store").write_bytes(b"x")
        (tmp_path / name / "Thumbs.db").write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    (tmp_path / "readme.txt").write_text("two animals")
    dataset = load(str(tmp_path), "train")
    assert dataset.labels.tolist() == [0, 1]
    assert dataset.classes == ("cat", "dog")
    assert dataset.class_count == 2
    assert dataset.split(1)[0].classes == dataset.split(1)[1].classes == ("cat", "dog")


@pytest.mark.parametrize("names", [("0", "3", "10"), ("digit_0", "digit_3", "digit_10")])
def test_classes_by_number(tmp_path, names):
    for name, level in zip(names, (0, 3, 10), strict=True):
        page = PAGE.copy()
        page[3:5, 3:5] = level
        picture(tmp_path / name / "a.png", page)
    dataset = load(str(tmp_path), "train")
    assert dataset.labels.tolist() == [0, 3, 10]
    assert dataset.images[:, 3, 3].tolist() == [255, 252, 245]
    assert not dataset.images[:, 0].any()
    assert [dataset.classes[label] for label in dataset.labels] == list(names)


def test_classes_by_number_words(tmp_path):
    for name in ("zero", "seven"):
        picture(tmp_path / name / "a.png", PAGE)
    assert load(str(tmp_path), "train").labels.tolist() == [0, 7]


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "test"), ("train", "test")),
        (("training", "testing", "validation"), ("train", "test", "validation")),
        (("Train", "val"), ("train", "validation")),
    ],
)
def test_splits(tmp_path, names, splits):
    """A class that a split lacks has its label all the same."""
    for name in names:
        for kind in ("cat", "dog", "fox"):
            if (name, kind) != (names[1], "cat"):
                picture(tmp_path / name / kind / "a.png", PAGE)
    for name, split in zip(names, splits, strict=True):
        dataset = load(str(tmp_path), split)
        assert dataset.classes == ("cat", "dog", "fox")
        assert dataset.labels.tolist() == ([1, 2] if name == names[1] else [0, 1, 2])
        assert dataset.place == str(tmp_path / name)
    missing = {"train", "test", "validation"} - set(splits)
    for split in missing:
        with pytest.raises(DataError, match=f"has no {split} split; it has "):
            load(str(tmp_path), split)


def test_a_folder_without_splits_is_all_train(tmp_path):
    picture(tmp_path / "pets" / "cat" / "a.png", PAGE)
    picture(tmp_path / "test" / "cat" / "a.png", PAGE)
    with pytest.raises(DataError, match=r"pets: has no test split; all of it is train \(--split train\)"):
        load(str(tmp_path / "pets"), "test")
    assert len(load(str(tmp_path / "test"), "test")) == len(load(str(tmp_path / "test"), "train")) == 1


def test_the_end_of_a_folder_has_every_class(tmp_path):
    for label, count in ((0, 4), (1, 2), (2, 2)):
        for number in range(count):
            picture(tmp_path / str(label) / f"{number}.png", np.full((8, 8), number, np.uint8))
    dataset = load(str(tmp_path), "train")
    # Places of the samples in their classes: 1/8, 3/8, 5/8, 7/8 of the zeros, 1/4 and 3/4 of the others.
    assert dataset.labels.tolist() == [0, 1, 2, 0, 0, 1, 2, 0]
    assert dataset.images[:, 0, 0].tolist() == [0, 0, 0, 1, 2, 1, 1, 3]
    assert set(dataset.split(4)[1].labels.tolist()) == {0, 1, 2}


def test_pictures_of_different_sizes(tmp_path):
    picture(tmp_path / "cat" / "a.png", PAGE)
    picture(tmp_path / "dog" / "b.png", np.zeros((9, 8), np.uint8))
    with pytest.raises(DataError, match=r"b.png: 8x9 pixels; those before it have 8x8: .* size=28 \(--size 28\)"):
        load(str(tmp_path), "train")
    for fit in ("resize", "pad"):
        dataset = load(str(tmp_path), "train", size=(12, 10), fit=fit)
        assert dataset.images.shape == (2, 12, 10)
        done = "resized" if fit == "resize" else "padded"
        assert dataset.name == f"train, {done} to 12x10, not inverted as 1 of 2 borders are light"


def test_colours(tmp_path):
    colours = np.zeros((4, 5, 3), np.uint8)
    colours[..., 0], colours[1, 2] = 200, (10, 20, 30)
    picture(tmp_path / "cat" / "a.png", colours)
    picture(tmp_path / "dog" / "a.png", PAGE[:4, :5])
    dataset = load(str(tmp_path), "train", color="rgb")
    assert dataset.images.shape == (2, 3, 4, 5)
    assert np.array_equal(dataset.images[0], colours.transpose(2, 0, 1))  # as it is, though its border may be light
    assert np.array_equal(dataset.images[1], np.stack([PAGE[:4, :5]] * 3))
    assert dataset.origin == f"train, in colour from {tmp_path}"
    grey = load(str(tmp_path), "train").images
    assert grey.shape == (2, 4, 5)
    assert grey[0, 0, 0] == round(0.299 * 200)


def test_all_pictures_are_inverted_where_most_have_light_paper_unless_told_otherwise(tmp_path):
    picture(tmp_path / "0" / "light.png", PAGE)
    picture(tmp_path / "1" / "dark.png", 255 - PAGE)
    picture(tmp_path / "2" / "light.png", PAGE)
    ink = 255 - PAGE
    inverted, as_they_are = [ink, PAGE, ink], [PAGE, ink, PAGE]
    by_option = {None: inverted, True: inverted, "pictures": inverted, False: as_they_are}
    for invert, images in by_option.items():
        assert np.array_equal(load(str(tmp_path), "train", invert=invert).images, images)
    dataset = load(str(tmp_path), "train")
    assert dataset.name == "train, inverted as 2 of 3 borders are light"
    assert dataset.pictures == PictureOptions(invert="pictures")
    shutil.rmtree(tmp_path / "2")
    (tmp_path / "0" / "light.png").unlink()
    picture(tmp_path / "0" / "dark.png", ink)
    dataset = load(str(tmp_path), "train")
    assert (dataset.name, dataset.pictures) == ("train, not inverted", PictureOptions(invert=False))


def test_padding_is_paper_of_inverted_pictures(tmp_path):
    picture(tmp_path / "0" / "a.png", PAGE)
    padded = load(str(tmp_path), "train", size=12, fit="pad").images[0]
    assert np.array_equal(padded[2:10, 2:10], 255 - PAGE)
    assert not padded[[0, 1, 10, 11]].any()


def test_an_empty_folder_of_a_class_is_refused(tmp_path):
    picture(tmp_path / "cat" / "a.png", PAGE)
    (tmp_path / "dog").mkdir()
    with pytest.raises(DataError, match="dog: a folder without pictures; expected those of a class"):
        load(str(tmp_path), "train")


def test_two_folders_of_a_split_are_refused(tmp_path):
    for name in ("train", "Training"):
        picture(tmp_path / name / "0" / "a.png", PAGE)
    with pytest.raises(DataError, match="Training and train are both the train split; expected one folder for it"):
        load(str(tmp_path), "train")


def test_formats_of_pictures(tmp_path):
    for number, name in enumerate(("a.png", "a.bmp", "a.gif", "a.tif", "a.webp", "a.pgm")):
        options = {"lossless": True} if name.endswith("webp") else {}
        picture(tmp_path / str(number) / name, PAGE, **options)
    picture(tmp_path / "6" / "a.png", PAGE.astype(np.uint16) * 257)
    transparent = np.dstack([np.zeros((8, 8, 3), np.uint8), 255 - PAGE])
    picture(tmp_path / "7" / "a.png", transparent)  # black where it is not transparent
    images = load(str(tmp_path), "train").images
    assert np.array_equal(images[:7], [255 - PAGE] * 7)
    assert np.abs(images[7].astype(int) - (255 - PAGE)).max() <= 1


def test_files_that_are_no_pictures(tmp_path):
    picture(tmp_path / "3" / "a.png", PAGE)
    (tmp_path / "3" / "b.png").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="b.png: not a picture; expected one of PNG"):
        load(str(tmp_path), "train")
    whole = picture(
        tmp_path / "3" / "b.png", np.random.default_rng(0).integers(0, 256, (30, 30), np.uint8)
    ).read_bytes()
    (tmp_path / "3" / "b.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="b.png: the picture is broken or cut"):
        load(str(tmp_path), "train")
    Image.new("1", (10_001, MAX_PIXELS // 10_000)).save(tmp_path / "3" / "b.png")
    with pytest.raises(DataError, match="b.png: 10001x10000 pixels; expected 1 to"):
        load(str(tmp_path), "train")
    (tmp_path / "3" / "b.png").unlink()
    # A format that Pillow could decode, but that is not allowed.
    Image.fromarray(PAGE).save(tmp_path / "3" / "c.png", "PCX")
    with pytest.raises(DataError, match="c.png: not a picture"):
        load(str(tmp_path), "train")
    (tmp_path / "3" / "c.png").unlink()
    (tmp_path / "3" / "more").mkdir()
    with pytest.raises(DataError, match="more: a folder in that of a class; expected pictures"):
        load(str(tmp_path), "train")


def test_two_names_of_one_class(tmp_path):
    picture(tmp_path / "0" / "a.png", PAGE)
    picture(tmp_path / "00" / "a.png", PAGE)
    with pytest.raises(DataError, match="0 and 00 are both class 0"):
        load(str(tmp_path), "train")


def test_pictures_without_folders_of_classes_are_refused(tmp_path):
    picture(tmp_path / "1.png", PAGE)
    with pytest.raises(DataError, match=r"pictures, but no folder for each class; expected such as cat/1.png"):
        load(str(tmp_path), "train")


def test_letters_with_accents_are_one_class_however_they_are_written(tmp_path):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    picture(tmp_path / "train" / composed / "a.png", PAGE)
    picture(tmp_path / "train" / "tea" / "a.png", PAGE)
    picture(tmp_path / "test" / decomposed / "a.png", PAGE)
    assert load(str(tmp_path), "train").classes == (composed, "tea")
    test = load(str(tmp_path), "test")
    assert (test.classes, test.labels.tolist()) == ((composed, "tea"), [0])


@pytest.mark.skipif(sys.platform != "linux", reason="needs named pipes, and names of files that are not UTF-8")
def test_what_cannot_be_a_class_or_a_picture(tmp_path):
    picture(tmp_path / "a" / "1.png", PAGE)
    os.mkfifo(tmp_path / "a" / "2.png")
    with pytest.raises(DataError, match="2.png: not a file; expected pictures"):
        load(str(tmp_path), "train")
    (tmp_path / "a" / "2.png").unlink()
    os.makedirs(os.fsencode(tmp_path) + b"/\xff")
    with pytest.raises(DataError, match="a folder's name that is not UTF-8; rename it"):
        load(str(tmp_path), "train")
