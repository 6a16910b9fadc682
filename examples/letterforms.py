"""Draw the letterforms of digits in `lenet.synthesis.letterforms`, each as two people write it.

    python examples/letterforms.py [OUT.png]

Composed strings, on which networks for whole numbers are trained, are partly written so.
"""

import sys

import numpy as np
from PIL import Image

from lenet.synthesis.letterforms import LETTERFORMS, WRITER_VARIATION, drawn_digit, varied

CELL_PX, PEN_PX = 76, 3.5


def main(out="letterforms.png"):
    random = np.random.default_rng(0)
    columns = 2 * max(map(len, LETTERFORMS))
    sheet = np.zeros((10 * CELL_PX, columns * CELL_PX), np.uint8)
    for digit, letterforms in enumerate(LETTERFORMS):
        for number, letterform in enumerate(letterform for letterform in letterforms for _ in range(2)):
            writer = varied(letterform, WRITER_VARIATION, random)
            ink = drawn_digit(writer, PEN_PX, random)[:CELL_PX, :CELL_PX]
            top, left = (CELL_PX - ink.shape[0]) // 2, (CELL_PX - ink.shape[1]) // 2
            sheet[digit * CELL_PX + top :, number * CELL_PX + left :][: ink.shape[0], : ink.shape[1]] = ink
    Image.fromarray(255 - sheet).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
