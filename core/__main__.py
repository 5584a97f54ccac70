"""``python -m core``: the command line, see :mod:`core.cli`."""

import sys

from core.processes import ctrl_c

if __name__ == "__main__":
    ctrl_c.ends_at_once()
    from core.cli.main import main  # only now: the imports of all commands take a second

    sys.exit(main())
