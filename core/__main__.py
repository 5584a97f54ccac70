"""``python -m core``: the lab without a screen, see :mod:`core.cli`."""

import sys

from core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
