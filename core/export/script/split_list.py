"""The images of a run as a file beside its script: a line of JSON per image, with its split and its hash.

A split drawn anew would put images that the run has learned among the test images of the script.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from core.data.splits import SPLITS

NAME = "split.jsonl"


def write(rows: pd.DataFrame) -> bytes:
    r"""Return the lines for the rows of a selection, by split.

    A line has the ``file`` below the folder of the images, its ``class`` and ``split``, and the ``content``,
    a hash of the decoded pixels (:func:`core.data.image_stats.content_hash`). ``name`` is given where people
    know the file by another name, ``depth`` where it has more than 8 bits per channel. All is ASCII: other
    characters are escaped as ``\u...``.
    """
    ordered = rows.sort_values("split", key=lambda column: column.map(SPLITS.index), kind="stable")
    return "".join(json.dumps(line) + "\n" for line in _lines(ordered)).encode("ascii")


def _lines(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in rows.to_dict("records"):
        line = {
            "split": row["split"],
            "class": row["label"],
            "file": row["file"],
            "content": row["content"],
        }
        if row["name"] != row["file"]:
            line["name"] = row["name"]
        if row.get("depth"):
            line["depth"] = row["depth"]
        yield line
