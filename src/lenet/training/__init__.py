"""Training: what an epoch shows a network, the epochs, a run that keeps files, and a whole training as one call."""
