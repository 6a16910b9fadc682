"""``lenet look``: each view, of pictures, of images of a data set, and of networks alone."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet import Network, plots
from lenet.engine.cpu import distortion_examples
from lenet.reading import normalised, normalised_digits

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
EIGHT = EXAMPLES / "digits" / "8.png"


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture
def same_picture(tmp_path):
    """Return a function that asserts that a file is what a function of plots draws."""

    def check(path, draw, *arguments, **options):
        draw(*arguments, path=tmp_path / "expected.png", **options)
        assert np.array_equal(pixels(path), pixels(tmp_path / "expected.png"))

    return check


def test_layers_of_a_picture(run, tmp_path, same_picture):
    out = tmp_path / "a.png"
    assert run("look", "lenet5", EIGHT, "--out", out).stdout == f"{out}\n"
    same_picture(out, plots.layers, lenet.load("lenet5"), normalised(EIGHT), subject="lenet5: 8.png")
    run("look", "lenet5", EIGHT, "--reject", "0.2%", "--out", out)
    options = {"subject": "lenet5: 8.png", "reject": 0.002}
    same_picture(out, plots.layers, lenet.load("lenet5"), normalised(EIGHT), **options)


def test_one_layer_and_saliency_of_a_picture(run, tmp_path, same_picture):
    network, out, subject = lenet.load("lenet5"), tmp_path / "a.png", "lenet5: 8.png"
    run("look", "lenet5", EIGHT, "--layer", "C3", "--out", out)
    same_picture(out, plots.layer, network, normalised(EIGHT), "C3", subject=subject)
    run("look", "lenet5", EIGHT, "--saliency", "--out", out)
    same_picture(out, plots.saliency, network, normalised(EIGHT), subject=subject)


def test_an_image_of_a_data_set_needs_no_picture(run, tmp_path, same_picture):
    out, data = tmp_path / "a.png", lenet.data.load("digits", "test")
    run("look", "lenet5", "--index", 7, "--data", "digits", "--out", out)
    subject = f"lenet5: image 7 of {data.name}, label {data.labels[7]}"
    same_picture(out, plots.layers, lenet.load("lenet5"), data.images[7], subject=subject)
    failed = run("look", "lenet5", "--index", 359, "--data", "digits", "--out", out, code=1)
    assert "image 359 of scikit-learn's digits, test, scaled up to 28x28; expected one from 0 to 358" in failed.one_line


def test_several_digits_are_looked_at_one_by_one(run, tmp_path, same_picture):
    picture, out = EXAMPLES / "numbers" / "24709.png", tmp_path / "a.png"
    done = run("look", "lenet5", picture, "--layer", "F6", "--out", out)
    assert done.stdout.splitlines() == [str(tmp_path / f"a-{k}.png") for k in range(1, 6)]
    assert "5 digits, a drawing for each; --mode digit takes them for one" in done.stderr
    network, digits = lenet.load("lenet5"), normalised_digits(picture)
    for k, digit in enumerate(digits, 1):
        subject = f"lenet5: 24709.png, digit {k} of 5"
        same_picture(tmp_path / f"a-{k}.png", plots.layer, network, digit, "F6", subject=subject)
    done = run("look", "lenet5", picture, "--layer", "F6", "--mode", "digit", "--out", out)
    assert done.stdout == f"{out}\n"


def test_kernels_of_a_network(run, tmp_path, same_picture):
    network, path = Network.create(lenet.presets["lenet1"].spec), tmp_path / "n.safetensors"
    network.save(path)
    run("look", path, "--kernels", "--out", tmp_path / "a.png")
    same_picture(tmp_path / "a.png", plots.kernels, network, subject=str(path))


def test_the_table_and_the_codes_of_a_preset(run, tmp_path, same_picture):
    spec, out = lenet.presets["lenet5-1998"].spec, tmp_path / "a.png"
    run("look", "lenet5-1998", "--table", "--out", out)
    same_picture(out, plots.connection_table, spec)
    run("look", "lenet5-1998", "--codes", "--out", out)
    same_picture(out, plots.codes, spec)


def test_distances_of_a_picture_to_the_codes(run, tmp_path, same_picture):
    network = Network.create(lenet.presets["lenet5-1998"].spec)
    network.save(tmp_path / "n.safetensors")
    run("look", tmp_path / "n.safetensors", EIGHT, "--codes", "--out", tmp_path / "a.png")
    subject = f"{tmp_path / 'n.safetensors'}: 8.png"
    same_picture(tmp_path / "a.png", plots.code_distances, network, normalised(EIGHT), subject=subject)


def test_the_worst_mistakes_of_a_data_set(run, trained, tmp_path, same_picture):
    path, out, data = trained[0] / "network.safetensors", tmp_path / "a.png", lenet.data.load("digits", "test")
    run("look", path, "--worst", 3, "--data", "digits", "--out", out)
    result = lenet.evaluate(lenet.load(path), data.images, data.labels, worst=3)
    subject = f"{path}: {data.name}, {result.wrong} of 359 wrong"
    same_picture(out, plots.mistakes, data.images, result.worst, subject=subject)


def test_patches_that_excite_maps(run, tmp_path, same_picture):
    out, data = tmp_path / "a.png", lenet.data.load("digits", "train")
    run("look", "lenet5", "--patches", "C1", "--data", "digits", "--out", out)
    same_picture(out, plots.patches, lenet.load("lenet5"), data.images, "C1", subject=f"lenet5: {data.name}")


def test_distortions(run, tmp_path, monkeypatch):
    monkeypatch.setattr("lenet.cli.look.distortion_examples", partial(distortion_examples, count=2))
    run("look", "ensemble", EIGHT, "--distortions", "--out", tmp_path / "a.png")
    one = (tmp_path / "a.png").read_bytes()
    assert one.startswith(b"\x89PNG")
    run("look", "ensemble", EIGHT, "--distortions", "--seed", 1, "--out", tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() != one


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((EIGHT, "--kernels", "--layer", "C3"), "--layer and --kernels are 2 views; expected one at a time"),
        ((EIGHT, "--kernels"), "--kernels is not about one image; leave it out"),
        (("--index", "3", "--worst", "9"), "--index 3: --worst is not about one image; leave it out"),
        ((EIGHT, "--index", "3"), "expected a picture, or an image of a data set"),
        ((), "nothing to look at; expected a network and a picture, such as lenet5 photo.jpg, or --index"),
        (("--saliency",), "nothing to look at; expected a network and a picture, such as lenet5 photo.jpg, or --index"),
        ((EIGHT, "--data", "digits"), "--data or --split without an image; expected --index with the number of one"),
        (("--table", "--data", "digits"), "--table is about the network only; leave them out"),
        ((EIGHT, "--layer", "C3", "--reject", "1%"), "--reject with --layer; it is for the picture of all layers"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(run, tmp_path, arguments, message):
    done = run("look", "lenet5", *arguments, "--out", tmp_path / "a.png", code=2)
    assert message in " ".join(done.stderr.split())
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ensemble", EIGHT), "ensemble: an ensemble of 5 networks; expected a single network"),
        (("lenet5", EIGHT, "--layer", "C2"), "no layer is called 'C2'; expected one of INPUT, C1, S2, C3"),
        (("lenet5", EIGHT, "--mode", "line"), "mode is 'line'; expected one of auto, digit"),
        (("lenet5", "--codes"), "the output layer OUTPUT is dense and has no codes; that of lenet5-1998 has"),
        (("lenet-keras", "--table"), "no convolution has a connection table"),
        (("lenet-keras", EIGHT), "`lenet train --preset lenet-keras` trains the preset of that name"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_of_one_line(run, tmp_path, arguments, message):
    assert message in run("look", *arguments, "--out", tmp_path / "a.png", code=1).one_line


def test_options_that_a_view_does_not_have_are_usage_errors(run, tmp_path):
    out = ("--out", tmp_path / "a.png")
    assert "--seed 1 without --distortions" in run("look", "lenet5", EIGHT, "--seed", 1, *out, code=2).stderr
    by_index = ("look", "lenet5", "--index", 0, "--data", "digits")
    assert "--mode digit without a picture" in run(*by_index, "--mode", "digit", *out, code=2).stderr
    assert not (tmp_path / "a.png").exists()


def test_a_network_without_mistakes_has_nothing_to_draw(run, trained, tmp_path, monkeypatch):
    images, labels = lenet.data.digits("test")
    network = lenet.load(trained[0] / "network.safetensors")
    right = network.predict(images) == labels
    np.savez(tmp_path / "right.npz", x_test=images[right], y_test=labels[right], x_train=images, y_train=labels)
    out = tmp_path / "worst.png"
    done = run("look", trained[0] / "network.safetensors", "--worst", 5, "--data", tmp_path / "right.npz", "--out", out)
    assert done.stdout == ""
    assert "no mistakes to draw: every answer was right" in done.stderr
    assert not out.exists()
