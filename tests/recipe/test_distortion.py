"""Distortions: the engine's against a plain reading of their definition, and what a training makes of them."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from networks import ISAS

import lenet
from lenet import Recipe, _engine, engine, fit, presets
from lenet.distort import MOST, PLANAR, Distortion
from lenet.recipe import Constant

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
    """Words of Philox, keyed by the seed, counted by epoch and sample."""
    blocks = [_engine.philox((k, sample, stream, epoch), seed & 0xFFFFFFFF, seed >> 32) for k in range(-(-count // 4))]
    return np.array(blocks, np.uint32).ravel()[:count]


def drawn(seed: int, epoch: int, sample: int, count: int) -> np.ndarray:
    """Numbers from [-1, 1): 24 bits each."""
    return (bits(seed, epoch, sample, count, 2).astype(np.int32) >> 8) / 2.0**23


def bump(t: np.ndarray) -> np.ndarray:
    """The uniform cubic B-spline around 0."""
    t = np.abs(t)
    return np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, np.where(t < 2, (2 - t) ** 3 / 6, 0))


def plain(image: np.ndarray, d: Distortion, seed: int, epoch: int, sample: int) -> np.ndarray:
    """One image distorted as the definition reads, in double precision."""
    from scipy import ndimage

    height, width = image.shape
    numbers = drawn(seed, epoch, sample, 4096)
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
    """Wellons's mixing of 32 bits, as a number from [-1, 1)."""
    h = at.astype(np.uint64) ^ key
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        h = ((h ^ h >> shift) * factor) & 0xFFFFFFFF
    return ((h ^ h >> 16).astype(np.uint32).astype(np.int32) >> 8) / 2.0**23


def inked(image: np.ndarray, d: Distortion, seed: int, epoch: int, sample: int) -> np.ndarray:
    """What pen, paper and camera do, as the definition reads."""
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


@pytest.fixture(scope="module")
def pictures():
    """Blobs and strokes on 24 x 20 pixels, paper at the edge."""
    random = np.random.default_rng(0)
    images = np.zeros((12, 1, 24, 20), np.uint8)
    images[:, :, 4:20, 4:16] = np.kron(random.integers(0, 2, (12, 1, 8, 6)), np.ones((2, 2))) * 200
    images[:, :, 6:18, 6:14] += random.integers(0, 50, (12, 1, 12, 8)).astype(np.uint8)
    return images


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", KINDS)
def test_the_engine_distorts_as_defined(name, isa, pictures):
    seed, epoch = 2**40 + 7, 3
    got = engine.distorted(pictures, KINDS[name], seed, epoch, isa).astype(float)
    wanted = []
    for i, image in enumerate(pictures):
        warped = plain(image[0], KINDS[name], seed, epoch, i)
        wanted.append(inked(warped, KINDS[name], seed, epoch, i))
    assert np.abs(got[:, 0] - wanted).max() <= 2.5  # rounding to bytes, and the pen's share to 1/256
    assert np.abs(got - pictures).max() > 20


def test_what_is_drawn_fills_its_range(pictures):
    numbers = np.array([drawn(1, 1, sample, 40) for sample in range(500)])
    assert -1 <= numbers.min() < -0.999
    assert 0.999 < numbers.max() < 1
    assert np.abs(numbers.mean(axis=0)).max() < 5 / np.sqrt(3 * 500)  # five standard deviations


def test_no_distortion_changes_nothing(pictures):
    assert np.array_equal(engine.distorted(pictures, Distortion()), pictures)


def test_a_picture_looks_different_in_every_epoch_and_alike_in_none(pictures):
    same = np.repeat(pictures[:1], 8, axis=0)
    epochs = [engine.distorted(same, ALL, 5, epoch) for epoch in (1, 2)]
    looks = {image.tobytes() for batch in epochs for image in batch}
    assert len(looks) == 16
    assert np.array_equal(engine.distorted(same, ALL, 5, 2), epochs[1])
    assert not np.array_equal(engine.distorted(same, ALL, 6, 2), epochs[1])


def test_instruction_sets_that_fuse_distort_to_the_same_bytes(pictures):
    looks = {engine.distorted(pictures, ALL, 1, 1, isa).tobytes() for isa in ISAS if engine.isa(isa)[3]}
    assert len(looks) <= 1


