"""A run as a script or a notebook that rebuilds it with plain Keras, and what it needs but the images."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from core import files
from core.export.script import notebook, plan, requirements, split_list, writing
from core.export.script.plan import Plan
from core.processes.threads import Progress, ShouldStop, never, silent
from core.runs import Run

Form = Literal["script", "notebook"]
FORMS: Mapping[Form, str] = {"script": "train.py", "notebook": "train.ipynb"}
"""The name of the file that is run, by form."""
_MADE = (1980, 1, 1, 0, 0, 0)
"""The same run gives the same archive, byte for byte."""


def contents(run: Run, form: Form) -> dict[str, bytes]:
    """Return the files of a run's script or notebook by name.

    Raises:
        LabError: the run has no result, or its images or their split are no longer those of the run.
    """
    planned = plan.gather(run)
    script = writing.script(planned)
    return {
        "README.md": writing.readme(planned, FORMS[form]).encode(),
        FORMS[form]: notebook.write(script) if form == "notebook" else script.encode(),
        split_list.NAME: split_list.write(planned.rows),
        "requirements.txt": requirements.write(packages(planned, form), planned.report.environment),
    }


def make(
    run: Run, path: Path, progress: Progress = silent, should_stop: ShouldStop = never, *, form: Form
) -> None:
    """Write these files to a zip archive. Raises like ``contents``, or if the archive cannot be written."""
    progress("writing the script", 0, 0)
    with files.replacing(path) as beside:
        beside.write_bytes(pack(run, form))


def pack(run: Run, form: Form) -> bytes:
    """Return these files as a zip archive with one folder, named after the run. Raises like ``contents``."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in contents(run, form).items():
            member = zipfile.ZipInfo(f"{run.id}-{form}/{name}", _MADE)
            member.external_attr = 0o644 << 16
            opened.writestr(member, content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def packages(planned: Plan, form: Form) -> list[str]:
    """Return what has to be installed: what every script needs, and what these images do."""
    return [
        *requirements.ALWAYS,
        *(requirements.TFDS if planned.tfds else ()),
        *(requirements.DEEP_COLOURS if planned.has_deep_colours else ()),
        *(requirements.HEIF if planned.has_heif else ()),
        *(requirements.NOTEBOOK if form == "notebook" else ()),
    ]
