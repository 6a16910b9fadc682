import gzip
import hashlib
import http.server
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

import lenet
from lenet.data import DataError, fetch, load, mnist, read_idx
from lenet.data.centre import centred
from lenet.data.idx import to_idx

RANDOM = np.random.default_rng(0)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_idx_by_hand(tmp_path):
    content = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])
    assert read_idx(write(tmp_path / "a", content)).tolist() == [[1, 2, 3], [4, 5, 255]]
    assert to_idx(np.array([[1, 2, 3], [4, 5, 255]], np.uint8)) == content


def test_idx_gzipped_or_not(tmp_path):
    array = RANDOM.integers(0, 256, (3, 5, 7), np.uint8)
    assert np.array_equal(read_idx(write(tmp_path / "a.gz", gzip.compress(to_idx(array)))), array)
    assert np.array_equal(read_idx(write(tmp_path / "a", to_idx(array))), array)


GOOD = to_idx(RANDOM.integers(0, 256, (3, 5, 7), np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing; expected an IDX file"),
        (b"\x89PNG....", "begins with 89504e47"),
        (b"\0\0\x0d" + GOOD[3:], "values of type 0x0d; expected 0x08"),
        (b"\0\0\x08\0", "0 axes"),
        (GOOD[:6], "3 axes, of which 0 are given"),
        (GOOD[:-1], "104 values; its header says 3 x 5 x 7 = 105"),
        (GOOD + b"x", "goes on after the 105 values"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "values; expected at most"),
        (gzip.compress(GOOD)[:-4], "the gzip data are broken or cut"),
        (gzip.compress(GOOD)[:30], "the gzip data are broken or cut"),
        (b"\x1f\x8bnonsense", "the gzip data are broken or cut"),
    ],
)
def test_broken_idx_files_are_named(tmp_path, content, message):
    path = write(tmp_path / "train-images-idx3-ubyte", content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def idx_directory(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    path.mkdir(exist_ok=True)
    for split in ("train", "t10k"):
        write(path / f"{split}-images-idx3-ubyte.gz", gzip.compress(to_idx(images)))
        write(path / f"{split}-labels.idx1-ubyte", to_idx(labels))
    return path


def test_a_directory_of_idx_files(tmp_path):
    images, labels = RANDOM.integers(0, 256, (4, 9, 8), np.uint8), np.array([0, 1, 2, 1], np.uint8)
    place = idx_directory(tmp_path / "own", images, labels)
    dataset = load(str(place), "test")
    assert np.array_equal(dataset.images, images)
    assert np.array_equal(dataset.labels, labels)
    assert str(place) in dataset.origin
    rest, held = dataset.split(1)
    assert (len(rest), len(held)) == (3, 1)
    with pytest.raises(ValueError, match="4 samples held out of 4"):
        dataset.split(4)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((4, 3, 3), np.uint8), np.zeros(3, np.uint8), "4 images and 3 labels in train"),
        (np.zeros((4, 3), np.uint8), np.zeros(4, np.uint8), "2 axes; expected 3"),
        (np.zeros((4, 3, 3), np.uint8), np.zeros((4, 1), np.uint8), "2 axes; expected 1"),
    ],
)
def test_files_that_do_not_belong_together(tmp_path, images, labels, message):
    with pytest.raises(DataError, match=message):
        load(str(idx_directory(tmp_path, images, labels)), "train")


def test_no_such_source_or_split(tmp_path):
    with pytest.raises(DataError, match="neither mnist, nor digits, nor a file or directory"):
        load("emnist", "train")
    with pytest.raises(DataError, match="no file called train-images-idx3-ubyte"):
        load(str(tmp_path), "train")
    for function in (mnist, lenet.data.digits, lambda split: load("mnist", split)):
        with pytest.raises(ValueError, match="split is 'dev'; expected train or test"):
            function("dev")


