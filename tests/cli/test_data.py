"""``lenet data``: listing, verifying and drawing data sets."""

import pytest


@pytest.mark.mnist
def test_verify_compares_with_the_published_files(run):
    assert run("data", "verify").stdout.count("as published") == 4
    assert "4 of 4" in run("data", "list").stdout


def test_verify_a_directory_without_the_files(run, tmp_path):
    assert f"{tmp_path}: no file called train-images" in run("data", "verify", tmp_path, code=1).one_line


def test_fetch_reports_on_stderr_and_prints_the_directory(run, tmp_path, monkeypatch):
    def fetch(report):
        report("fetching")
        return tmp_path

    monkeypatch.setattr("lenet.data.fetch", fetch)
    done = run("data", "fetch")
    assert (done.stdout, done.stderr) == (f"{tmp_path}\n", "fetching\n")


def test_show_draws_samples(run, tmp_path):
    done = run("data", "show", "--data", "digits", "--count", 12, "--out", tmp_path / "a.png")
    assert done.stdout == f"{tmp_path / 'a.png'}\n"
    assert done.stderr == "data: scikit-learn's digits, train, scaled up to 28x28\n"
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
