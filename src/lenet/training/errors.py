"""What can go wrong in a training, apart from bad arguments."""


class TrainingError(RuntimeError):
    """Training cannot go on: the loss or a weight is no longer finite."""


class RunError(ValueError):
    """A directory cannot be used for the training that was asked for; the message says why."""
