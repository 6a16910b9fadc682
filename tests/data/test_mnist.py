"""MNIST: the places where it may be, how it is verified, and how it is fetched, by a mirror on this machine."""

import gzip
import hashlib
import http.server
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from lenet.data import DataError, fetch, mnist
from lenet.data.idx import to_idx

RANDOM = np.random.default_rng(0)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def idx_directory(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    for split in ("train", "t10k"):
        write(path / f"{split}-images-idx3-ubyte.gz", gzip.compress(to_idx(images)))
        write(path / f"{split}-labels.idx1-ubyte", to_idx(labels))
    return path


def test_a_wrong_checksum_is_an_error_and_nothing_else_is_tried(tmp_path, monkeypatch):
    place = idx_directory(tmp_path, np.zeros((4, 28, 28), np.uint8), np.zeros(4, np.uint8))
    monkeypatch.setenv("LENET_DATA", str(place))
    with pytest.raises(
        DataError, match=r"t10k-images-idx3-ubyte.gz: SHA-256 of the uncompressed content is \w{64}; t10k"
    ):
        mnist("test")


def test_lenet_data_without_the_files_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no file called train-images-idx3-ubyte.*unset it, and `lenet data fetch`"):
        mnist("test")


def test_without_mnist_the_error_lists_the_places_that_were_searched(tmp_path, monkeypatch):
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(DataError, match=r"MNIST is not in .*lenet/mnist.*`lenet data fetch` downloads it"):
        mnist("train")


@pytest.mark.mnist
def test_mnist_is_mnist(mnist_train, mnist_test):
    images, labels = mnist_train
    assert (images.shape, images.dtype, labels.shape, labels.dtype) == ((60_000, 28, 28), np.uint8, (60_000,), np.uint8)
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(mnist_test[1]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.mnist
def test_the_archive_of_keras_is_read_and_verified(tmp_path, monkeypatch, mnist_train, mnist_test):
    arrays = dict(zip(("x_train", "y_train", "x_test", "y_test"), (*mnist_train, *mnist_test), strict=True))
    np.savez(tmp_path / "mnist.npz", **arrays)
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert np.array_equal(mnist("test")[0], mnist_test[0])
    np.savez(tmp_path / "mnist.npz", **{**arrays, "x_test": 255 - mnist_test[0]})
    with pytest.raises(DataError, match="mnist.npz: SHA-256"):
        mnist("test")
    write(tmp_path / "mnist.npz", b"PK nonsense")
    with pytest.raises(DataError, match="not an archive of arrays x_test and y_test"):
        mnist("test")


class Mirror(http.server.SimpleHTTPRequestHandler):
    """Serves a directory with Range; breaks off once in the middle of each file of `flaky`."""

    files: dict[str, bytes] = {}
    flaky: set[str] = set()
    ranges: list[str] = []

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        content = self.files.get(name)
        if content is None:
            return self.send_error(404)
        start = 0
        if requested := self.headers.get("Range"):
            self.ranges.append(requested)
            start = int(requested.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if name in self.flaky and not start:
            self.flaky.discard(name)
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return None
        self.wfile.write(content[start:])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirror(monkeypatch):
    """A mirror of a small data set in MNIST's place, on this machine."""
    module = sys.modules["lenet.data.mnist"]
    hashes, Mirror.files, Mirror.ranges = {}, {}, []
    for name in module.FILES:
        content = to_idx(RANDOM.integers(0, 256, (50, 28, 28) if "images" in name else (50,), np.uint8))
        hashes[name] = hashlib.sha256(content).hexdigest()
        Mirror.files[f"{name}.gz"] = gzip.compress(content)
    monkeypatch.setattr(module, "FILES", hashes)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_fetch_resumes_a_download_that_broke_off(tmp_path, mirror):
    Mirror.flaky = {"train-images-idx3-ubyte.gz"}
    lines = []
    assert fetch(tmp_path, (mirror, mirror), lines.append) == tmp_path
    assert len(Mirror.ranges) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(Mirror.files)
    assert all("127.0.0.1" in line for line in lines)
    assert gzip.decompress(Mirror.files["train-images-idx3-ubyte.gz"]) == to_idx(mnist("train", tmp_path)[0])


def test_fetch_verifies_and_tries_the_next_mirror(tmp_path, mirror):
    right = dict(Mirror.files)
    Mirror.files["t10k-labels-idx1-ubyte.gz"] = gzip.compress(to_idx(np.zeros(50, np.uint8)))
    with pytest.raises(
        DataError, match=r"t10k-labels-idx1-ubyte could not be fetched: LENET_DATA can name .*; http://127.*SHA-256"
    ):
        fetch(tmp_path, (mirror,))
    assert not (tmp_path / "t10k-labels-idx1-ubyte.gz").exists()
    Mirror.files = right
    fetch(tmp_path, (mirror + "nowhere/?", mirror))
    assert (tmp_path / "t10k-labels-idx1-ubyte.gz").exists()


def test_nothing_is_fetched_where_mnist_is_found(tmp_path, mirror, monkeypatch):
    fetch(tmp_path / "there", (mirror,))
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "there"))
    asked, lines = len(Mirror.ranges), []
    assert fetch(mirrors=(), report=lines.append) == tmp_path / "there"
    assert lines == [f"MNIST is in {tmp_path / 'there'}, as published; nothing to download"]
    assert len(Mirror.ranges) == asked


def test_fetch_refuses_plain_http(tmp_path):
    with pytest.raises(DataError, match="expected https"):
        fetch(tmp_path, ("http://mirror.invalid/",))
