"""Images of segmentation candidates, as the network sees them."""

import numpy as np
import pytest
from made_pages import ink_line

from lenet.reading.line.candidate_images import candidate_images
from lenet.reading.line.segmentation import find_candidates, find_segments


def test_the_three_maps_of_candidates():
    strokes = np.zeros((40, 60), bool)
    strokes[0:40, 10:14] = strokes[0:40, 30:34] = strokes[36:40, 42:46] = True
    line = ink_line(strokes)
    segments = find_segments(line)
    candidates = find_candidates(segments, 40)
    images = candidate_images(line, segments, candidates)
    of_run = dict(zip([(c.first, c.last) for c in candidates], images, strict=True))
    ink, around, context = of_run[0, 0]
    # Forty pixels become twenty: two columns of ink in the middle, the next stroke ten columns to the right.
    assert ink[4:24, 13:15].min() > 200
    assert ink.astype(int).sum() == pytest.approx(255 * 40, rel=0.1)
    assert around[5:23, 23:25].min() > 200
    assert around[:, :20].max() < 10  # what the blur against aliasing leaves
    dot, beside, _ = of_run[2, 2]
    assert (dot > 128).sum() <= 16  # not scaled up to the size of a digit
    assert beside[:10].max() > 200
    # In the third map forty pixels are fourteen: the stroke in the middle, the next one seven columns to the right.
    assert context[9:19, 13].min() > 120
    assert context[9:19, 20].min() > 120
    assert context[:, :12].max() < 30
    assert context[:6].max() == 0
    both = of_run[0, 1][0]
    assert both.astype(int).sum() == pytest.approx(2 * 255 * 40, rel=0.1)
