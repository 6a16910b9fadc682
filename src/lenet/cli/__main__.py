"""``python -m lenet.cli`` is the command ``lenet``."""

from lenet.cli import main

main()