def test_a_wrong_checksum_is_an_error_and_nothing_else_is_tried(tmp_path, monkeypatch):
    place = idx_directory(tmp_path, np.zeros((4, 28, 28), np.uint8), np.zeros(4, np.uint8))
    monkeypatch.setenv("LENET_DATA", str(place))
    with pytest.raises(
        DataError, match=r"t10k-images-idx3-ubyte.gz: SHA-256 of the uncompressed content is \w{64}; t10k"
    ):
        mnist("test")


def test_lenet_data_without_the_files_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    with pytest.raises(DataError, match="no file called train-images-idx3-ubyte"):
        mnist("test")


def test_mnist_nowhere_says_where_it_looked(tmp_path, monkeypatch):
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
def test_kerass_archive_is_read_and_verified(tmp_path, monkeypatch, mnist_train, mnist_test):
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


def pickled(path: Path, content: object) -> Path:
    return write(path, gzip.compress(pickle.dumps(content, protocol=2)))


def three_pairs(images: np.ndarray, labels: np.ndarray) -> tuple:
    floats = images.reshape(len(images), -1).astype(np.float32) / np.float32(256)
    return tuple((floats[k::3], labels[k::3].astype(np.int64)) for k in range(3))


def test_the_theano_pickle(tmp_path):
    images, labels = RANDOM.integers(0, 256, (9, 28, 28), np.uint8), np.arange(9, dtype=np.uint8)
    path = pickled(tmp_path / "mnist.pkl.gz", three_pairs(images, labels))
    for k, split in enumerate(("train", "validation", "test")):
        dataset = load(str(path), split)
        assert np.array_equal(dataset.images, images[k::3])
        assert np.array_equal(dataset.labels, labels[k::3])


class Malicious:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/lenet-was-here",)


def test_a_malicious_pickle_is_refused_by_the_name_of_what_it_asks_for(tmp_path):
    path = pickled(tmp_path / "mnist.pkl.gz", Malicious())
    with pytest.raises(DataError, match=r"mnist.pkl.gz: the pickle asks for posix.system; only NumPy arrays are read"):
        load(str(path), "train")
    assert not Path("/tmp/lenet-was-here").exists()


@pytest.mark.parametrize("content", [(), 7, ((1, 2),) * 3, ((np.zeros((3, 5), np.float32), np.zeros(3, int)),) * 3])
def test_pickles_of_something_else(tmp_path, content):
    with pytest.raises(DataError, match="mnist.pkl.gz: "):
        load(str(pickled(tmp_path / "mnist.pkl.gz", content)), "train")


def test_a_cut_pickle(tmp_path):
    path = pickled(tmp_path / "mnist.pkl.gz", three_pairs(np.zeros((9, 28, 28), np.uint8), np.arange(9)))
    content = path.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 5):
        with pytest.raises(DataError, match="mnist.pkl.gz: not a pickle"):
            load(str(write(path, content[:length])), "train")


def test_kerass_archive_of_other_data(tmp_path):
    images, labels = RANDOM.integers(0, 256, (4, 8, 8), np.uint8), np.array([3, 1, 2, 0])
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels, x_test=images.astype(float), y_test=labels)
    dataset = load(str(tmp_path / "own.npz"), "train")
    assert np.array_equal(dataset.images, images)
    assert dataset.labels.tolist() == [3, 1, 2, 0]
    with pytest.raises(DataError, match=r"own.npz: x_test is float64 \(4, 8, 8\); expected uint8"):
        load(str(tmp_path / "own.npz"), "test")