@pytest.fixture(scope="module")
def digits():
    images, labels = lenet.data.digits("train")
    return images[:300], labels[:300]


@pytest.mark.parametrize("batch", [1, 40])
def test_a_distorted_training_is_the_same_for_any_number_of_threads_and_when_resumed(batch, digits):
    spec = presets["lenet1"].spec
    recipe = Recipe(Constant(0.01), epochs=3, batch_size=batch, distortion=ALL)
    runs = [list(fit(spec, recipe, *digits, seed=4, threads=threads)) for threads in (1, 2, 3)]
    assert len({run[-1].network.flat.tobytes() for run in runs}) == 1
    rest = list(fit(spec, recipe, *digits, seed=4, start=runs[0][0].state))
    assert rest[-1].network.flat.tobytes() == runs[0][-1].network.flat.tobytes()
    as_they_are = list(fit(spec, replace(recipe, distortion=None), *digits, seed=4))
    assert as_they_are[-1].network.flat.tobytes() != runs[0][-1].network.flat.tobytes()


def test_a_training_sees_the_images_that_distorted_shows(digits):
    """One epoch on the images as they are distorted in epoch 1 is one epoch with the distortion."""
    images, labels = digits
    spec, recipe = presets["lenet1"].spec, Recipe(Constant(0.01), epochs=1, batch_size=32)
    bent = engine.distorted(images[:, None], ALL, 9, 1)[:, 0]
    (one,) = fit(spec, replace(recipe, distortion=ALL), images, labels, seed=9)
    (two,) = fit(spec, recipe, bent, labels, seed=9)
    assert one.network.flat.tobytes() == two.network.flat.tobytes()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shift": -1}, "shift is -1; expected a number from 0 to 1000"),
        ({"scale": 1.0}, "scale is 1.0; expected a number from 0 to 0.9"),
        ({"rotation": float("nan")}, "rotation is nan"),
        ({"thickness": 1.5}, "thickness is 1.5; expected a number from 0 to 1"),
        ({"spacing": 1}, "spacing is 1; expected a number from 2 to 1000"),
        ({"shear": True}, "shear is True"),
        ({"elastic": "1"}, "elastic is '1'"),
        ({"noise": 1.5}, "noise is 1.5; expected a number from 0 to 1"),
        ({"lines": 2}, "lines is 2; expected a number from 0 to 1"),
    ],
)
def test_ranges_that_make_no_sense(values, message):
    with pytest.raises(ValueError, match=message):
        Distortion(**values)


def test_distortions_larger_than_the_picture(digits):
    recipe = Recipe(Constant(0.01), distortion=Distortion(shift=28))
    with pytest.raises(ValueError, match="a shift of 28 pixels; the images have 28x28"):
        fit(presets["lenet1"].spec, recipe, *digits)
    with pytest.raises(ValueError, match="a cut of 30 pixels; the images have 28x28"):
        fit(presets["lenet1"].spec, replace(recipe, distortion=Distortion(cut=30)), *digits)
    with pytest.raises(ValueError, match="a bending of 28 pixels; the images have 28x28"):
        fit(presets["lenet1"].spec, replace(recipe, distortion=Distortion(elastic=28)), *digits)
    assert set(MOST) | {"spacing"} == set(vars(ALL))


def test_far_and_wide_is_paper():
    """Whatever is drawn, nothing outside the picture is read: under a memory checker this would end the process."""
    code = """
import numpy as np
from lenet import engine
from lenet.distort import Distortion
wild = Distortion(shift=27, scale=0.9, squeeze=0.9, rotation=180, shear=5, elastic=100, spacing=2, thickness=1,
                  cut=27, lines=1, faint=1, blur=10, noise=1)
images = np.full((400, 1, 28, 28), 255, np.uint8)
for isa in engine.supported_isas():
    out = engine.distorted(images, wild, 1, 1, isa)
    assert 0 in out and 255 in out
tiny = Distortion(rotation=90, elastic=1, lines=1, blur=3, noise=1)
one = engine.distorted(np.full((3, 1, 1, 1), 9, np.uint8), tiny, 1, 1)
assert one.shape == (3, 1, 1, 1)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
