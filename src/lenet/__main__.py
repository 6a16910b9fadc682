"""Where the command ``lenet`` begins: Ctrl-C while the rest is still being imported ends it as quietly as later."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from lenet.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
