"""Fields varied for training, and their digits cut out."""

import numpy as np
from made_pages import field, generator

from lenet.data.fields import Field
from lenet.image.measure import STROKE_LEVEL
from lenet.reading.page.ink import ink_of
from lenet.synthesis.compose import OTHER
from lenet.synthesis.field_variations import composed_field, field_digits, varied_field


def test_pixels_belong_to_the_box_that_they_lie_in():
    whole = composed_field(field())
    assert whole.digits == (1, 0)
    assert [whole.owners[25, x] for x in (20, 51, 90)] == [1, 2, OTHER]
    assert whole.boxes == ((18, 8, 23, 43), (48, 8, 73, 43))


def test_a_pixel_in_two_boxes_belongs_to_the_nearer_one():
    boxes = ((1, 10, 0, 10, 20), (2, 18, 0, 10, 20))
    owners = composed_field(Field("a.png", np.zeros((20, 40), np.uint8), boxes)).owners
    assert owners[10].tolist() == [OTHER] * 9 + [1] * 11 + [2] * 9 + [OTHER] * 11


def test_a_varied_field_keeps_its_digits_within_their_boxes():
    whole = composed_field(field())
    strokes = ink_of(field().picture).image >= STROKE_LEVEL
    sizes = set()
    for seed in range(10):
        varied = varied_field(whole, strokes, generator(seed))
        assert varied.picture.shape == varied.owners.shape
        assert varied.digits == whole.digits
        sizes.add(varied.picture.shape)
        for number, (left, top, right, bottom) in enumerate(varied.boxes, 1):
            inside = varied.picture[max(0, top) : bottom, max(0, left) : right]
            assert inside.min() < varied.picture.mean() - 60  # strokes
            assert (varied.owners[max(0, top) : bottom, max(0, left) : right] == number).mean() > 0.5
    assert len(sizes) > 5
    again = [varied_field(whole, strokes, generator(3)).picture.tobytes() for _ in range(2)]
    assert again[0] == again[1]


def test_the_digits_of_a_field_are_cut_out_with_their_labels():
    """The dot belongs to no digit; a box of two by seven pixels is too small for one."""
    one = field()
    ink = ink_of(one.picture).image
    (first, first_label), (second, second_label) = field_digits(one, ink)
    assert (first_label, second_label) == (1, 0)
    assert first.shape == (35 + 2, 5 + 2)
    assert second.shape == (35 + 2, 25 + 2)
    assert first[18].max() == 255 and not first[18, [0, -1]].any()
    small = Field("a.png", one.picture, ((1, 18, 8, 2, 7),))
    assert field_digits(small, ink) == []
