"""The software and hardware of a run, recorded in its report so that differences can be traced."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "unknown"
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "opencv-python-headless", "tf-explain", "streamlit")


@cache
def describe() -> dict[str, str]:
    """Versions of Python and the relevant packages, the system, processor and number of cores."""
    return {
        "python": platform.python_version(),
        **{package: version_of(package) for package in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def version_of(package: str) -> str:
    """The version of a package; "unknown" where another one takes its place, such as ``tensorflow-cpu``."""
    try:
        return version(package)
    except PackageNotFoundError:
        return UNKNOWN


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in info if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown"
