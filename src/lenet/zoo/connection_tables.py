"""The connection tables that the papers print: which maps of the layer below each map of a convolution sees."""

from __future__ import annotations

from lenet.spec import Table


def _ring(count: int, *steps: int) -> Table:
    return tuple(tuple(sorted((first + step) % 6 for step in steps)) for first in range(count))


TABLE_I: Table = (*_ring(6, 0, 1, 2), *_ring(6, 0, 1, 2, 3), *_ring(3, 0, 1, 3, 4), (0, 1, 2, 3, 4, 5))
"""Table I of LeCun et al. 1998: for each of the sixteen maps of C3, the maps of S2 that it sees."""

TABLE_1990: Table = tuple(
    tuple(half + c for c in row) for half in (0, 2) for row in ((0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1))
)
"""Table 1 of LeCun et al. 1990: for each of the twelve maps of H3, the maps of H2 that it sees."""
