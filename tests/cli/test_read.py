"""``lenet read``: digits, numbers, pages, and pictures that cannot be read."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from made_pages import written
from PIL import Image

import lenet

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
DIGITS, NUMBERS = EXAMPLES / "digits", EXAMPLES / "numbers"


def test_one_picture_prints_the_digit(run):
    done = run("read", DIGITS / "7.png")
    assert (done.stdout, done.stderr) == ("7\n", "")


def test_a_number_and_a_page(run):
    assert run("read", NUMBERS / "24709.png").stdout == "24709\n"
    assert run("read", NUMBERS / "page.png").stdout == "1998\n60000\n31415\n27182\n"
    assert run("read", NUMBERS / "24709.png", "--length", 5, "--mode", "line").stdout == "24709\n"


def test_json(run):
    data = json.loads(run("read", DIGITS / "4.png", "--json").stdout)
    assert data["text"] == "4"
    assert data["accepted"] is None
    assert json.loads(run("read", DIGITS / "4.png", "--json", "--reject", "1%").stdout)["accepted"] is True


def test_json_is_an_object_a_picture(run, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    done = run("read", NUMBERS / "24709.png", bad, NUMBERS / "page.png", "--json", code=1)
    first, broken, page = map(json.loads, done.stdout.splitlines())
    assert first["text"] == "24709"
    assert broken["picture"] == str(bad)
    assert broken["error"].startswith(f"{bad}: not a picture; expected one of PNG, JPEG")
    assert [line["text"] for line in page["lines"]] == ["1998", "60000", "31415", "27182"]


def test_bad_pictures_are_reported_and_the_others_read(run, tmp_path):
    bad, missing = tmp_path / "bad.png", tmp_path / "missing.png"
    bad.write_bytes(b"\x89PNG nonsense")
    (tmp_path / "empty").mkdir()
    done = run("read", DIGITS / "1.png", bad, missing, tmp_path / "empty", DIGITS / "2.png", code=1)
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["1", "2"]
    errors = done.stderr.splitlines()
    assert len(errors) == 3
    assert "bad.png: not a picture" in errors[0]
    assert "missing.png: No such file" in errors[1]
    assert "empty: a folder without pictures; their names end in" in errors[2]


def test_a_blank_page_reads_as_nothing(run, tmp_path):
    Image.new("L", (50, 50), 200).save(tmp_path / "blank.png")
    done = run("read", tmp_path / "blank.png")
    assert (done.stdout, done.stderr) == ("\n", f"{tmp_path / 'blank.png'}: empty\n")


def test_rejected_numbers_can_fail_the_call(run, tmp_path):
    Image.new("L", (80, 40), 230).save(tmp_path / "blank.png")
    arguments = ("read", NUMBERS / "24709.png", tmp_path / "blank.png")
    done = run(*arguments, "--fail-on-reject", code=3)
    assert done.stderr == f"{tmp_path / 'blank.png'}: empty\n"
    assert run(*arguments).stdout == done.stdout


def test_the_steps_are_written(run, tmp_path):
    run("read", NUMBERS / "24709.png", "--explain", tmp_path / "one")
    assert (tmp_path / "one" / "7-reading.png").is_file()
    done = run("read", NUMBERS / "24709.png", NUMBERS / "page.png", "--explain", tmp_path / "two")
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == ["1-24709.png", "2-page.png"]
    assert done.stderr.splitlines()[1] == f"{NUMBERS / 'page.png'}: the steps are in {tmp_path / 'two' / '2-page.png'}"


def test_the_steps_of_a_picture_that_cannot_be_read(run, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    done = run("read", bad, DIGITS / "7.png", "--explain", tmp_path / "steps", code=1)
    assert done.stdout.endswith("\t7\n")
    assert f"lenet: {bad}: not a picture" in done.stderr


def test_a_grid_reads_a_digit_in_each_cell(run, tmp_path):
    cells = [Image.open(DIGITS / f"{digit}.png").convert("L").resize((60, 80)) for digit in "1470"]
    Image.fromarray(np.hstack([np.asarray(cell) for cell in cells])).save(tmp_path / "form.png")
    assert run("read", tmp_path / "form.png", "--grid", "1x4").stdout == "1470\n"


def test_other_networks_are_read_from_their_files(run, tmp_path):
    options = []
    for option, name in (("--model", "lenet5"), ("--candidates", "candidates"), ("--sliding-window", "sliding-window")):
        lenet.load(name).save(tmp_path / name)
        options += [option, tmp_path / name]
    assert run("read", NUMBERS / "24709.png", *options).stdout == "24709\n"
    done = run("read", NUMBERS / "24709.png", *options, "--reject", "5%")
    assert "lenet: no line of digits is accepted: other networks" in done.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--grid", "3by4"), 2, "--grid is '3by4'; expected rows and columns such as 3x8"),
        (("--mode", "book"), 1, "mode is 'book'; expected one of auto, digit, line, page"),
        (("--checksum", "crc"), 1, "checksum is 'crc'; expected one of luhn, iban, isbn"),
        (("--length", "999"), 1, "length is 999; expected a whole number from 1 to 64"),
        (("--reject", "0.00001%"), 1, "no rejection threshold for an error of 1e-05 %"),
        (("--model", "candidates", "--mode", "digit"), 1, "classes"),
        (
            ("--candidates", "lenet5"),
            1,
            "a network for segmentation candidates with 10 classes of 1x32x32 values; expected 43 of 3x28x28",
        ),
        (
            ("--sliding-window", "lenet5"),
            1,
            "a sliding window with 10 classes of 1x32x32 values; expected 11",
        ),
        (
            ("--sliding-window", "ensemble"),
            1,
            "sliding window: an ensemble of 5 networks; expected a single network",
        ),
    ],
)
def test_options_that_do_not_fit(run, arguments, code, message):
    done = run("read", NUMBERS / "24709.png", *arguments, code=code)
    assert message in done.stderr
    assert done.stdout == ""
    if code == 1:
        assert message in done.one_line


def test_tables(run, tmp_path):
    Image.new("L", (80, 40), 230).save(tmp_path / "blank.png")
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    pictures = (NUMBERS / "page.png", tmp_path / "blank.png", bad)
    done = run("read", *pictures, "--format", "csv", code=1)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [(row["line"], row["text"], row["status"]) for row in rows] == [
        ("1", "1998", "read"),
        ("2", "60000", "read"),
        ("3", "31415", "read"),
        ("4", "27182", "read"),
        ("0", "", "empty"),
        ("0", "", "error"),
    ]
    assert rows[5]["reason"].startswith(f"{bad}: not a picture")
    assert [row["file"] for row in rows[3:]] == list(map(str, pictures))
    left, top, width, height = map(int, rows[0]["box"].split())
    assert width > 3 * height / 2 > 20
    assert min(left, top) >= 0
    tabs = run("read", NUMBERS / "24709.png", "--format", "tsv", "--reject", "1%").stdout.splitlines()
    assert tabs[1].split("\t")[1:6] == ["1", "1", "", "", "24709"]
    assert "accepted" in tabs[1]
    assert run("read", *pictures, "--format", "jsonl", code=1).stdout == run("read", *pictures, "--json", code=1).stdout
    assert (
        "--format is 'xml'; expected one of text, csv, tsv, jsonl" in run("read", bad, "--format", "xml", code=2).stderr
    )


def test_a_rejected_number_is_not_printed_as_an_accepted_one(run, tmp_path):
    grey = np.asarray(Image.open(NUMBERS / "24709.png").convert("L"))
    Image.fromarray(grey[: grey.shape[0] // 2]).save(tmp_path / "half.png")
    read_anyway = run("read", tmp_path / "half.png").stdout
    assert read_anyway.strip().isdecimal()
    done = run("read", NUMBERS / "24709.png", tmp_path / "half.png", "--reject", "1%", "--fail-on-reject", code=3)
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["24709", "?"]


@pytest.mark.mnist
def test_signs_and_values(run, tmp_path, mnist_test):
    texts = ("50−23", "−204")
    pictures = [tmp_path / f"{number}.png" for number in range(len(texts))]
    for path, text in zip(pictures, texts, strict=True):
        Image.fromarray(written(text, *mnist_test)).save(path)
    for options, lines in (([], ["5023", "204"]), (["--signs"], [*texts]), (["--value"], ["?", "-204"])):
        done = run("read", *pictures, *options)
        assert [line.split("\t")[1] for line in done.stdout.splitlines()] == lines


@pytest.mark.mnist
def test_a_pattern(run, tmp_path, mnist_test):
    Image.fromarray(written("20/05", *mnist_test)).save(tmp_path / "a.png")
    assert run("read", tmp_path / "a.png", "--pattern", "##/##", "--signs").stdout == "20/05\n"


def test_pages_and_folders(run, tmp_path):
    pages = [Image.open(DIGITS / f"{digit}.png").convert("L") for digit in (3, 4)]
    pages[0].save(tmp_path / "scan.pdf", save_all=True, append_images=pages[1:], resolution=200)
    done = run("read", tmp_path)
    assert done.stdout == f"{tmp_path}/scan.pdf#1\t3\n{tmp_path}/scan.pdf#2\t4\n"
    rows = list(csv.DictReader(run("read", tmp_path, "--format", "csv").stdout.splitlines()))
    assert [(row["file"], row["page"], row["text"]) for row in rows] == [
        (f"{tmp_path}/scan.pdf", "1", "3"),
        (f"{tmp_path}/scan.pdf", "2", "4"),
    ]
