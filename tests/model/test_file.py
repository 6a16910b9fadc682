"""The file of a network: its layout, and files that are refused."""

import json
import struct

import numpy as np
import pytest

from lenet import Conv, Dense, Network, Spec
from lenet.model.arrays import WeightsError
from lenet.model.file import read, replace_file, write

SPEC = Spec((1, 6, 6), (Conv("C1", 2, 3, table=((0,), (0,)), activation="tanh"), Dense("OUTPUT", 3, "softmax")))


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


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "a"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        read(tmp_path / "nothing")
    with pytest.raises(WeightsError, match="not a file"):
        read(tmp_path)


def test_a_directory_that_is_not_there_is_named(tmp_path):
    network = Network.create(SPEC)
    with pytest.raises(FileNotFoundError, match="No such directory; make it first: '.*missing'"):
        network.save(tmp_path / "missing" / "net.safetensors")
