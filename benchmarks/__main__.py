"""``make bench``: every benchmark in turn, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HELPERS = {"__init__", "__main__"}


def main() -> int:
    """Run all modules here that are benchmarks; returns how many failed."""
    names = [
        p.stem for p in sorted(HERE.glob("*.py")) if p.stem not in HELPERS and "__main__" in p.read_text()
    ]
    failures = 0
    for name in names:
        print(f"\n== {name}", flush=True)
        failures += (
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]]).returncode != 0
        )
    return failures


if __name__ == "__main__":
    sys.exit(main())
