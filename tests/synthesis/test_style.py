"""Styles of random writers."""

import numpy as np
import pytest
from made_pages import generator

from lenet.synthesis.style import DRAWING_FRACTION, PLAIN_FRACTION, random_style


def test_a_plain_style_has_no_habits():
    for seed in range(20):
        style = random_style(generator(seed), plain=True)
        assert (style.plain, style.one_pen, style.variation) == (True, False, 0.0)
        assert style.pen == 0.1 * style.size
        assert (style.slant, style.drift, style.flags, style.bars, style.joins, style.marks) == (0,) * 6
        assert (style.aspect, style.shrinking, style.zeros) == (1, 1, 1)
        assert style.letterforms == (None,) * 10


def test_styles_have_the_fractions_that_they_should():
    random = generator(1)
    styles = [random_style(random) for _ in range(2000)]
    assert np.mean([style.plain for style in styles]) == pytest.approx(PLAIN_FRACTION, abs=0.03)
    others = [style for style in styles if not style.plain]
    drawing = [style for style in others if any(style.letterforms)]
    assert len(drawing) / len(others) == pytest.approx(DRAWING_FRACTION, abs=0.04)
    drawn = np.mean([[form is not None for form in style.letterforms] for style in drawing])
    assert drawn == pytest.approx(0.5, abs=0.03)
    assert all(18 <= style.size <= 56 and style.pen >= 1.2 for style in others)
    assert all(style.variation == 1.0 for style in others)
