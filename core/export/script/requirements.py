"""What a script needs from the Python package index, in the versions that its run was trained with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version

_VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,3}([a-z]+[0-9]+)?")
"""Of an imported run, anything could be written there, a line of its own included."""

ALWAYS = ("tensorflow", "keras", "numpy", "pillow", "matplotlib", "seaborn")
TFDS = ("tensorflow-datasets", "importlib_resources")
DEEP_COLOURS = ("opencv-python-headless",)
HEIF = ("pi-heif",)
NOTEBOOK = ("ipykernel",)


def write(packages: Iterable[str], environment: Mapping[str, str]) -> bytes:
    """Return a requirements.txt.

    Args:
        packages: their names.
        environment: versions of a run by package, from its report; of others, this machine's are taken.
    """
    lines = [f"{package}=={_version(package, environment)}\n" for package in packages]
    return "".join(lines).encode("ascii")


def _version(package: str, environment: Mapping[str, str]) -> str:
    recorded = environment.get(package, "")
    return recorded if _VERSION.fullmatch(recorded) else version(package)
