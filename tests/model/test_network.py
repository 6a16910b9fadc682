import copy
import hashlib
import pickle

import numpy as np
import pytest

import lenet
from lenet import Contrast, Dense, Network, Spec, presets
from lenet.files import shipped

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (5, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def net():
    return Network.create(presets["lenet5"].spec, seed=1)


def test_shapes_and_types(net):
    assert net.predict(IMAGES).dtype == np.int64
    assert net.predict(IMAGES).shape == (5,)
    probabilities = net.predict_proba(IMAGES)
    assert (probabilities.dtype, probabilities.shape) == (np.float32, (5, 10))
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert np.array_equal(probabilities.argmax(axis=1), net.predict(IMAGES))


def test_trace_has_every_layer(net):
    trace = net.trace(IMAGES)
    shapes = {"INPUT": (1, 32, 32), "C1": (6, 28, 28), "S2": (6, 14, 14), "C3": (16, 10, 10), "S4": (16, 5, 5)}
    shapes |= {"C5": (120, 1, 1), "F6": (84,), "OUTPUT": (10,)}
    assert {name: array.shape[1:] for name, array in trace.items()} == shapes
    assert trace["OUTPUT"].sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert trace["OUTPUT"] == pytest.approx(net.predict_proba(IMAGES), abs=1e-6)
    assert np.array_equal(trace["S2"], trace["C1"].reshape(5, 6, 14, 2, 14, 2).max(axis=(3, 5)))
    with pytest.raises(KeyError, match="no layer is called 'C2'; there are INPUT, C1"):
        trace["C2"]


def test_paper_is_around_a_smaller_image(net):
    padded = np.pad(IMAGES, ((0, 0), (2, 2), (2, 2)))
    assert np.array_equal(net.scores(IMAGES), net.scores(padded))
    assert net.trace(IMAGES)["INPUT"][0, 0, 0, 0] == np.float32(-0.1)


def test_an_rbf_network_answers_with_the_nearest_code():
    net = Network.create(presets["lenet5-1998"].spec, 2, "lecun1998")
    trace = net.trace(IMAGES)
    assert np.array_equal(trace["OUTPUT"].argmin(axis=1), net.predict(IMAGES))
    codes = np.array(lenet.presets["lenet5-1998"].spec.layers[-1].codes)
    distances = ((trace["F6"][:, None] - codes) ** 2).sum(axis=-1)
    assert trace["OUTPUT"] == pytest.approx(distances, rel=1e-5)


def test_other_whole_numbers_and_no_images(net):
    assert np.array_equal(net.predict(IMAGES.astype(np.int64)), net.predict(IMAGES))
    assert net.predict(IMAGES[:0]).shape == (0,)
    assert net.predict_proba(IMAGES[:0]).shape == (0, 10)


@pytest.mark.parametrize("name", ["lenet5", "lenet5-1998", "lenet-theano", "lenet-keras", "lenet1"])
def test_a_scan_scores_every_window(name):
    """C5 as a convolution: what the network says of each window, cut out, it says when it sweeps over all."""
    net = Network.create(presets[name].spec, 3, "lecun1998")
    _, height, width = net.spec.input
    picture = RANDOM.integers(0, 256, (height + 9, width + 30), np.uint8)
    scores = net.scan(picture)
    assert scores.shape == (10, 3, 8)
    for row in range(3):
        for column in range(8):
            window = picture[4 * row : 4 * row + height, 4 * column : 4 * column + width]
            alone = net.scores(window[None])[0]
            if name == "lenet5-1998":  # its distances are added in another order
                assert scores[:, row, column] == pytest.approx(alone, rel=1e-5)
            else:
                assert np.array_equal(scores[:, row, column], alone)


def test_a_trace_of_a_larger_image(net):
    trace = net.trace(RANDOM.integers(0, 256, (2, 40, 60), np.uint8))
    assert trace["C5"].shape == (2, 120, 3, 8)
    assert trace["OUTPUT"].shape == (2, 10, 3, 8)
    assert trace["OUTPUT"].sum(axis=1) == pytest.approx(np.ones((2, 3, 8)), abs=1e-5)
    assert trace["INPUT"].shape == (2, 1, 40, 60)


def test_the_layer_that_cannot_take_a_size_is_named():
    theano = Network.create(presets["lenet-theano"].spec)
    with pytest.raises(ValueError, match="images of 40x28, of which F5 would get 7x4 values a map and sees 4x4"):
        theano.predict(np.zeros((1, 40, 28), np.uint8))
    with pytest.raises(ValueError, match="images of 29x28; expected"):  # one more pixel reaches no layer above
        theano.predict(np.zeros((1, 29, 28), np.uint8))


def test_what_cannot_be_scanned(net):
    whole = Network.create(Spec((1, 8, 8), (Contrast("N", 3), Dense("OUT", 2))))
    with pytest.raises(ValueError, match="N: contrast normalisation looks at a whole picture"):
        whole.scan(np.zeros((40, 40), np.uint8))
    with pytest.raises(ValueError, match="a picture of 28x28 to scan; expected at least 32x32"):
        net.scan(IMAGES[0])
    with pytest.raises(
        ValueError, match="images of 40x20, of which F6 would get 3x1 values a map and sees 1x1; expected uint8"
    ):
        net.trace(np.zeros((1, 40, 20), np.uint8))
    with pytest.raises(TypeError, match="images are float64"):
        net.scan(np.zeros((40, 40)))


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (
            IMAGES.astype(np.float32),
            TypeError,
            r"images are float32 from \S+ to \S+; expected uint8 \(n, 32, 32\) or smaller",
        ),
        (np.full((1, 28, 28), np.nan), TypeError, "images are float64 with 784 values that are not finite"),
        (IMAGES.astype(np.int32) - 1, ValueError, "pixels from -1 to 254"),
        (IMAGES[0], ValueError, r"images of shape \(28, 28\)"),
        (np.zeros((2, 3, 28, 28), np.uint8), ValueError, r"images of shape \(2, 3, 28, 28\)"),
        (np.zeros((2, 33, 28), np.uint8), ValueError, "images of 33x28"),
        (np.zeros((2, 0, 28), np.uint8), ValueError, "images of 0x28"),
        ([["a"]], TypeError, "images are <U1"),
        (None, TypeError, "images are object"),
    ],
)
def test_bad_images(net, images, error, message):
    for method in (net.predict, net.scores, net.trace):
        with pytest.raises(error, match=message):
            method(images)


