"""From a picture to a `Reading`: decode -> ink -> lines -> segmentation -> path search -> ranking -> result."""

from lenet.image.errors import PictureError
from lenet.reading.api import normalised, normalised_digits, read, read_many
from lenet.reading.reader import Reader
from lenet.reading.result import Digit, FormCell, Line, Reading

__all__ = [
    "Digit",
    "FormCell",
    "Line",
    "PictureError",
    "Reader",
    "Reading",
    "normalised",
    "normalised_digits",
    "read",
    "read_many",
]
