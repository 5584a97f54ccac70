"""The names that the installed version of TensorFlow Datasets knows. Imports no TensorFlow."""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import cache
from importlib.metadata import version
from pathlib import Path


def problem(name: str) -> str:
    """Say why ``name`` (NAME, NAME/CONFIG or NAME:VERSION) cannot be opened, "" if it is known.

    A data set that lies in ``TFDS_DATA_DIR`` is known, whoever wrote it.
    """
    builder = name.partition("/")[0].partition(":")[0]
    if builder in _known() or (_data_folder() / builder).is_dir():
        return ""
    close = get_close_matches(builder.lower(), _known(), n=1)
    package = f"TensorFlow Datasets {version('tensorflow-datasets')}"
    return f"{package} has no data set “{builder}”" + (f". Did you mean {close[0]}?" if close else "")


@cache
def _known() -> frozenset[str]:
    import tensorflow_datasets as tfds

    return frozenset(tfds.list_builders(with_community_datasets=False))


def _data_folder() -> Path:
    return Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
