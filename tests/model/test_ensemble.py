"""Several networks as one, and the files of both."""

import pickle

import numpy as np
import pytest

from lenet import Ensemble, Network, load, presets
from lenet.model import file
from lenet.model.arrays import WeightsError
from lenet.model.ensemble import single_network

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def networks():
    return [Network.create(presets[name].spec, seed) for name, seed in (("lenet5", 1), ("lenet5", 2), ("lenet4", 3))]


def test_it_answers_with_the_mean(networks):
    ensemble = Ensemble(networks)
    mean = np.mean([network.predict_proba(IMAGES).astype(np.float64) for network in networks], axis=0)
    assert ensemble.predict_proba(IMAGES) == pytest.approx(mean, abs=1e-6)
    assert np.array_equal(ensemble.predict(IMAGES), mean.argmax(axis=1))
    assert np.array_equal(ensemble.predict(IMAGES, threads=2), ensemble.predict(IMAGES, threads=1))
    assert ensemble.classes == 10
    assert ensemble.parameters == sum(network.spec.parameters for network in networks)
    assert "3 networks" in repr(ensemble)


def test_a_member_counts_as_it_was_calibrated(networks):
    calibrated = networks[0].calibrated(IMAGES, np.arange(20) % 10)
    ensemble = Ensemble([calibrated, networks[1]])
    mean = (calibrated.predict_proba(IMAGES) + networks[1].predict_proba(IMAGES)) / 2
    assert ensemble.predict_proba(IMAGES) == pytest.approx(mean, abs=1e-6)


def test_one_file_and_back(networks, tmp_path):
    provenance = {"seed": 3}
    ensemble = Ensemble(networks, provenance=provenance).calibrated(IMAGES, np.arange(20) % 10)
    ensemble.save(tmp_path / "all")
    loaded = load(tmp_path / "all")
    assert isinstance(loaded, Ensemble)
    assert np.array_equal(loaded.scores(IMAGES), ensemble.scores(IMAGES))
    assert loaded.provenance == provenance
    assert loaded.calibration == ensemble.calibration
    assert loaded.with_provenance({"seed": 2}).calibration == ensemble.calibration
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "all").read_bytes()
    assert np.array_equal(pickle.loads(pickle.dumps(loaded)).scores(IMAGES), ensemble.scores(IMAGES))
    with pytest.raises(WeightsError, match="all: an ensemble; expected a single network"):
        Network.load(tmp_path / "all")
    networks[0].save(tmp_path / "one")
    assert isinstance(load(tmp_path / "one"), Network)


def test_broken_files(networks, tmp_path):
    Ensemble(networks[:2]).save(tmp_path / "two")
    arrays, header = file.read(tmp_path / "two")
    broken = {
        "arrays that belong to no member": (arrays, {**header, "members": header["members"][:1]}),
        "C1.weight": ({name: a for name, a in arrays.items() if name != "1.C1.weight"}, header),
        "not the description of a network": (arrays, {**header, "members": [{"spec": {}}, {}]}),
        "none of": (arrays, {**header, "members": []}),
        "not iterable": (arrays, {**header, "members": 7}),
        "calibration": (arrays, {**header, "calibration": {"temperature": 1, "images": 1e999, "mistakes": []}}),
        "too large": (arrays, {**header, "calibration": {"temperature": 10**400, "images": 1, "mistakes": []}}),
    }
    for message, (wrong, description) in broken.items():
        file.write(tmp_path / "bad", wrong, description)
        with pytest.raises(WeightsError, match=message.replace("none of", "no")) as caught:
            load(tmp_path / "bad")
        assert str(tmp_path / "bad") in str(caught.value)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


def test_networks_that_do_not_go_together(networks):
    with pytest.raises(ValueError, match="an ensemble of no networks"):
        Ensemble([])
    with pytest.raises(TypeError, match="an ensemble of Network, Ensemble; expected networks only"):
        Ensemble([networks[0], Ensemble(networks)])
    assert len(Ensemble(network for network in networks).networks) == 3
    with pytest.raises(ValueError, match="networks of different inputs or classes: 1x28x28 and 10 classes, 1x32x32"):
        Ensemble([networks[0], Network.create(presets["lenet-keras"].spec)])


def test_a_single_network_is_itself(networks):
    assert single_network(networks[0]) is networks[0]
    assert single_network(networks[0], "lenet5") is networks[0]


def test_what_is_no_single_network(networks):
    with pytest.raises(TypeError, match="^an ensemble of 3 networks; expected a single network, such as one of"):
        single_network(Ensemble(networks))
    with pytest.raises(TypeError, match="^all.safetensors: an ensemble of 2 networks; expected a single network"):
        single_network(Ensemble(networks[:2]), "all.safetensors")
    with pytest.raises(TypeError, match="^a str; expected a network"):
        single_network("lenet5")
    with pytest.raises(TypeError, match="^model: a NoneType; expected a network"):
        single_network(None, "model")