def test_kaggles_table(tmp_path):
    path = write(tmp_path / "train.csv", b"label,pixel0,pixel1,pixel2,pixel3\n7,0,1,2,255\n3,9,8,7,6\n")
    dataset = load(str(path), "train")
    assert dataset.images.tolist() == [[[0, 1], [2, 255]], [[9, 8], [7, 6]]]
    assert dataset.labels.tolist() == [7, 3]
    with pytest.raises(DataError, match="train.csv: has no test split; all of it is train"):
        load(str(path), "test")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no rows of a label and pixels"),
        (b"name,pixel0\n", "row 1: begins with 'name'; expected a column called label"),
        (b"label,p\n1,2\n1,2,3\n", "row 3: 3 cells; the rows above have 2"),
        (b"label,p\n1,x\n", "row 2: 'x'; expected whole numbers from 0 to 255"),
        (b"label,p\n1,256\n", "row 2: 256; expected whole numbers"),
        (b"label,p\n1,-1\n", "row 2: '-1'; expected whole numbers"),
        (b"label,p,q\n1,2,3\n", "2 pixels a row; expected a square number"),
    ],
)
def test_odd_tables_name_the_row(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        load(str(write(tmp_path / "train.csv", content)), "train")


def test_a_folder_of_pictures_by_class(tmp_path):
    from PIL import Image

    for label in (0, 3, 10):
        (tmp_path / str(label)).mkdir()
        page = np.full((8, 8), 255, np.uint8)
        page[3:5, 3:5] = label
        Image.fromarray(page).save(tmp_path / str(label) / "a.png")
    dataset = load(str(tmp_path), "train")
    assert dataset.labels.tolist() == [0, 3, 10]
    assert dataset.images[:, 3, 3].tolist() == [255, 252, 245]
    assert not dataset.images[:, 0].any()
    Image.fromarray(np.zeros((9, 8), np.uint8)).save(tmp_path / "3" / "b.png")
    with pytest.raises(DataError, match="b.png: 8x9 pixels; those before it have 8x8"):
        load(str(tmp_path), "train")
    write(tmp_path / "3" / "b.png", b"nonsense")
    with pytest.raises(DataError, match="b.png: not a picture"):
        load(str(tmp_path), "train")


def test_a_file_of_no_known_form(tmp_path):
    with pytest.raises(DataError, match=r"expected a name that ends in .pkl.gz, .npz or .csv"):
        load(str(write(tmp_path / "a.txt", b"")), "train")


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
        if wanted := self.headers.get("Range"):
            self.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
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
    import sys

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


def test_fetch_goes_on_where_a_download_broke_off(tmp_path, mirror):
    Mirror.flaky = {"train-images-idx3-ubyte.gz"}
    said = []
    assert fetch(tmp_path, (mirror, mirror), said.append) == tmp_path
    assert len(Mirror.ranges) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(Mirror.files)
    assert all("127.0.0.1" in line for line in said)
    assert gzip.decompress(Mirror.files["train-images-idx3-ubyte.gz"]) == to_idx(mnist("train", tmp_path)[0])


def test_fetch_verifies_and_tries_the_next_mirror(tmp_path, mirror):
    right = dict(Mirror.files)
    Mirror.files["t10k-labels-idx1-ubyte.gz"] = gzip.compress(to_idx(np.zeros(50, np.uint8)))
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte could not be fetched; http://127.*SHA-256"):
        fetch(tmp_path, (mirror,))
    assert not (tmp_path / "t10k-labels-idx1-ubyte.gz").exists()
    Mirror.files = right
    fetch(tmp_path, (mirror + "nowhere/?", mirror))
    assert (tmp_path / "t10k-labels-idx1-ubyte.gz").exists()


def test_fetch_refuses_plain_http(tmp_path):
    with pytest.raises(DataError, match="expected https"):
        fetch(tmp_path, ("http://mirror.invalid/",))


def test_digits_split_and_size():
    train, test = lenet.data.digits("train"), lenet.data.digits("test")
    assert (len(train[0]), len(test[0])) == (1438, 359)
    assert train[0].shape[1:] == (28, 28)
    assert train[0].max() == 255
    assert not train[0][:, 0].any()  # paper around


def test_centred_by_hand():
    image = np.zeros((3, 3), np.uint8)
    image[0, 0] = 200
    out = centred(image)
    assert out[14, 14] == 200
    assert out.sum() == 200
    assert not centred(np.zeros((20, 20), np.uint8)).any()


@pytest.mark.mnist
def test_centred_leaves_mnist_where_it_is(mnist_test):
    for image in mnist_test[0][:200]:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert np.array_equal(centred(cut), image)
