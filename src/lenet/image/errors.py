"""What is wrong with pictures."""


class PictureError(ValueError):
    """A picture cannot be decoded; the message names it."""
