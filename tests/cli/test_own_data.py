"""Commands on one's own data: folders of two classes, more classes than ten, warnings, options of pictures."""

import json

import numpy as np
import pytest
from PIL import Image

import lenet


def photos(directory, split, *, classes=("cat", "dog"), count=12):
    """Write pictures of different sizes: a cat is a bar across, a dog a bar down, dark on light."""
    random = np.random.default_rng(len(split))
    for name in classes:
        (directory / split / name).mkdir(parents=True)
        for number in range(count):
            page = np.full((24 + number % 3, 30), 230, np.uint8)
            place = int(random.integers(4, 18))
            if name == "cat":
                page[place : place + 3, 3:-3] = 20
            else:
                page[3:-3, place : place + 3] = 20
            Image.fromarray(page).save(directory / split / name / f"{number}.png")


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pets")
    photos(directory, "train", count=40)
    photos(directory, "test")
    photos(directory / "dogs", "test", classes=("dog",))
    return directory


def test_a_folder_of_two_classes(run, pets, tmp_path):
    arguments = ("train", "--data", pets, "--size", 28, "--epochs", 30, "--seed", 1, "--out", tmp_path / "run")
    done = run(*arguments)
    lines = done.stderr.splitlines()
    assert lines[0] == f"data: train, resized to 28x28, inverted, the first 74 from {pets / 'train'}"
    assert lines[1] == "classes: 0 cat, 1 dog"
    path = tmp_path / "run" / "network.safetensors"
    assert lenet.load(path).class_names == ("cat", "dog")
    kept = {"size": 28, "fit": "resize", "color": "grey", "invert": "pictures"}
    assert lenet.load(path).provenance["pictures"] == kept
    evaluated = run("evaluate", path, "--data", pets)  # in the size of the training
    assert f"data: test, resized to 28x28, inverted from {pets / 'test'}" in evaluated.stderr
    assert evaluated.stdout.startswith("error 0.00 % (0 of 24)")
    assert "classes: 0 cat, 1 dog" in evaluated.stderr
    for row in ("label \\ answer | cat | dog", "cat | 12 | .", "dog | . | 12"):
        assert row in " ".join(evaluated.stdout.replace("│", "|").replace("┃", "|").split())
    for command in (("evaluate", path), ("look", path, "--index", 0)):
        done = run(*command, code=2)
        assert "the network's classes are cat, dog; expected --data with images of these" in " ".join(
            done.stderr.split()
        )
    # Of a folder of dogs only, the dogs are still the second class.
    data = json.loads(run("evaluate", path, "--data", pets / "dogs", "--json").stdout)
    assert data["classes"] == ["cat", "dog"]
    assert data["confusion"] == [[0, 0], [0, 12]]


@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_looking_at_pictures_as_in_the_training(run, pets, tmp_path, color):
    """Not as at digits on paper: a whole picture, in the size and the colours of the training."""
    train = ("train", "--data", pets, "--size", 28, "--color", color, "--epochs", 1, "--out", tmp_path / "run")
    lines = run(*train).stderr.splitlines()
    path = tmp_path / "run" / "network.safetensors"
    assert lines[-2:] == [f"next: lenet evaluate {path} --data TEST_DATA", f"      lenet look {path} picture.png"]
    network = lenet.load(path)
    picture = pets / "test" / "dog" / "0.png"
    run("look", path, picture, "--out", tmp_path / "look.png")
    image = lenet.data.PictureOptions(size=28, color=color).image(picture, "dog")
    lenet.plots.layers(network, image, tmp_path / "same.png", subject=f"{path}: 0.png")
    assert (tmp_path / "look.png").read_bytes() == (tmp_path / "same.png").read_bytes()
    run("look", path, "--index", 2, "--data", pets, "--out", tmp_path / "index.png")
    run("look", path, "--worst", 2, "--data", pets, "--out", tmp_path / "worst.png")


def test_pictures_of_different_sizes_name_the_option(run, pets, tmp_path):
    done = run("train", "--data", pets, "--out", tmp_path / "run", code=1)
    assert "30x25 pixels; those before it have 30x24: give a size, such as size=28 (--size 28)" in done.one_line
    done = run("train", "--data", pets, "--size", 28, "--fit", "crop", "--out", tmp_path / "run", code=1)
    assert "fit is 'crop'; expected resize or pad" in done.one_line


def test_options_of_pictures(run, pets, tmp_path):
    options = ("--size", 30, "--fit", "pad", "--color", "rgb", "--no-invert")
    run("train", "--data", pets, *options, "--epochs", 1, "--out", tmp_path / "run")
    network = lenet.load(tmp_path / "run" / "network.safetensors")
    assert network.spec.input == (3, 32, 32)
    assert network.provenance["data"].startswith("train, padded to 30x30, in colour, not inverted")
    done = run("evaluate", tmp_path / "run" / "network.safetensors", "--data", pets)
    assert "data: test, padded to 30x30, in colour, not inverted from" in done.stderr
    done = run("evaluate", tmp_path / "run" / "network.safetensors", "--data", pets, "--fit", "resize", "--invert")
    assert "data: test, resized to 30x30, in colour, inverted from" in done.stderr
    done = run("evaluate", tmp_path / "run" / "network.safetensors", "--data", pets, "--color", "grey", code=1)
    assert "expected (n, 3, 32, 32)" in done.stderr.splitlines()[-1]


def test_inverted_digits_are_warned_about(run, tmp_path, few_nondigits):
    images, labels = lenet.data.digits("test")
    np.savez(tmp_path / "own.npz", x_train=255 - images, y_train=labels, x_test=255 - images, y_test=labels)
    for command in (("train", "--epochs", 1, "--out", tmp_path / "run"), ("evaluate", "lenet5")):
        done = run(*command, "--data", tmp_path / "own.npz")
        assert "warning: images are inverted, with paper as 255: 255 - images, or invert=True (--invert)" in done.stderr
    done = run("evaluate", "lenet5", "--data", tmp_path / "own.npz", "--invert")
    assert "warning" not in done.stderr


def test_more_classes_than_a_preset_has(run, tmp_path):
    images = np.zeros((60, 28, 28), np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(60) % 12)
    arguments = ("train", "--data", tmp_path / "own.npz", "--epochs", 1)
    done = run(*arguments, "--preset", "lenet5", "--out", tmp_path / "run", code=1)
    assert "12 classes in train of own.npz" in done.one_line
    assert "lenet5 has 10: without a preset (--preset), the network has as many as the data" in done.one_line
    run(*arguments, "--out", tmp_path / "run")
    assert lenet.load(tmp_path / "run" / "network.safetensors").classes == 12


def test_names_of_classes_are_no_markup(run, tmp_path):
    photos(tmp_path, "train", classes=("[cat]", "[red]dog"))
    train = ("train", "--data", tmp_path / "train", "--size", 28, "--epochs", 1, "--out", tmp_path / "run")
    run(*train)
    done = run("evaluate", tmp_path / "run" / "network.safetensors", "--data", tmp_path / "train", "--split", "train")
    assert "[cat]" in done.stdout
    assert "[red]dog" in done.stdout
