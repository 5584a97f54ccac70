"""Everything that a run can leave the lab as, in one table: a row per format.

The command line, ``core.load(run).export`` and the Results page offer what is listed here, so a new format is
a new row. It names the function that makes one file from a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from core.errors import LabError, WrongUsage
from core.export.proof import Proof
from core.processes.threads import Progress, ShouldStop
from core.runs import Run
from core.words import listed

Make = Callable[[Run, Path, Progress, ShouldStop], Proof | None]
"""Write a finished run to a file, atomically; return how it compares with the lab's model, if it is a model.

Raises LabError if it cannot be made, and Stopped if it was asked to stop.
"""


@dataclass(frozen=True)
class Format:
    """One way to take a run along.

    Attributes:
        name: on the command line.
        title: on the page.
        audience: for whom it is, in a sentence.
        suffix: of the file, such as ``.zip``.
        make: makes the file.
        packages: what has to be importable here to make it, by the name that it is imported with.
        install: the command that installs them.
    """

    name: str
    title: str
    audience: str
    suffix: str
    make: Make
    packages: tuple[str, ...] = ()
    install: str = ""

    @property
    def missing(self) -> str:
        """What has to be installed first, as a sentence; "" if nothing has."""
        absent = [package for package in self.packages if find_spec(package) is None]
        if not absent:
            return ""
        return f"{self.title} needs {listed(absent)}, which is not installed here. Run: {self.install}"


FORMATS: tuple[Format, ...] = ()
"""In the order in which they are offered."""


def named(name: str) -> Format:
    """Return the format with this name.

    Raises:
        WrongUsage: there is none.
        LabError: it needs packages that are not installed.
    """
    found = next((one for one in FORMATS if one.name == name), None)
    if found is None:
        raise WrongUsage(
            f"There is no format {name[:80]!r}. There are {listed([one.name for one in FORMATS])}."
        )
    if found.missing:
        raise LabError(found.missing)
    return found
