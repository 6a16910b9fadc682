"""The engine's distortions against a plain reading of their definition, and trainings that apply them."""

import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from networks import ISAS

from lenet import Recipe, _engine, fit, presets
from lenet.engine import cpu
from lenet.recipe import Constant
from lenet.recipe.distortion import ALL_DISTORTIONS, MAX_RANGES, PLANAR, Distortion

INK = Distortion(cut=9, lines=0.7, faint=0.8, blur=1.6, noise=0.5)
ALL = Distortion(
    shift=3,
    scale=0.2,
    squeeze=0.1,
    rotation=20,
    shear=0.3,
    elastic=1.0,
    spacing=6,
    thickness=0.8,
    **{kind: getattr(INK, kind) for kind in ("cut", "lines", "faint", "blur", "noise")},
)
KINDS = {
    "shift": Distortion(shift=4),
    "scale": Distortion(scale=0.3),
    "squeeze": Distortion(squeeze=0.3),
    "rotation": Distortion(rotation=40),
    "shear": Distortion(shear=0.5),
    "elastic": Distortion(elastic=1.5, spacing=5.5),
    "thickness": Distortion(thickness=1),
    "cut": Distortion(cut=11),
    "lines": Distortion(lines=1),
    "faint": Distortion(faint=1),
    "blur": Distortion(blur=2.5),
    "noise": Distortion(noise=0.7),
    "planar": PLANAR,
    "ink": INK,
    "all": ALL,
}


