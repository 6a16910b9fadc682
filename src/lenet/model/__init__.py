"""Weights that answer: networks and ensembles, their files, their confidence."""
