"""Readings as JSON follow docs/reading.schema.json."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

import lenet
from lenet.reading.result import VERSION, Digit, FormCell, Line, Mark, Reading

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reading.schema.json").read_text())
NUMBER = "examples/numbers/24709.png"


@pytest.fixture(scope="module")
def schema():
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA)


def as_json(described):
    return json.loads(json.dumps(described))


@pytest.fixture(scope="module")
def number():
    return as_json(lenet.read(NUMBER, reject="1%").to_dict())


def test_real_readings_follow_the_schema(schema, number):
    schema.validate(number)
    schema.validate(as_json(lenet.read("examples/digits/7.png").to_dict()))
    schema.validate(as_json(lenet.read(NUMBER, grid=(1, 2)).to_dict()))


def test_all_kinds_of_results_follow_the_schema(schema):
    line = Line((Digit(1, 0.9, (0, 0, 4, 9), ((7, 0.1),)),), 0.9, (("7", 0.1),), (Mark("−", 0.8, (9, 4, 4, 1)),))
    cells = (FormCell(0, 0, "empty", (0, 0, 9, 9)), FormCell(0, 1, "read", (9, 0, 9, 9), line))
    for reading in (
        Reading((), None, "empty"),
        Reading((), False, "not_a_digit"),
        Reading.of([line]),
        Reading.of([replace(line, accepted=False, reason="crossed_out")]),
        replace(Reading.of([line]), cells=cells, turn=90),
    ):
        described = as_json(reading.to_dict())
        assert described["version"] == VERSION == SCHEMA["$defs"]["reading"]["properties"]["version"]["const"]
        schema.validate(described)
        schema.validate({"picture": "scan.pdf#2", **described})
    schema.validate({"picture": "scan.pdf", "error": "scan.pdf: encrypted"})


def test_the_schema_names_every_field(number):
    """What a reading has, the schema describes."""
    line = number["lines"][0]
    cell = as_json(lenet.read(NUMBER, grid=(1, 2)).to_dict())["cells"][0]
    parts = (
        ("reading", number),
        ("line", line),
        ("digit", line["digits"][0]),
        ("mark", line["marks"][0]),
        ("cell", cell),
    )
    for name, part in parts:
        assert set(part) <= set(SCHEMA["$defs"][name]["properties"]), name
        assert set(part) == set(SCHEMA["$defs"][name]["required"]), name


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("confidence",), 1.5),
        (("accepted",), "yes"),
        (("turn",), 45),
        (("lines", 0, "text"), "1O"),
        (("lines", 0, "digits", 0, "label"), 10),
        (("lines", 0, "digits", 0, "box"), [1, 2, 3]),
        (("lines", 0, "value"), "1,5"),
    ],
)
def test_what_is_wrong_does_not_follow_the_schema(schema, number, path, value):
    wrong = copy.deepcopy(number)
    part = wrong
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(ValidationError):
        schema.validate(wrong)
