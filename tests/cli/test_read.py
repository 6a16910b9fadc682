"""``lenet read`` for whole numbers, as a user would call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import child_environment

NUMBERS = Path(__file__).parent.parent / "examples" / "numbers"


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "lenet.cli", "read", *map(str, arguments)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_number_and_a_page():
    assert run(NUMBERS / "24709.png").stdout == "24709\n"
    assert run(NUMBERS / "page.png").stdout == "1998\n60000\n31415\n27182\n"
    assert run(NUMBERS / "24709.png", "--length", 5, "--mode", "line").stdout == "24709\n"


def test_json_is_an_object_a_picture(tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    done = run(NUMBERS / "24709.png", bad, NUMBERS / "page.png", "--json", code=1)
    first, broken, page = map(json.loads, done.stdout.splitlines())
    assert first["text"] == "24709"
    assert broken == {
        "picture": str(bad),
        "error": f"{bad}: not a picture; expected one of PNG, JPEG, BMP, GIF, TIFF, WEBP, PPM",
    }
    assert [line["text"] for line in page["lines"]] == ["1998", "60000", "31415", "27182"]


def test_the_steps_are_written(tmp_path):
    run(NUMBERS / "24709.png", "--explain", tmp_path / "one")
    assert (tmp_path / "one" / "7-reading.png").is_file()
    run(NUMBERS / "24709.png", NUMBERS / "page.png", "--explain", tmp_path / "two")
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == ["1-24709.png", "2-page.png"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--grid", "3by4"), 2, "--grid is '3by4'; expected rows and columns such as 3x8"),
        (("--mode", "book"), 1, "no mode is called 'book'; there are auto, digit, line, page"),
        (("--checksum", "crc"), 1, "no checksum is called 'crc'; there are luhn, iban, isbn"),
        (("--length", "999"), 1, "a length of 999; expected a whole number from 1 to 64"),
        (("--reject", "0.00001%"), 1, "no threshold keeps errors at 1e-05 %"),
        (("--model", "strings", "--mode", "digit"), 1, "classes"),
        (
            ("--strings", "lenet5"),
            1,
            "a network for pieces of numbers with 10 classes of 1x32x32 values; expected 12 of 3x28x28",
        ),
        (("--windows", "lenet5"), 1, "a network for windows with 10 classes of 1x32x32 values; expected 11"),
        (("--windows", "ensemble"), 1, "ensemble: an ensemble; expected a single network"),
    ],
)
def test_wishes_that_cannot_be_met(arguments, code, message):
    assert message in run(NUMBERS / "24709.png", *arguments, code=code).stderr


def test_rejected_numbers_can_fail_the_call(tmp_path):
    from PIL import Image

    Image.new("L", (80, 40), 230).save(tmp_path / "blank.png")
    done = run(NUMBERS / "24709.png", tmp_path / "blank.png", "--fail-on-reject", code=3)
    assert done.stderr == f"{tmp_path / 'blank.png'}: empty\n"
