"""``lenet summary`` and ``lenet presets``: networks layer by layer, and the table of LeNets."""

import json

import lenet


def test_summary_of_a_preset_a_file_and_a_pretrained_network(run, trained):
    out, _ = trained
    assert "340,908" in run("summary", "lenet5-1998").stdout
    data = json.loads(run("summary", out / "network.safetensors", "--json").stdout)
    assert data["parameters"] == lenet.presets["lenet5"].spec.parameters
    assert [row["name"] for row in data["layers"]] == ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]
    reader = json.loads(run("summary", "reader", "--json").stdout)
    assert reader["parameters"] == lenet.presets["lenet-reader"].spec.parameters


def test_all_presets_are_listed(run):
    assert set(json.loads(run("presets", "--json").stdout)) == set(lenet.presets)
    assert "lenet-keras" in run("presets").stdout


def test_one_preset_with_its_layers_and_recipes(run):
    text = run("presets", "lenet-tf-relu").stdout
    assert "published: does not improve" in text
    assert "assumed: The text asks for a lower rate" in text
    assert "521,982" in text
    assert "Constant(rate=0.02)" in text
    assert "recipe remedy" in text
    described = json.loads(run("presets", "lenet-tf-relu", "--json").stdout)
    assert list(described) == ["lenet-tf-relu"]
    recipe = lenet.Recipe.from_dict(described["lenet-tf-relu"]["recipes"]["remedy"])
    assert recipe == lenet.presets["lenet-tf-relu"].recipes["remedy"]
    assert "no preset is called 'lenet9'; expected one of lenet5" in run("presets", "lenet9", code=1).stderr


def test_no_colour_off_a_terminal(run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in run("summary", "lenet5").stdout
