"""Draw the forms of digits in `lenet.hands`, each as two people write it: hands.py [OUT.png]

Composed strings, which networks for whole numbers learn from, are partly written so.
"""

import sys

import numpy as np
from PIL import Image

from lenet import hands

CELL, PEN = 64, 3.5


def main(out="hands.png"):
    random = np.random.default_rng(0)
    columns = 2 * max(map(len, hands.FORMS))
    sheet = np.zeros((10 * CELL, columns * CELL), np.uint8)
    for digit, forms in enumerate(hands.FORMS):
        for number, form in enumerate(form for form in forms for _ in range(2)):
            ink = hands.written(hands.varied(form, hands.OWN, random), PEN, random)[:CELL, :CELL]
            top, left = (CELL - ink.shape[0]) // 2, (CELL - ink.shape[1]) // 2
            sheet[digit * CELL + top :, number * CELL + left :][: ink.shape[0], : ink.shape[1]] = ink
    Image.fromarray(255 - sheet).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
