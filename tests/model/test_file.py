import json
import struct

import numpy as np
import pytest

from lenet import Conv, Dense, Network, Spec, presets
from lenet.recipe import Truncated
from lenet.weights import WeightsError, draw, read, write

SPEC = Spec((1, 6, 6), (Conv("C1", 2, 3, table=((0,), (0,)), activation="tanh"), Dense("OUTPUT", 3, "softmax")))


def test_first_weights_of_1998_fill_their_range():
    spec = presets["lenet5-1998"].spec
    weights = draw(spec, "lecun1998", 0)
    for name, fan_in in (("C1", 25), ("C5", 400), ("F6", 120)):
        w = weights[f"{name}.weight"]
        assert np.abs(w).max() <= 2.4 / fan_in
        assert np.abs(w).max() > 0.95 * 2.4 / fan_in
        assert abs(w.mean()) < 4 * 2.4 / fan_in / np.sqrt(3 * w.size)
        assert not weights[f"{name}.bias"].any()
    assert np.all(weights["S2.weight"] == 0.25)


def test_first_weights_of_c3_are_zero_where_table_i_has_no_connection():
    w = draw(presets["lenet5"].spec, "glorot", 0)["C3.weight"]
    assert (w.any(axis=(2, 3))).sum() == 60


def test_truncated_normal_is_normal_within_two_deviations():
    weights = draw(presets["lenet-tf-wide"].spec, Truncated(0.1, bias=0.1), 0)
    w = weights["F5.weight"]
    assert np.abs(w).max() <= 0.2
    # The standard deviation of a normal distribution cut at two of them is 0.87963.
    assert w.std() == pytest.approx(0.1 * 0.87963, rel=1e-3)
    assert np.mean(np.abs(w) < 0.1) == pytest.approx(0.682689 / 0.954500, rel=2e-3)
    assert np.all(weights["C1.bias"] == np.float32(0.1))
    assert draw(presets["lenet5"].spec, Truncated(1.0), 0)["F6.bias"].std() > 0.5


def test_first_weights_of_theano():
    weights = draw(presets["lenet-theano"].spec, "theano", 0)
    assert not weights["OUTPUT.weight"].any()
    bound = np.sqrt(6 / (25 + 20 * 25 / 4))
    assert 0.95 * bound < np.abs(weights["C1.weight"]).max() <= bound


def test_same_seed_same_weights_and_another_seed_others():
    a, b, c = (draw(SPEC, "glorot", seed) for seed in (7, 7, 8))
    assert all(np.array_equal(a[k], b[k]) for k in a)
    assert not np.array_equal(a["C1.weight"], c["C1.weight"])


def test_first_weights_are_these():
    """The stream is part of the contract: the same seed gives the same network with every version."""
    w = draw(SPEC, "glorot", 0)["C1.weight"].ravel()
    raw = np.random.Philox(key=[0, 0]).random_raw(1)[0]
    bound = np.sqrt(6 / (9 + 18))
    assert w[0] == np.float32(((int(raw) >> 11) * 2.0**-52 - 1) * bound)


def test_file_round_trip_and_same_bytes(tmp_path):
    net = Network.create(SPEC, 3)
    net.save(tmp_path / "a")
    Network.load(tmp_path / "a").save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert Network.load(tmp_path / "a").spec == SPEC


def test_file_is_this_layout(tmp_path):
    Network.create(SPEC, 3).save(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    assert list(header["__metadata__"]) == ["lenet"]
    about = json.loads(header["__metadata__"]["lenet"])
    assert about["format"] == 1
    assert Spec.from_dict(about["spec"]) == SPEC
    assert {k: v["shape"] for k, v in header.items() if k != "__metadata__"} == {
        k: list(v) for k, v in SPEC.arrays.items()
    }


def test_a_cut_file_is_refused_at_every_length(tmp_path):
    Network.create(SPEC).save(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    for length in (0, 1, 7, 8, 100, len(content) // 2, len(content) - 1):
        (tmp_path / "cut").write_bytes(content[:length])
        with pytest.raises(WeightsError, match="cut: not a whole safetensors file"):
            Network.load(tmp_path / "cut")


def rewritten(tmp_path, **changes):
    Network.create(SPEC).save(tmp_path / "a")
    arrays, header = read(tmp_path / "a")
    arrays = {k: v for k, v in {**arrays, **changes.get("arrays", {})}.items() if v is not None}
    write(tmp_path / "b", arrays, {**header, **changes.get("header", {})})
    return tmp_path / "b"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arrays": {"C1.bias": None}}, "b: arrays missing: C1.bias; arrays of no layer: none"),
        ({"arrays": {"X": np.zeros(3, np.float32)}}, "b: arrays missing: none; arrays of no layer: X"),
        ({"arrays": {"C1.bias": np.zeros(3, np.float32)}}, r"C1.bias is float32 \(3,\); expected float32 \(2,\)"),
        ({"arrays": {"C1.bias": np.zeros(2)}}, r"C1.bias is float64"),
        ({"arrays": {"C1.bias": np.array([0, np.nan], np.float32)}}, "C1.bias has 1 values that are not finite"),
        ({"header": {"format": 99}}, "format 99; this version of lenet reads format 1"),
        ({"header": {"spec": {"input": [1, 1, 1]}}}, "not the description of a network"),
        ({"header": {"scale": [0, 0]}}, "expected two different numbers"),
    ],
)
def test_a_file_that_does_not_hold_its_network_is_refused(tmp_path, changes, message):
    with pytest.raises(WeightsError, match=message):
        Network.load(rewritten(tmp_path, **changes))


def test_a_huge_file_is_refused_unread(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2 << 30)  # sparse: takes no room
    with pytest.raises(WeightsError, match="2147483648 bytes; expected at most"):
        Network.load(tmp_path / "huge")


def test_weights_where_the_table_has_no_connection_are_refused(tmp_path):
    net = Network.create(presets["lenet5"].spec)
    with pytest.raises(WeightsError, match=r"C3.weight is not zero where the table"):
        net.with_weights(**{"C3.weight": np.ones((16, 6, 5, 5))})


def test_a_safetensors_file_of_others_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3)}, tmp_path / "other")
    with pytest.raises(WeightsError, match="no network is described in it"):
        Network.load(tmp_path / "other")


def test_what_was_there_stays_when_writing_fails(tmp_path):
    path = tmp_path / "a"
    Network.create(SPEC).save(path)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write(path, {"a": np.zeros(2)}, {"unwritable": object()})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
