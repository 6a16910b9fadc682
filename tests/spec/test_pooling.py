"""Windows that move over maps: how many there are, and how many connections they have."""

from lenet import Dense, Pool, Spec


def test_overlapping_windows():
    spec = Spec((1, 8, 8), (Pool("P", window=3, stride=2), Dense("OUTPUT", 2)))
    assert spec.shapes["P"] == (1, 3, 3)


def test_counts_of_kept_borders():
    """Seven pixels under windows of three, two apart: three windows; under windows of two: three and a half one."""
    spec = Spec((2, 7, 7), (Pool("P", 3, 2, border="keep"), Pool("Q", border="keep"), Dense("OUT", 3)))
    assert spec.shapes == {"P": (2, 3, 3), "Q": (2, 2, 2), "OUT": (3, 1, 1)}
    assert [row.connections for row in spec.summary()] == [2 * 9 * 9, 2 * 9, 27]
    assert Spec((1, 7, 7), (Pool("P", border="keep"), Dense("OUT", 3))).shapes["P"] == (1, 4, 4)
