"""Real images with labels: MNIST, scikit-learn's digits, one's own files, and fields of whole numbers."""

from lenet.data.dataset import Dataset, load
from lenet.data.digits import digits
from lenet.data.idx import DataError, read_idx
from lenet.data.mnist import fetch, locate, mnist

__all__ = ["DataError", "Dataset", "digits", "fetch", "load", "locate", "mnist", "read_idx"]
