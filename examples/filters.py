"""Random, untrained filters act as edge detectors on any picture (a demonstration of the Theano tutorial).

    python examples/filters.py [PICTURE] [OUT]

Two convolution maps with random 9x9 kernels and a sigmoid; their outputs are drawn beside the picture.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from lenet import Conv, Dense, Network, Spec
from lenet.image.decode import decode
from lenet.recipe import Scale

HERE = Path(__file__).parent


def filtered(picture: np.ndarray, seed: int = 3) -> np.ndarray:
    """Return the outputs of two random filters, float32 (2, height - 8, width - 8), for grey levels (height, width)."""
    spec = Spec((1, 9, 9), (Conv("C1", 2, 9, activation="sigmoid"), Dense("OUTPUT", 2)))
    network = Network.create(spec, seed, init="lecun1998", scale=Scale(0.0, 25.0))
    return network.trace(picture[None])["C1"][0]


def main(source: Path, out: Path) -> None:
    grey = decode(source)
    panels = [grey[4:-4, 4:-4]]
    for output in filtered(grey):
        low, high = output.min(), output.max()
        panels.append((255 * (output - low) / max(high - low, 1e-6)).astype(np.uint8))
    Image.fromarray(np.concatenate(panels, axis=1)).save(out)
    print(out)


if __name__ == "__main__":
    arguments = [Path(a) for a in sys.argv[1:]]
    main(*(arguments + [HERE / "digits" / "5.png", Path("filters.png")][len(arguments) :]))
