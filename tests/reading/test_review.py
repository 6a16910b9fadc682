"""The page of rejected readings, and the fields that come of its corrections."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lenet.data.fields import read_fields
from lenet.reading.result import Digit, Line, Reading
from lenet.reading.review import COLUMNS, CORRECTIONS, CROPS, ITEMS, CorrectionsError, Review, fields_of

NAME = "<b>&'\".png"


@pytest.fixture
def review(tmp_path):
    """A review of a picture of 40x60 pixels with an accepted line and two rejected ones."""
    grey = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60).astype(np.uint8)
    good = Line((Digit(4, 0.9, (5, 2, 6, 8)),), 0.9, accepted=True)
    digits = (Digit(1, 0.9, (20, 20, 4, 10)), Digit(7, 0.5, (30, 20, 6, 10)))
    bad = Line(digits, 0.5, (("11", 0.3), ("77", 0.1), ("71", 0.05)), accepted=False, reason="ambiguous")
    worse = replace(bad, confidence=0.25, reason="not_a_digit")
    review = Review(tmp_path / "review")
    review.add(grey, Reading.of([good, bad, worse]), NAME, 2)
    review.add(grey, Reading.of([good]), "good.png")
    assert review.write() == tmp_path / "review" / "index.html"
    return tmp_path / "review", grey


def test_the_least_confident_line_comes_first(review):
    directory, grey = review
    items = json.loads((directory / ITEMS).read_text())
    assert [(item["confidence"], item["line"], item["page"], item["file"]) for item in items] == [
        (0.25, 3, 2, NAME),
        (0.5, 2, 2, NAME),
    ]
    assert items[0]["guesses"] == [["17", 0.25], ["11", 0.3], ["77", 0.1]]
    # The line is 16 by 10 pixels, and its crop has 7 more on each side.
    crop = np.asarray(Image.open(directory / CROPS / f"{items[1]['id']}.png"))
    assert np.array_equal(crop, grey[13:37, 13:43])
    assert items[1]["boxes"] == [[7, 7, 4, 10], [17, 7, 6, 10]]


def test_names_on_the_page_are_text(review):
    page = (review[0] / "index.html").read_text()
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;&#x27;&quot;.png, page 2, line 3" in page
    assert page.count("<li>") == 2
    assert "http" not in page


def corrections(directory, *correct, ids=("00002", "00001")):
    path = directory / CORRECTIONS
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for name, text in zip(ids, correct, strict=True):
            table.writerow((name, NAME, 2, 3, "17", text))
    return path


@pytest.mark.browser
def test_lines_are_corrected_in_a_browser(review, tmp_path, browser_page):
    """The first line is corrected, Return goes to the second one, which is left as it is; the table is saved."""
    directory, _ = review
    browser_page.goto((directory / "index.html").as_uri())
    crops, inputs = browser_page.locator("li img"), browser_page.locator("input")
    assert [crops.nth(n).evaluate("image => image.naturalWidth") for n in (0, 1)] == [30, 30]
    assert [inputs.nth(n).input_value() for n in (0, 1)] == ["17", "17"]
    inputs.nth(0).fill(" 71 ")
    assert inputs.nth(0).get_attribute("class") == "changed"
    inputs.nth(0).press("Enter")
    assert inputs.nth(1).evaluate("input => input === document.activeElement")
    inputs.nth(1).press("Enter")
    with browser_page.expect_download() as download:
        browser_page.keyboard.press("Enter")
    assert download.value.suggested_filename == CORRECTIONS
    download.value.save_as(tmp_path / CORRECTIONS)
    with open(tmp_path / CORRECTIONS, newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [list(COLUMNS), ["00002", NAME, "2", "3", "17", "71"], ["00001", NAME, "2", "2", "17", "17"]]
    assert fields_of(directory, tmp_path / CORRECTIONS, tmp_path / "fields") == 2
    assert [field.text for field in read_fields(tmp_path / "fields")] == ["71", "17"]


def test_corrections_become_fields(review, tmp_path):
    directory, grey = review
    assert fields_of(directory, corrections(directory, "", "1-1"), tmp_path / "fields") == 1
    (field,) = read_fields(tmp_path / "fields")
    assert (field.text, field.boxes) == ("11", ((1, 7, 7, 4, 10), (1, 17, 7, 6, 10)))
    assert np.array_equal(field.picture, grey[13:37, 13:43])
    # A number of another length gives no boxes.
    assert fields_of(directory, corrections(directory, "117", "5"), tmp_path / "other") == 0


def test_tables_that_are_refused(review, tmp_path):
    directory, _ = review
    with pytest.raises(CorrectionsError, match="corrections.csv, line 2: '00009' is no line of .*items.json"):
        fields_of(directory, corrections(directory, "1", ids=("00009",)), tmp_path / "fields")
    (directory / CORRECTIONS).write_text("a,b\n1,2\n")
    with pytest.raises(
        CorrectionsError, match=r"its columns are \['a', 'b'\]; expected id, file, page, line, guess, co"
    ):
        fields_of(directory, directory / CORRECTIONS, tmp_path / "fields")
    items = json.loads((directory / ITEMS).read_text())
    items[0]["id"] = "../../secret"
    (directory / ITEMS).write_text(json.dumps(items))
    with pytest.raises(CorrectionsError, match="items.json: not the list of a review"):
        fields_of(directory, corrections(directory, "1", "1"), tmp_path / "fields")
