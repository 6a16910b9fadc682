"""What a measurement names, and that a published one needs a clean commit."""

import datetime

import pytest

import lenet
from lenet.experiments import provenance as module
from lenet.experiments.provenance import DirtyTreeError, processor_name, provenance, require_clean_commit


def test_a_measurement_names_its_machine_and_source(monkeypatch):
    monkeypatch.setattr(module, "source_commit", lambda: "abc1234")
    about = provenance(threads=3)
    assert about == {
        "processor": processor_name(),
        "threads": 3,
        "date": datetime.date.today().isoformat(),
        "lenet": lenet.__version__,
        "commit": "abc1234",
    }
    assert about["processor"]


@pytest.mark.parametrize("commit", ["x-dirty", "unknown"])
def test_changed_files_have_no_published_figures(commit, monkeypatch):
    monkeypatch.setattr(module, "source_commit", lambda: commit)
    with pytest.raises(DirtyTreeError, match=f"the source is {commit}; a published figure needs a clean commit"):
        require_clean_commit()


def test_a_clean_commit_will_do(monkeypatch):
    monkeypatch.setattr(module, "source_commit", lambda: "abc1234")
    require_clean_commit()
