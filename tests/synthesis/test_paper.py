"""Paper with ruled lines, and the pressure of a pen."""

import numpy as np
from made_pages import generator

from lenet.synthesis.paper import paper, pressure, rule


def test_paper_is_light_and_of_many_kinds():
    sheets = [paper((40, 90), generator(seed)) for seed in range(40)]
    for sheet in sheets:
        assert (sheet.shape, sheet.dtype) == ((40, 90), np.float32)
        assert 0 < sheet.min() and sheet.max() < 280
        assert sheet.mean() > 90
    fine = [np.abs(np.diff(sheet, axis=1)).mean() for sheet in sheets]
    assert min(fine) < 0.5 < 5 < max(fine)  # plain, and with waves or grain
    assert np.array_equal(paper((40, 90), generator(5)), sheets[5])


def test_pressure_is_a_fraction_that_changes_little_by_little():
    for seed in range(20):
        fraction = pressure((40, 90), 30.0, generator(seed))
        assert (fraction.shape, fraction.dtype) == ((40, 90), np.float32)
        assert 0 <= fraction.min() < fraction.max() <= 1
        assert np.abs(np.diff(fraction, axis=1)).max() < 1


def test_a_rule_is_drawn_at_the_baseline_across_the_sheet():
    for seed in range(20):
        ink = np.zeros((60, 200), np.float32)
        rule(ink, 40.0, 10.0, 30.0, generator(seed))
        rows = np.flatnonzero((ink > 0).mean(axis=1) > 0.4)
        assert len(rows)
        assert rows.max() <= 40 + 0.35 * 30 + 6
        assert (ink[:, ::20] > 0).any(axis=0).all()
        assert ink.max() <= 1
