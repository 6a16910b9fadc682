"""How good a network is: error, confusion, calibration, rejection."""
