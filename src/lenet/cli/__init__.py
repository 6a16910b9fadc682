"""The command ``lenet``: each command parses, calls one library function, prints."""

from lenet.cli import datasets, networks, reading, training  # each adds its commands
from lenet.cli.shared import app, main

__all__ = ["app", "datasets", "main", "networks", "reading", "training"]
