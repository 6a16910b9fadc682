"""Random, untrained filters act as edge detectors on any picture (a demonstration of the Theano tutorial).

    python examples/filters.py [PICTURE] [OUT]

Two convolution maps with random 9x9 kernels and a sigmoid look at a picture; what they answer is drawn beside it.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from lenet import Conv, Dense, Network, Spec
from lenet.reading.decode import decode
from lenet.recipe import Scale

HERE = Path(__file__).parent


def filtered(picture: np.ndarray, seed: int = 3) -> np.ndarray:
    """What two random filters make of grey levels, uint8 (height, width): float32 (2, height - 8, width - 8)."""
    spec = Spec((1, 9, 9), (Conv("C1", 2, 9, activation="sigmoid"), Dense("OUTPUT", 2)))
    network = Network.create(spec, seed, init="lecun1998", scale=Scale(0.0, 25.0))
    return network.trace(picture[None])["C1"][0]


def main(source: Path, out: Path) -> None:
    grey = decode(source)
    panels = [grey[4:-4, 4:-4]]
    for answer in filtered(grey):
        low, high = answer.min(), answer.max()
        panels.append((255 * (answer - low) / max(high - low, 1e-6)).astype(np.uint8))
    Image.fromarray(np.concatenate(panels, axis=1)).save(out)
    print(out)


if __name__ == "__main__":
    arguments = [Path(a) for a in sys.argv[1:]]
    main(*(arguments + [HERE / "digits" / "5.png", Path("filters.png")][len(arguments) :]))
