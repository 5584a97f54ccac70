"""A run as a script and a notebook that rebuild it with plain Keras, and what they need but the images."""

from __future__ import annotations

import io
import zipfile

from core.export.script import notebook, plan, requirements, split_list, writing
from core.export.script.plan import Plan
from core.runs import Run

SCRIPT, NOTEBOOK = "train.py", "train.ipynb"
_MADE = (1980, 1, 1, 0, 0, 0)
"""The same run gives the same archive, byte for byte."""


def contents(run: Run) -> dict[str, bytes]:
    """Return the files of a run's script by name.

    Raises:
        LabError: the run has no result, or its images or their split are no longer those of the run.
    """
    planned = plan.gather(run)
    script = writing.script(planned)
    return {
        "README.md": writing.readme(planned).encode(),
        SCRIPT: script.encode(),
        NOTEBOOK: notebook.write(script),
        split_list.NAME: split_list.write(planned.rows),
        "requirements.txt": requirements.write(_packages(planned), planned.report.environment),
    }


def pack(run: Run) -> bytes:
    """Return these files as a zip archive with one folder, named after the run. Raises like ``contents``."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in contents(run).items():
            opened.writestr(zipfile.ZipInfo(f"{run.id}-script/{name}", _MADE), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _packages(planned: Plan) -> list[str]:
    return [
        *requirements.ALWAYS,
        *(requirements.TFDS if planned.tfds else ()),
        *(requirements.DEEP_COLOURS if planned.has_deep_colours else ()),
        *(requirements.HEIF if planned.has_heif else ()),
        *requirements.NOTEBOOK,
    ]
