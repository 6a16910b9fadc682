"""``lenet bench`` and ``lenet reproduce``."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import lenet
from lenet.data import Dataset
from lenet.experiments.bench import Speed, measure
from lenet.experiments.provenance import provenance
from lenet.zoo.preset import PresetTable


def test_bench_measures(run, monkeypatch):
    """With fewer images and repeats than by default."""
    monkeypatch.setattr("lenet.cli.experiments.measure", partial(measure, images=1280, repeats=1))
    data = json.loads(run("bench", "--threads", 1, "--json").stdout)
    assert min(data[key] for key in ("peak", "train", "infer", "one")) > 0
    assert data["threads"] == 1


def test_bench_prints_what_was_measured(run, monkeypatch):
    speed = Speed(**{field: 2.0 for field in Speed.__dataclass_fields__} | {"isa": "avx2", "threads": 3})
    calls = []
    monkeypatch.setattr("lenet.cli.experiments.measure", lambda *given: calls.append(given) or speed)
    assert "lenet1, avx2, 3 threads" in run("bench", "--preset", "lenet1", "--threads", 3).stdout
    assert json.loads(run("bench", "--json").stdout)["threads"] == 3
    assert calls == [(lenet.presets["lenet1"], 3), (lenet.presets["lenet5"], None)]


@pytest.fixture
def blank_mnist(monkeypatch):
    """A few blank images in MNIST's place."""
    dataset = Dataset(np.zeros((40, 28, 28), np.uint8), (np.arange(40) % 10).astype(np.uint8), "blank")
    monkeypatch.setattr("lenet.data.load", lambda source, split: dataset)


def test_reproduce_refuses_a_file_as_its_directory(run, tmp_path, blank_mnist):
    (tmp_path / "page.md").write_text("mine")
    done = run("reproduce", "lenet1", "--out", tmp_path / "page.md", code=1)
    assert done.one_line == f"lenet: {tmp_path / 'page.md' / 'reproducing.json'}: Not a directory"
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]
    assert (tmp_path / "page.md").read_text() == "mine"


def test_reproduce_refuses_an_unknown_preset_before_it_trains(run, tmp_path, blank_mnist):
    done = run("reproduce", "lenet6", "--out", tmp_path / "out", code=1)
    assert "no preset is called 'lenet6'" in done.one_line
    assert not (tmp_path / "out").exists()


def test_reproduce_writes_a_page_and_its_figures(run, tmp_path, blank_mnist, monkeypatch):
    preset = lenet.presets["lenet1"]
    short = replace(preset, recipe=replace(preset.recipe, epochs=1, steps=None, validation=None), recipes={})
    monkeypatch.setattr("lenet.experiments.reproduce.literature", PresetTable({"lenet1": short}))
    kept = {"lenet5": {**provenance(1), "seeds": 1, "outcomes": []}}
    (tmp_path / "reproducing.json").write_text(json.dumps(kept))
    done = run("reproduce", "lenet1", "--out", tmp_path, "--json")
    paths = json.loads(done.stdout)
    assert paths == {"page": str(tmp_path / "reproducing.md"), "figures": str(tmp_path / "reproducing.json")}
    assert "| `lenet1` |" in (tmp_path / "reproducing.md").read_text()
    figures = json.loads((tmp_path / "reproducing.json").read_text())
    assert list(figures) == ["lenet5", "lenet1"]  # figures of other presets are kept
    assert figures["lenet5"] == kept["lenet5"]
    assert done.stderr.startswith("data: blank\n")
