"""A sheet of paper in a photo: the desk around it is removed, and nothing else is."""

import cv2
import numpy as np
import pytest
from made_pages import BARS, page

from lenet.reading.page.desk import without_desk
from lenet.reading.page.ink import ink_of
from lenet.reading.page.lines import find_lines


def on_a_desk(sheet, corners, desk=70):
    """Return a photo, as large as the sheet, of the sheet seen at an angle: its four corners are given, (x, y)."""
    height, width = sheet.shape
    here = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    turn = cv2.getPerspectiveTransform(here, np.float32(corners))
    grain = np.random.default_rng(0).normal(0, 4, sheet.shape)
    paper = cv2.warpPerspective(np.ones_like(sheet, np.float32), turn, (width, height))
    photo = cv2.warpPerspective(sheet, turn, (width, height)) * paper + desk * (1 - paper) + grain
    return np.clip(photo, 0, 255).astype(np.uint8), turn


@pytest.mark.parametrize(
    "corners",
    [
        ((40, 30), (560, 50), (580, 370), (60, 380)),
        ((60, -40), (640, 30), (640, 450), (30, 340)),  # two sides are not in the photo
    ],
)
def test_a_desk_around_the_sheet_is_no_ink(corners):
    sheet = page(((200, 150), (200, 250)), ((300, 150), (300, 250)), size=(400, 600), pen=6)
    photo, turn = on_a_desk(sheet, corners)
    shade = np.linspace(0.6, 1, 600)
    for picture in (photo, (photo * shade).astype(np.uint8)):
        (line,) = find_lines(ink_of(picture))
        rows, columns = np.nonzero(line.components)
        rows, columns = rows + line.top, columns + line.left
        ends = cv2.perspectiveTransform(np.float32([[(195, 145), (305, 145), (305, 255), (195, 255)]]), turn)[0]
        assert ends.min(axis=0) == pytest.approx((columns.min(), rows.min()), abs=12)
        assert ends.max(axis=0) == pytest.approx((columns.max(), rows.max()), abs=12)


def test_a_picture_without_a_desk_is_left_as_it_is():
    random = np.random.default_rng(1)
    shadow = page(*BARS, size=(300, 400)) * np.clip(np.linspace(-2, 3, 400), 0.5, 1)
    white = cv2.resize(page(((40, 20), (40, 80)), size=(100, 80), paper=0, ink=255, pen=20), (320, 400))
    for picture in (page(*BARS, size=(300, 400)), shadow, white, random.integers(0, 256, (200, 300))):
        grey = np.asarray(picture, np.uint8)
        assert np.array_equal(without_desk(grey), grey)
