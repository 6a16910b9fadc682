"""``lenet evaluate``: figures, and a drawing of the worst mistakes."""

import json

import numpy as np
import pytest

import lenet


def test_error_confusion_and_the_worst_mistakes(run, trained, few_nondigits):
    out, _ = trained
    done = run("evaluate", out / "network.safetensors", "--data", "digits")
    assert done.stdout.startswith("error ")
    assert "confusion" in done.stdout
    assert "worst mistakes" in done.stdout
    data = json.loads(run("evaluate", out / "network.safetensors", "--data", "digits", "--json").stdout)
    assert data["n"] == 359
    assert np.sum(data["confusion"]) == 359
    assert data["error"] < 0.1
    assert data["risk"][0]["error"] == pytest.approx(data["error"])
    assert [row["coverage"] for row in data["risk"]] == sorted((row["coverage"] for row in data["risk"]), reverse=True)
    assert data["nondigits"]["n"] == 200
    assert 0 <= data["nondigits"]["rejected"] <= 1
    for heading in ("expected calibration error", "risk-coverage curve", "non-digits rejected"):
        assert heading in done.stdout


def test_a_rejection_threshold_for_an_error(run, trained, few_nondigits):
    """The threshold comes from the hold-out digits of the training, never from those that it is tested on."""
    network = lenet.Network.load(trained[0] / "network.safetensors")
    assert network.calibration.images == 119
    arguments = ("evaluate", trained[0] / "network.safetensors", "--data", "digits", "--reject")
    data = json.loads(run(*arguments, "5%", "--json").stdout)["reject"]
    assert data["target"] == 0.05
    assert data["threshold"] == network.calibration.threshold(0.05)
    images, labels = lenet.data.digits("test")
    accepted = network.predict_proba(images).max(axis=1) >= data["threshold"]
    assert data["accepted"] == accepted.mean()
    assert data["error"] == (network.predict(images) != labels)[accepted].mean()
    assert "rejection threshold for an error of 5 %" in run(*arguments, "0.05").stdout
    failed = run(*arguments, "few", code=1)
    assert "'few' is not a fraction; expected one such as 0.1% or 0.001" in failed.one_line
    assert "expected above 0 and below 1, such as 0.05 or 5%" in run(*arguments, "100%", code=1).one_line


def test_without_a_rejection_threshold_the_rest_is_shown(run, trained, few_nondigits, tmp_path):
    """Of a network with too few hold-out images for the error, and of one that was never calibrated."""
    network = lenet.Network.load(trained[0] / "network.safetensors")
    network.save(tmp_path / "few.safetensors")
    network.with_calibration(None).save(tmp_path / "none.safetensors")
    reasons = {
        "few": "no rejection threshold for an error of 0.01 %: 119 hold-out images support",
        "none": "this network was never calibrated, so it has no rejection threshold; calibrate it with",
    }
    for name, reason in reasons.items():
        arguments = ("evaluate", tmp_path / f"{name}.safetensors", "--data", "digits", "--reject", "0.01%")
        text = run(*arguments).stdout
        (line,) = [line for line in text.splitlines() if line.startswith("rejection threshold")]
        assert line.startswith(f"rejection threshold for an error of 0.01 %: not known: {reason}")
        assert all(heading in text for heading in ("error ", "risk-coverage curve", "confusion", "worst mistakes"))
        kept = json.loads(run(*arguments, "--json").stdout)["reject"]
        assert kept["threshold"] is None and kept["reason"].startswith(reason)


def test_the_worst_mistakes_are_drawn(run, trained, few_nondigits, tmp_path):
    arguments = ("evaluate", trained[0] / "network.safetensors", "--data", "digits", "--worst-out")
    done = run(*arguments, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert f"the worst mistakes are in {tmp_path / 'a.png'}" in done.stderr
