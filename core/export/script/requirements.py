"""What a script needs from the Python package index, in the versions that its run was trained with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

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
        environment: versions of a run by package, from its report. Of packages that it does not name, this
            machine's are taken; of those that are not installed here either, any version will do.
    """
    lines = [f"{package}{_pinned(package, environment)}\n" for package in packages]
    return "".join(lines).encode("ascii")


def _pinned(package: str, environment: Mapping[str, str]) -> str:
    recorded = environment.get(package, "")
    if _VERSION.fullmatch(recorded):
        return f"=={recorded}"
    try:
        return f"=={version(package)}"
    except PackageNotFoundError:  # a notebook's kernel is of no use to the lab itself
        return ""
