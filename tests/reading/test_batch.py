"""Many pictures in processes: broken ones are reported, and a killed process costs only its picture."""

import signal

import numpy as np
import pytest

import lenet
from lenet.processes import process_pool
from lenet.reading import PictureError
from lenet.reading.batch import read_batches
from lenet.reading.reader import Reader

NUMBERS = {"24709.png": "24709", "38052-touching.png": "38052", "page.png": "1998\n60000\n31415\n27182"}


def test_many_pictures_and_files_that_are_none(pictures, tmp_path, monkeypatch):
    """The same results by this process and by two others, which are started for ten pictures here, in three batches."""
    for name, few in (("MIN_PICTURES_FOR_PROCESSES", 10), ("BATCH_PICTURES", 4)):
        monkeypatch.setattr(f"lenet.reading.batch.{name}", few)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    paths = [*[str(pictures / "numbers" / name) for name in NUMBERS] * 3, str(broken), str(tmp_path / "none.png")]
    reader = Reader()
    alone = list(read_batches(paths, reader, threads=1))
    pools = []

    def counted(*arguments):
        pools.append(process_pool(*arguments))
        return pools[-1]

    monkeypatch.setattr("lenet.reading.batch.process_pool", counted)
    shared = list(read_batches(paths, reader, threads=2))
    assert len(pools) == 1
    assert [str(reading) for reading in alone[:9]] == list(NUMBERS.values()) * 3
    assert [repr(one) for one in shared[:9]] == [repr(one) for one in alone[:9]]
    for results in (alone, shared):
        assert isinstance(results[9], PictureError)
        assert isinstance(results[10], FileNotFoundError)


def test_a_picture_that_cannot_be_read_takes_no_other_with_it(pictures):
    number, tiny = str(pictures / "numbers" / "24709.png"), np.full((20, 20), 240, np.uint8)
    first, error, last = read_batches([number, tiny, number], Reader(grid=(10, 10)))
    assert isinstance(first, lenet.Reading)
    assert isinstance(last, lenet.Reading)
    assert isinstance(error, ValueError)
    assert "a grid of 10x10 cells in a picture of 20x20 pixels: too small" in str(error)


@pytest.mark.slow
def test_a_killed_process_takes_only_its_picture_with_it(pictures):
    paths = [str(pictures / "numbers" / "24709.png")] * 70
    results = list(read_batches([*paths, Deadly(), *paths[:5]], Reader(mode="line"), threads=2))
    assert [str(one) for one in results[:70]] == ["24709"] * 70
    assert isinstance(results[70], MemoryError)
    assert [str(one) for one in results[71:]] == ["24709"] * 5


class Deadly:
    """Kills the process that it is sent to."""

    def __reduce__(self):
        return signal.raise_signal, (signal.SIGKILL,)


def test_no_pictures():
    assert list(read_batches([], Reader(mode="digit"))) == []


def test_pictures_of_many_pixels_are_read_in_smaller_batches(pictures, monkeypatch):
    monkeypatch.setattr("lenet.reading.batch.MAX_BATCH_PIXELS", 50_000)  # one sample has 420 x 120
    reader, sizes = Reader(mode="line"), []
    pages = reader.pages
    monkeypatch.setattr(reader, "pages", lambda greys, threads: sizes.append(len(greys)) or pages(greys, threads))
    results = list(read_batches([str(pictures / "numbers" / "24709.png")] * 3, reader, threads=1))
    assert [str(one) for one in results] == ["24709"] * 3
    assert sizes == [1, 1, 1]
