"""Everything that a run can leave the lab as, in one table: a row per format.

The command line, ``core.load(run).export`` and the Results page offer what is listed here, so a new format is
a new row. It names the function that makes one file from a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from core.errors import LabError, WrongUsage
from core.export.model_card import card
from core.export.models import making
from core.export.models.kinds import KINDS
from core.export.proof import Proof
from core.export.script import package
from core.export.webpage import making as webpage_making
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
        takes: how long that is, in words.
    """

    name: str
    title: str
    audience: str
    suffix: str
    make: Make
    packages: tuple[str, ...] = ()
    install: str = ""
    takes: str = "about a minute"

    @property
    def missing(self) -> str:
        """What has to be installed first, as a sentence; "" if nothing has."""
        absent = [package for package in self.packages if find_spec(package) is None]
        if not absent:
            return ""
        return f"{self.title} needs {listed(absent)}, which is not installed here. Run: {self.install}"


def _model(name: str, audience: str, packages: tuple[str, ...] = (), install: str = "") -> Format:
    return Format(
        name, KINDS[name].title, audience, ".zip", partial(making.make, kind=name), packages, install
    )


FORMATS: tuple[Format, ...] = (
    _model(
        "keras", "To go on in Python: predict, fine-tune, or look into the layers. Opens from Keras 3.5 on."
    ),
    _model(
        "tflite",
        "For phones, tablets and a Raspberry Pi, and the lightest way to predict in Python.",
        ("ai_edge_litert",),
        "pip install -r requirements.txt",
    ),
    _model(
        "tflite-int8",
        "Much smaller and faster, for small devices; its answers may differ a little from the lab's.",
        ("ai_edge_litert",),
        "pip install -r requirements.txt",
    ),
    _model(
        "onnx",
        "For programs in C++, C#, Java or JavaScript, by ONNX Runtime.",
        ("onnx", "onnxruntime", "tf2onnx"),
        "pip install -r requirements-onnx.txt",
    ),
    _model("savedmodel", "For a server with TensorFlow Serving, and for TensorFlow's own tools."),
    Format(
        webpage_making.KIND.name,
        webpage_making.KIND.title,
        "To show it to others: one file that answers in any browser of today, on a phone, too, and offline.",
        ".html",
        webpage_making.make,
    ),
    Format(
        "script",
        "Python script",
        "To see how it was trained, and to change it: the same run with plain Keras, step by step.",
        ".zip",
        partial(package.make, form="script"),
        takes="a few seconds",
    ),
    Format(
        "notebook",
        "Notebook",
        "The same for Jupyter, Visual Studio Code or Colab.",
        ".zip",
        partial(package.make, form="notebook"),
        ("jupytext",),
        "pip install -r requirements.txt",
        "a few seconds",
    ),
    Format(
        "model-card",
        "Model card",
        "For whoever uses the model: what it was trained on, how well it does, and where it fails.",
        ".md",
        card.make,
        takes="a few seconds",
    ),
)
"""In the order in which they are offered."""


def find(name: str) -> Format:
    """Return the format with this name.

    Raises:
        WrongUsage: there is none.
    """
    found = next((one for one in FORMATS if one.name == name), None)
    if found is None:
        names = listed([one.name for one in FORMATS])
        raise WrongUsage(f"There is no format {name[:80]!r}. Choose from {names}.")
    return found


def ready(name: str) -> Format:
    """Return the format with this name, which can be made here.

    Raises:
        WrongUsage: there is none.
        LabError: it needs packages that are not installed.
    """
    found = find(name)
    if found.missing:
        raise LabError(found.missing)
    return found
