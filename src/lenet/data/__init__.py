"""Real images with labels: MNIST, scikit-learn's digits, one's own files, and fields of whole numbers."""

from lenet.data.dataset import Dataset
from lenet.data.digits import digits
from lenet.data.errors import DataError
from lenet.data.idx import read_idx
from lenet.data.mnist import fetch, locate, mnist
from lenet.data.picture_options import PictureOptions
from lenet.data.sources import load

__all__ = ["DataError", "Dataset", "PictureOptions", "digits", "fetch", "load", "locate", "mnist", "read_idx"]
