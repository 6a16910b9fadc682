"""What is wrong with files of data, and how large they may be."""

MAX_VALUES = 1 << 31
"""A file with more values than this is refused before any is read."""


class DataError(ValueError):
    """A file of data is cut, mislabelled or not what it says; the message names it."""