def bits(seed: int, epoch: int, sample: int, count: int, stream: int) -> np.ndarray:
    """Return words of Philox, keyed by the seed, counted by epoch and sample."""
    blocks = [_engine.philox((k, sample, stream, epoch), seed & 0xFFFFFFFF, seed >> 32) for k in range(-(-count // 4))]
    return np.array(blocks, np.uint32).ravel()[:count]


def drawn(seed: int, epoch: int, sample: int, count: int) -> np.ndarray:
    """Return numbers from [-1, 1), 24 bits each."""
    return (bits(seed, epoch, sample, count, 2).astype(np.int32) >> 8) / 2.0**23


def bump(t: np.ndarray) -> np.ndarray:
    """Return the uniform cubic B-spline around 0."""
    t = np.abs(t)
    return np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, np.where(t < 2, (2 - t) ** 3 / 6, 0))


def plain(image: np.ndarray, d: Distortion, seed: int, epoch: int, sample: int) -> np.ndarray:
    """Return one image distorted as the definition reads, in double precision."""
    from scipy import ndimage

    height, width = image.shape
    numbers = drawn(seed, epoch, sample, 512)
    turn, slant = np.radians(d.rotation) * numbers[0], d.shear * numbers[1]
    scale, squeeze = 1 + d.scale * numbers[2], 1 + d.squeeze * numbers[3]
    # Upwards: scaled along the axes, slanted, turned. The engine goes the other way, from the result to the source.
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    forward = rotate @ np.array([[1, 0], [-slant, 1]]) @ np.diag([scale * squeeze, scale / squeeze])
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    places = np.indices((height, width)).reshape(2, -1).T
    sources = (places - middle) @ np.linalg.inv(forward).T + middle - d.shift * numbers[4:6]
    if d.elastic:
        rows, columns = int((height - 1) / d.spacing) + 4, int((width - 1) / d.spacing) + 4
        points = numbers[8 : 8 + 2 * rows * columns].reshape(2, rows, columns)
        along_y = bump(np.arange(height)[:, None] / d.spacing - (np.arange(rows) - 1))
        along_x = bump(np.arange(width)[:, None] / d.spacing - (np.arange(columns) - 1))
        field = np.einsum("yi,kij,xj->kyx", along_y, points, along_x).reshape(2, -1).T
        sources = sources + field * d.elastic / (np.sqrt(1 / 3) * 151 / 315)
    pen, cross = d.thickness * numbers[6], ndimage.generate_binary_structure(2, 1)
    other = (ndimage.grey_dilation if pen > 0 else ndimage.grey_erosion)(
        image.astype(float), footprint=cross, mode="constant", cval=0
    )
    image = image + abs(pen) * (other - image)
    return ndimage.map_coordinates(np.pad(image, 2), (sources + 2).T, order=1, mode="constant", cval=0).reshape(
        height, width
    )


def hashed(at: np.ndarray, key: int) -> np.ndarray:
    """Return Wellons's mixing of 32 bits, as a number from [-1, 1)."""
    h = at.astype(np.uint64) ^ key
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        h = ((h ^ h >> shift) * factor) & 0xFFFFFFFF
    return ((h ^ h >> 16).astype(np.uint32).astype(np.int32) >> 8) / 2.0**23


def inked(image: np.ndarray, d: Distortion, seed: int, epoch: int, sample: int) -> np.ndarray:
    """Return the effects of pen, paper and camera, as the definition reads."""
    from scipy import ndimage

    height, width = image.shape
    words = bits(seed, epoch, sample, 16, 3)
    u = (words >> 8) / 2.0**24
    sometimes = np.maximum(0, 2 * u - 1)
    cut, side = int(sometimes[1] * (d.cut + 1)), int(4 * u[0])
    kept = np.zeros_like(image)
    inside = (np.s_[cut:], np.s_[: height - cut], np.s_[:, cut:], np.s_[:, : width - cut])[side]
    kept[inside] = image[inside]
    y, x = np.indices((height, width))
    if u[2] < d.lines:
        across, askew = u[3] < 0.7, 0.2 * u[4] - 0.1
        along, over, length, room = (x, y, width, height) if across else (y, x, height, width)
        off = over + askew * (along - length / 2) - u[5] * room
        reach = np.clip(0.75 + 1.25 * u[7] - np.abs(off), 0, 1)
        kept = np.maximum(kept, reach * 255 * (0.2 + 0.8 * u[6]))
    kept = kept * (1 - d.faint * sometimes[8])
    left = (d.blur * sometimes[9]) ** 2 / 2
    while left > 0:
        w = min(left, 0.25)
        for axis in (0, 1):
            kept = ndimage.convolve1d(kept, [w, 1 - 2 * w, w], axis, mode="constant")
        left -= 0.25
    grain = hashed(y * (-(-width // 16) * 16) + x, int(words[15]))
    return np.clip(kept + 255 * d.noise * sometimes[10] * grain, 0, 255)


def _pictures() -> np.ndarray:
    """Return blobs and strokes on 24 x 20 pixels, paper at the edge."""
    random = np.random.default_rng(0)
    images = np.zeros((12, 1, 24, 20), np.uint8)
    images[:, :, 4:20, 4:16] = np.kron(random.integers(0, 2, (12, 1, 8, 6)), np.ones((2, 2))) * 200
    images[:, :, 6:18, 6:14] += random.integers(0, 50, (12, 1, 12, 8)).astype(np.uint8)
    return images


PICTURES = _pictures()
SEED, EPOCH = 2**40 + 7, 3


@cache
def distorted_as_defined(name: str) -> np.ndarray:
    """Return the pictures distorted as the definition reads: the same for every instruction set."""
    distortion, result = KINDS[name], []
    for i, image in enumerate(PICTURES):
        warped = plain(image[0], distortion, SEED, EPOCH, i)
        result.append(inked(warped, distortion, SEED, EPOCH, i))
    return np.array(result)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", KINDS)
def test_the_engine_distorts_as_defined(name, isa):
    got = cpu.distorted(PICTURES, KINDS[name], SEED, epoch=EPOCH, isa=isa).astype(float)
    wanted = distorted_as_defined(name)
    assert np.abs(got[:, 0] - wanted).max() <= 2.5  # rounding to bytes, and the pen's fraction to 1/256
    assert np.abs(got - PICTURES).max() > 20


def test_what_is_drawn_fills_its_range():
    numbers = np.array([drawn(1, 1, sample, 40) for sample in range(500)])
    assert -1 <= numbers.min() < -0.999
    assert 0.999 < numbers.max() < 1
    assert np.abs(numbers.mean(axis=0)).max() < 5 / np.sqrt(3 * 500)  # five standard deviations


def test_no_distortion_changes_nothing():
    assert np.array_equal(cpu.distorted(PICTURES, Distortion()), PICTURES)


def test_an_image_is_distorted_otherwise_in_every_epoch_and_at_every_place():
    same = np.repeat(PICTURES[:1], 8, axis=0)
    epochs = [cpu.distorted(same, ALL, 5, epoch=epoch) for epoch in (1, 2)]
    assert len({image.tobytes() for batch in epochs for image in batch}) == 16
    assert np.array_equal(cpu.distorted(same, ALL, 5, epoch=2), epochs[1])
    assert not np.array_equal(cpu.distorted(same, ALL, 6, epoch=2), epochs[1])


def test_an_image_is_distorted_alike_in_any_company_and_on_any_number_of_threads():
    whole = cpu.distorted(PICTURES, ALL, 5, epoch=2)
    some = np.array([7, 2, 11], np.uint32)
    assert np.array_equal(cpu.distorted(PICTURES[some], ALL, 5, epoch=2, samples=some), whole[some])
    assert np.array_equal(cpu.distorted(PICTURES, ALL, 5, epoch=2, threads=3), whole)


def test_instruction_sets_that_fuse_distort_to_the_same_bytes():
    results = {cpu.distorted(PICTURES, ALL, 1, epoch=1, isa=isa).tobytes() for isa in ISAS if cpu.isa(isa)[3]}
    assert len(results) <= 1


def test_examples_have_a_row_for_each_distortion_and_one_for_all():
    image = PICTURES[0, 0]
    rows = cpu.distortion_examples(image, seed=3, count=5)
    assert list(rows) == [*MAX_RANGES, "everything"]
    assert all(examples.shape == (5, 1, *image.shape) for examples in rows.values())
    everything = cpu.distorted(np.repeat(image[None, None], 5, axis=0), ALL_DISTORTIONS, 3)
    assert np.array_equal(rows["everything"], everything)
    colours = cpu.distortion_examples(np.stack([image] * 3), seed=3, count=5)["everything"]
    assert colours.shape == (5, 3, *image.shape)
    assert np.array_equal(colours[:, :1], everything)


@pytest.fixture(scope="module")
def digits(digits_train):
    images, labels = digits_train
    return images[:300], labels[:300]


@pytest.mark.parametrize("batch", [1, 40])
def test_a_distorted_training_is_the_same_for_any_number_of_threads_and_when_resumed(batch, digits):
    spec = presets["lenet1"].spec
    recipe = Recipe(Constant(0.01), epochs=3, batch_size=batch, distortion=ALL)
    runs = [list(fit(spec, recipe, *digits, seed=4, threads=threads)) for threads in (1, 2, 3)]
    assert len({run[-1].network.flat.tobytes() for run in runs}) == 1
    rest = list(fit(spec, recipe, *digits, seed=4, resume_from=runs[0][0].state))
    assert rest[-1].network.flat.tobytes() == runs[0][-1].network.flat.tobytes()
    undistorted = list(fit(spec, replace(recipe, distortion=None), *digits, seed=4))
    assert undistorted[-1].network.flat.tobytes() != runs[0][-1].network.flat.tobytes()


def test_a_training_sees_the_images_that_distorted_returns(digits):
    """One epoch on the images as they are distorted in epoch 1 is one epoch with the distortion."""
    images, labels = digits
    spec, recipe = presets["lenet1"].spec, Recipe(Constant(0.01), epochs=1, batch_size=32)
    bent = cpu.distorted(images[:, None], ALL, 9, epoch=1)[:, 0]
    (one,) = fit(spec, replace(recipe, distortion=ALL), images, labels, seed=9)
    (two,) = fit(spec, recipe, bent, labels, seed=9)
    assert one.network.flat.tobytes() == two.network.flat.tobytes()


def test_far_and_wide_is_paper():
    """Whatever is drawn, nothing outside the picture is read: under a memory checker this would end the process."""
    code = """
import numpy as np
from lenet.engine import cpu
from lenet.recipe import Distortion
wild = Distortion(shift=27, scale=0.9, squeeze=0.9, rotation=180, shear=5, elastic=100, spacing=2, thickness=1,
                  cut=27, lines=1, faint=1, blur=10, noise=1)
images = np.full((400, 1, 28, 28), 255, np.uint8)
for isa in cpu.supported_isas():
    out = cpu.distorted(images, wild, 1, epoch=1, isa=isa)
    assert 0 in out and 255 in out
tiny = Distortion(rotation=90, elastic=1, lines=1, blur=3, noise=1)
one = cpu.distorted(np.full((3, 1, 1, 1), 9, np.uint8), tiny, 1, epoch=1)
assert one.shape == (3, 1, 1, 1)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
