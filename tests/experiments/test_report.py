"""The page of the figures that were measured: made up here, so that every number on it is known."""

from dataclasses import replace

import pytest
from PIL import Image

from lenet import presets
from lenet.experiments import report
from lenet.zoo.preset import PresetTable

NAMES = ("lenet1", "lenet5-mse", "lenet5-1998", "lenet-tf-relu")
MACHINE = {"processor": "a processor", "threads": 2, "date": "2001-02-03", "lenet": "0.1.0", "commit": "abc"}


def outcome(seed, error, steps=100, seconds=2.0, **dead):
    curve = [(steps // 2, 2.0), (steps, 1.0)]
    return {
        "seed": seed,
        "error": error,
        "loss": 0.1,
        "epochs": 2,
        "steps": steps,
        "seconds": seconds,
        "curve": curve,
        "dead": dead,
        "errors_after": [],
        "accuracies": [],
    }


@pytest.fixture
def table():
    entries = {name: presets[name] for name in NAMES}
    remedy = replace(presets["lenet-tf-relu"].recipe, init="he", batch_size=8)
    entries["lenet-tf-relu"] = replace(entries["lenet-tf-relu"], recipes={"remedy": remedy})
    return PresetTable(entries)


@pytest.fixture
def figures():
    outcomes = {
        "lenet1": [outcome(0, 1.5), outcome(1, 1.7)],
        "lenet5-mse": [outcome(0, 1.25), outcome(1, 1.35)],
        "lenet5-1998": [outcome(0, 1.0), outcome(1, 1.2)],
        "lenet-tf-relu": [outcome(0, 88.65, C1=0.5, F6=1.0)],
        "lenet-tf-relu remedy": [outcome(0, 2.25, C1=0.0, F6=0.25)],
    }
    return {name: {**MACHINE, "seeds": len(o), "outcomes": o} for name, o in outcomes.items()}


def test_the_rows_by_hand(table, figures):
    text = report.page(figures, table)
    # 1.6 ± 0.14 of 1.5 and 1.7; two epochs; 2.0 seconds for 100 steps are 20 milliseconds for one.
    assert "| `lenet1` | 1.7 | 1.60 ± 0.14 | 2 | 2 | 2.0 | 20 | 2,578 | 98,442 |" in text
    assert "| `lenet5-mse` | not given | 1.30 ± 0.07 | 2 | 2 | 2.0 | 20 | 60,000 | 340,908 |" in text
    assert "| `lenet-tf-relu` | not given | 88.65 | 1 | 2 | 2.0 | 20 |" in text
    names = ", ".join(f"`{name}`" for name in NAMES)
    assert f"On a processor, 2 threads, 2001-02-03, lenet 0.1.0, commit abc: {names}." in text


def test_comparisons_by_hand(table, figures):
    line = "`lenet5-mse` against `lenet5-1998`: 1.30 ± 0.07 % against 1.10 ± 0.14 %, a difference of 0.20 ± 0.07"
    assert f"- {line} over 2 seeds." in report.page(figures, table)
    figures["lenet5-mse"]["outcomes"].pop()
    line = "`lenet5-mse` against `lenet5-1998`: 1.25 % against 1.00 %, a difference of 0.25 over one seed."
    assert f"- {line}" in report.page(figures, table)


def test_failures_and_remedies(table, figures):
    text = report.page(figures, table)
    by_its_own = "`lenet-tf-relu` by its own recipe, seed 0: 88.65 % test error"
    assert f"- {by_its_own}; dead units (0 for each of 1,000 images): 50 % of C1, 100 % of F6." in text
    by_remedy = "with batch_size 8, init 'he', seed 0: 2.25 % test error"
    assert f"- {by_remedy}; dead units (0 for each of 1,000 images): 0 % of C1, 25 % of F6." in text


def test_a_training_that_failed_is_on_the_page(table, figures):
    figures["lenet1"]["outcomes"] = [{"seed": 0, "failed": "the loss is nan"}]
    text = report.page(figures, table)
    assert "| `lenet1` | 1.7 | 1 of 1 failed |" in text
    assert "`lenet1` by its own recipe, seed 0: the loss is nan." in text
    figures["lenet1"]["outcomes"].append(outcome(1, 1.5))
    assert "| `lenet1` | 1.7 | 1.50 (1 of 2 failed) | 1 |" in report.page(figures, table)


def test_presets_without_figures_are_left_out(table, figures):
    text = report.page({"lenet1": figures["lenet1"]}, table)
    assert text.count("| `lenet1` | ") == 1
    assert "`lenet5" not in text


def test_what_the_picture_shows(table, figures):
    works = report.by_width(figures, table)
    assert set(works) == set(NAMES)
    # 2.0 seconds for 100 steps of one image each, and of 128.
    assert works["lenet5-1998"][1] == pytest.approx(20_000)
    assert works["lenet1"][1] == pytest.approx(20_000 / 128)
    # C1 has 4 maps of 24x24 and kernels of 5x5; C3 20 connections of maps to 8x8; OUTPUT 10 times 12 times 4x4.
    assert works["lenet1"][0] == 4 * 24 * 24 * 25 + 20 * 8 * 8 * 25 + 10 * 12 * 16
    assert report.compared_curves(figures, table) == {}  # these two minimise different losses
    same_loss = PresetTable({**table, "lenet5-mse": replace(table["lenet5-mse"], recipe=table["lenet5-1998"].recipe)})
    curves = report.compared_curves(figures, same_loss)
    assert curves == {name: [(1.0, 2.0), (2.0, 1.0)] for name in ("lenet5-1998", "lenet5-mse")}


def test_the_page_and_its_picture_are_written(table, figures, tmp_path):
    report.write(figures, tmp_path / "page.md", table)
    assert (tmp_path / "page.md").read_text() == report.page(figures, table)
    with Image.open(tmp_path / "figures" / "reproducing.png") as picture:
        assert picture.width > 1000


def test_errors_during_a_training_beside_the_published_ones(table, figures):
    published = replace(presets["lenet1"].published, error_after=((3, 2.5), (4, 2.25)))
    entries = PresetTable({**table, "lenet1": replace(table["lenet1"], published=published)})
    assert "after epoch" not in report.page(figures, entries)  # nothing was measured yet
    for number, each in enumerate(figures["lenet1"]["outcomes"]):
        each["errors_after"] = [[3, 2.0 + number], [4, 1.5]]
    text = report.page(figures, entries)
    assert "| 3 | 2.50 | 2.50 ± 0.71 | 2 |" in text
    assert "| 4 | 2.25 | 1.50 ± 0.00 | 2 |" in text


def test_training_accuracies_of_those_whose_sources_plot_them(table, figures, tmp_path):
    published = replace(presets["lenet1"].published, remark="a plot", accuracy_every=50)
    entries = PresetTable({**table, "lenet1": replace(table["lenet1"], published=published)})
    for number, each in enumerate(figures["lenet1"]["outcomes"]):
        each["accuracies"] = [[0, 0.1], [50, 0.5 + 0.1 * number], [100, 0.9]]
    text = report.page(figures, entries)
    assert "| `lenet1` | 10.0 % | 55.0 % | 90.0 % |  |  |  |  |" in text
    assert "- `lenet1`, its source: a plot." in text
    report.write(figures, tmp_path / "page.md", entries)
    with Image.open(tmp_path / "figures" / "training-accuracy.png") as picture:
        assert picture.size == (900, 600)
