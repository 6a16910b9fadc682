"""Networks by name or by path: what comes with the package, files, and what is neither."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import lenet
from lenet import Ensemble, Network, presets
from lenet.engine import cpu
from lenet.model import file
from lenet.model.arrays import WeightsError
from lenet.model.pretrained import DEFAULT, FILES

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
LENET5 = json.loads((Path(__file__).parent.parent / "golden" / "lenet5.json").read_text())
"""What was measured of the pretrained lenet5, and its weights after the first epoch; its file does not say it."""


@pytest.mark.parametrize("name", FILES)
def test_pretrained_networks_load_and_say_where_they_come_from(name):
    model = lenet.load(name)
    assert isinstance(model, Ensemble if name == "ensemble" else Network)
    assert model.provenance["data"]
    if name == "lenet5":  # a member of an ensemble, whose provenance has the rest
        return
    assert model.provenance["command"].startswith("lenet train")
    assert len(model.provenance["commit"]) == 40
    assert len(model.provenance["results"]) == 1


def test_a_pretrained_network_cannot_be_changed():
    """It is the same object for everybody who loads it."""
    with pytest.raises(AttributeError):
        lenet.load("lenet5").calibration = None


def test_without_a_name_it_is_the_most_accurate_single_network():
    assert DEFAULT == "reader"
    assert np.array_equal(lenet.load().scores(IMAGES), lenet.load("reader").scores(IMAGES))


def test_lenet5_is_the_ensembles_first_member():
    network, ensemble = lenet.load("lenet5"), lenet.load("ensemble")
    assert network.spec == presets["lenet5"].spec
    assert network.flat.tobytes() == ensemble.networks[0].flat.tobytes()
    assert network.calibration == ensemble.networks[0].calibration
    assert len(ensemble.networks) == 5


def test_files_by_their_paths(tmp_path):
    network = Network.create(presets["lenet1"].spec, 3)
    network.save(tmp_path / "one.safetensors")
    Ensemble([network, network]).save(tmp_path / "two.safetensors")
    for path in (tmp_path / "one.safetensors", str(tmp_path / "one.safetensors")):
        one = lenet.load(path)
        assert isinstance(one, Network)
        assert one.flat.tobytes() == network.flat.tobytes()
    two = lenet.load(tmp_path / "two.safetensors")
    assert isinstance(two, Ensemble)
    assert len(two.networks) == 2


def test_a_name_comes_before_a_file_that_is_called_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Network.create(presets["lenet1"].spec, 3).save("lenet5")
    assert lenet.load("lenet5").spec == presets["lenet5"].spec
    assert lenet.load("./lenet5").spec == presets["lenet1"].spec


def test_what_is_neither_a_name_nor_a_file():
    names = ", ".join(FILES)
    with pytest.raises(FileNotFoundError) as caught:
        lenet.load("nonesuch")
    assert str(caught.value) == f"nonesuch: no such file, and no pretrained network; those are {names}"

    with pytest.raises(FileNotFoundError, match="^'': no such file, and no pretrained network"):
        lenet.load("")


def test_broken_files_are_named(tmp_path):
    (tmp_path / "broken").write_bytes(b"no network")
    with pytest.raises(WeightsError, match="broken: not a whole safetensors file"):
        lenet.load(tmp_path / "broken")
    network = Network.create(presets["lenet1"].spec)
    network.save(tmp_path / "good")
    arrays, header = file.read(tmp_path / "good")
    file.write(tmp_path / "bad", arrays, {**header, "spec": {}})
    with pytest.raises(WeightsError, match="bad: not the description of a network"):
        lenet.load(tmp_path / "bad")
    with pytest.raises(WeightsError, match="not a file$"):
        lenet.load(tmp_path)
    network.save(tmp_path / "network.safetensors")
    with pytest.raises(WeightsError, match="not a file; a directory with .*network.safetensors"):
        lenet.load(tmp_path)


@pytest.mark.mnist
@pytest.mark.parametrize("name", ["reader", "ensemble", "lenet5"])
def test_the_pretrained_network_is_as_good_as_it_says(name, mnist_test):
    model = lenet.load(name)
    result = lenet.evaluate(model, *mnist_test)
    expected = LENET5 if name == "lenet5" else model.provenance["results"]["MNIST test"]
    assert result.wrong == expected["wrong"]
    assert result.calibration_error == pytest.approx(expected["calibration_error"], abs=1e-4)


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.skipif(not cpu.isa()[3], reason="trained where multiply and add are fused")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("reader", marks=pytest.mark.xfail(reason="trained before letterforms were added", strict=True)),
        "lenet5",
    ],
)
def test_the_command_still_makes_the_pretrained_weights(name, mnist_train):
    """The first epoch of its training, today, has the bytes it had when the network was made."""
    network = lenet.load(name)
    about = network.provenance
    images, labels = (array[: about["images"]] for array in mnist_train)
    recipe = lenet.Recipe.from_dict(about["recipe"])
    epoch = next(lenet.fit(network.spec, recipe, images, labels, seed=about["seed"]))
    expected = LENET5["first_epoch"] if name == "lenet5" else about["first_epoch"]
    assert hashlib.sha256(epoch.network.flat.tobytes()).hexdigest() == expected
