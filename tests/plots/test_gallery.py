"""Images side by side: samples, distortions, mistakes, patches."""

import numpy as np
import pytest
from helpers import images_of, texts_of, values_of
from PIL import Image

import lenet
from lenet import plots
from lenet.evaluation.evaluate import Mistake
from lenet.model.patches import strongest_patches
from lenet.plots.figure import drawable


def test_samples_are_drawn_row_by_row(tmp_path):
    images = np.zeros((7, 28, 28), np.uint8)
    images[2] = 255
    plots.samples(images, np.arange(7), tmp_path / "a.png", columns=5)
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
    height, width = picture.shape
    dark = (picture < 30).mean(axis=0) > 0.2
    inked = np.flatnonzero(dark) / width
    assert 0.4 <= inked.min() < inked.max() <= 0.6  # the third of five columns
    assert height == pytest.approx(width * 2 * 0.95 / (5 * 0.8), abs=2)  # two rows
    with pytest.raises(ValueError, match="no samples to draw"):
        plots.samples(images[:0], np.zeros(0, np.uint8), tmp_path / "b.png")


def test_distortions_have_a_row_for_each_name(tmp_path):
    examples = {"one": np.zeros((2, 28, 28), np.uint8), "two": np.full((2, 28, 28), 255, np.uint8)}
    certain, uncertain = np.eye(10)[[3, 4]], np.full((2, 10), 0.1)
    plots.distortions(examples, {"one": certain, "two": uncertain}, tmp_path / "a.png")
    picture = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    upper, lower = np.split(picture, [picture.shape[0] // 2])
    orange = [(abs(half - (0xC5, 0x5A, 0x11)).sum(axis=-1) < 60).sum() for half in (upper, lower)]
    assert orange[0] == 0
    assert orange[1] > 5  # confidence below 90 % is in another colour
    assert (lower.sum(axis=-1) < 30).sum() > 1000 > (upper.sum(axis=-1) < 30).sum()


def test_mistakes_show_the_images_with_their_labels_answers_and_probabilities(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (9, 28, 28), np.uint8)
    worst = (Mistake(7, 2, 3, 0.987), Mistake(4, 0, 6, 0.5))
    figure = plots.mistakes(images, worst, tmp_path / "a.png", subject="the test set")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    drawn = images_of(figure)
    assert list(drawn) == ["image 7", "image 4"]
    for name, image in drawn.items():
        assert np.array_equal(values_of(image), images[int(name.split()[1])])
    texts = texts_of(figure)
    for text in ("2, taken for 3", "98.7 %, image 7", "0, taken for 6", "50.0 %, image 4", "the test set"):
        assert text in texts
    with pytest.raises(ValueError, match="no mistakes to draw: every answer was right"):
        plots.mistakes(images, ())


@pytest.mark.parametrize("count", [1, 9, 11, 25])
def test_mistakes_lie_in_rows_that_do_not_overlap(count):
    worst = [Mistake(k, 0, 1, 0.9) for k in range(count)]
    figure = plots.mistakes(np.zeros((count, 28, 28), np.uint8), worst)
    places = np.array([image.get_extent() for image in images_of(figure).values()])
    assert len(places) == count == len({(round(x, 4), round(y, 4)) for x, _, _, y in places})
    width, height = figure.get_size_inches()
    assert (places > 0).all() and (places[:, 1] < width).all() and (places[:, 2] < height).all()


def test_patches_are_those_that_excite_each_map_most(digits_train):
    network, images = lenet.load("lenet5"), digits_train[0][:40]
    figure = plots.patches(network, images, "C1", count=4)
    strongest = strongest_patches(network, images, "C1", 4)
    drawn = images_of(figure)
    assert len(drawn) == 6 * 4
    for map_, at in np.ndindex(6, 4):
        assert np.array_equal(values_of(drawn[f"C1 {map_} {at}"]), strongest.patches[map_, at, 0])
    assert "the 4 strongest parts of 5x5 pixels" in texts_of(figure)


def test_three_maps_are_drawn_as_colours():
    """Red, green and blue, whatever the figure: the middle of each image has its colour."""
    colours = np.array([[200, 10, 20], [30, 220, 40]], np.uint8)
    images = np.ascontiguousarray(np.broadcast_to(colours[:, :, None, None], (2, 3, 6, 5)))
    assert np.array_equal(drawable(images[0]), np.broadcast_to(colours[0], (6, 5, 3)))
    assert np.array_equal(drawable(images[0, :1]), images[0, 0])
    figure = plots.samples(images, ["cat", "dog"])
    assert [axes.get_title() for axes in figure.axes] == ["cat", "dog"]
    assert [axes.images[0].get_array()[3, 2].tolist() for axes in figure.axes] == colours.tolist()
    drawn = images_of(plots.mistakes(images, (Mistake(1, 0, 1, 0.9),)))
    assert values_of(drawn["image 1"])[3, 2].tolist() == colours[1].tolist()


def test_images_in_every_form_are_drawn_alike():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (3, 28, 28), np.uint8)
    mistakes = [Mistake(2, 1, 7, 0.9)]
    expected = plots.samples(images, np.arange(3))._repr_png_(), plots.mistakes(images, mistakes)._repr_png_()
    for form in (
        images / 255,
        (images / 255).astype(np.float32),
        images[..., None],
        images.reshape(3, 784),
        images[:, None],
    ):
        drawn = plots.samples(form, np.arange(3))._repr_png_(), plots.mistakes(form, mistakes)._repr_png_()
        assert drawn == expected
    two_maps = np.repeat(images[:, None], 2, axis=1)  # their mean is drawn
    assert plots.samples(two_maps, np.arange(3))._repr_png_() == expected[0]


def test_an_evaluation_has_its_mistakes_and_all_images_are_needed():
    images = np.zeros((3, 28, 28), np.uint8)
    network = lenet.Network.create(lenet.presets["lenet1"].spec)
    answer = int(network.predict(images)[0])
    result = lenet.evaluate(network, images, np.full(3, (answer + 1) % 10))
    assert plots.mistakes(images, result)._repr_png_() == plots.mistakes(images, result.worst)._repr_png_()
    with pytest.raises(ValueError, match="a mistake of image 2, and 1 images; expected all that were evaluated"):
        plots.mistakes(images[:1], result)
    with pytest.raises(ValueError, match="0 columns; expected at least 1"):
        plots.samples(images, np.arange(3), columns=0)
