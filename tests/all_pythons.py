"""``make test-pythons``: all tests on every Python that the lab promises to run on and that is found here.

``python tests/all_pythons.py [PYTEST ARGUMENTS]``. Each Python has an environment of its own, such as
``.venv-python3.12``, which is kept for the next time. Fails if a test fails; names what is not found.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
PARALLEL = ["-n", "logical", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]


def main(arguments: list[str]) -> int:
    """Test on each Python and print a line for each; return 1 if a test failed or no Python was found."""
    outcomes = {version: test(version, arguments) for version in VERSIONS}
    print()
    for version, outcome in outcomes.items():
        print(f"Python {version}: {outcome}")
    return int(not all(outcome in ("passed", "not found") for outcome in outcomes.values())) or int(
        "passed" not in outcomes.values()
    )


def test(version: str, arguments: list[str]) -> str:
    """Return ``passed``, ``failed`` or ``not found``."""
    python = find(version)
    if python is None:
        return "not found"
    print(f"\n== Python {version}: {python}", flush=True)
    environment = PROJECT / f".venv-python{version}"
    own = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not own.exists():
        subprocess.run([python, "-m", "venv", environment], check=True)
    wanted = ["-r", "requirements-dev.txt", "-c", "constraints.txt"]
    install = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    if subprocess.run(install, cwd=PROJECT).returncode:
        return "failed: the requirements cannot be installed"
    tested = subprocess.run([own, "-m", "pytest", *PARALLEL, *arguments], cwd=PROJECT)
    return "passed" if tested.returncode == 0 else "failed"


def find(version: str) -> str | None:
    """Return the command of a Python of this version on the PATH, in pyenv or with Windows's launcher."""
    return next((command for command in _candidates(version) if _is_version(command, version)), None)


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(pyenv.glob(f"versions/{version}.*"), key=_number, reverse=True):
        yield str(folder / "bin" / "python")
    if launcher := shutil.which("py"):
        asked = subprocess.run(
            [launcher, f"-{version}", "-c", "import sys; print(sys.executable)"],
            capture_output=True,
            text=True,
        )
        yield asked.stdout.strip()


def _number(folder: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", folder.name)]


def _is_version(command: str, version: str) -> bool:
    """Whether it runs at all (pyenv puts commands on the PATH that do not) and is of this version."""
    ask = [command, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
    try:
        return subprocess.run(ask, capture_output=True, text=True).stdout.strip() == version
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