def test_a_network_is_a_value(net):
    with pytest.raises(ValueError, match="read-only"):
        net.weights["C1.bias"][0] = 1
    with pytest.raises(TypeError):
        net.weights["C1.bias"] = np.zeros(6)
    changed = net.with_weights(**{"C1.bias": np.ones(6)})
    assert not net.weights["C1.bias"].any()
    assert not np.array_equal(changed.scores(IMAGES), net.scores(IMAGES))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert np.array_equal(twin.scores(IMAGES), net.scores(IMAGES))


OF_DIGITS = [name for name in shipped() if lenet.load(name).classes == 10]


def test_shipped_networks_load_and_say_where_they_come_from():
    for name in shipped():
        about = lenet.load(name).provenance
        assert about["command"].startswith("lenet train")
        assert len(about["commit"]) == 40
        assert len(about["results"]) == 1
    with pytest.raises(ValueError, match=r"no network called 'nonesuch' comes with the package; there are .*lenet5"):
        lenet.load("nonesuch")


@pytest.mark.mnist
def test_the_shipped_network_is_as_good_as_it_says(mnist_test):
    for name in OF_DIGITS:
        net = lenet.load(name)
        result = lenet.evaluate(net, *mnist_test)
        said = net.provenance["results"]["MNIST test"]
        assert result.wrong == said["wrong"]
        assert result.calibration_error == pytest.approx(said["calibration_error"], abs=1e-4)


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.skipif(not lenet.engine.isa()[3], reason="trained where multiply and add are fused")
@pytest.mark.parametrize("name", [name for name in OF_DIGITS if isinstance(lenet.load(name), Network)])
def test_the_command_still_makes_the_shipped_weights(name, mnist_train):
    """The first epoch of its training, today, has the bytes it had when the network was made."""
    about = lenet.load(name).provenance
    images, labels = (array[: about["images"]] for array in mnist_train)
    recipe = lenet.Recipe.from_dict(about["recipe"])
    epoch = next(lenet.fit(lenet.load(name).spec, recipe, images, labels, seed=about["seed"]))
    assert hashlib.sha256(epoch.network.flat.tobytes()).hexdigest() == about["first_epoch"]
