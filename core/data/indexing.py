"""Build the index of a data set: read every image once and record what is known about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.data.decoding import Unreadable, decode
from core.data.image_stats import Looks, measure
from core.data.sources.scan import Found
from core.processes.threads import Progress, ShouldStop, ordered_map

COLUMNS: dict[str, str] = {
    "id": "str",
    "content": "str",
    "file": "str",
    "name": "str",
    "label": "str",
    "width": "int32",
    "height": "int32",
    "mode": "str",
    "bytes": "int64",
    "modified": "int64",
    "phash": "str",
    "mirrored": "str",
    "views": "str",
    "brightness": "float32",
    "contrast": "float32",
    "saturation": "float32",
    "sharpness": "float32",
    "problem": "str",
    "note": "str",
    "source_split": "str",
    "source_group": "str",
}
"""The index's columns except ``group``, which is found by comparing images.

``file`` is the path relative to the root, ``name`` the name shown to the user (they differ for uploads),
``source_group`` what the source says an image belongs to, a patient or a burst, "" where it says nothing.
"""

ADDED_LATER = frozenset({"views", "source_group"})
"""An index without them opens, and gets them when the data set is prepared again."""

FROM_THE_SOURCE = frozenset({"source_group"})
"""Known without an image: an index that lacks only these is no reason to read the images anew."""


@dataclass(frozen=True)
class _Reader:
    """Builds the row of one file; the facts about an unchanged file are reused."""

    root: Path
    previous: Mapping[str, dict[str, Any]]

    def row(self, found: Found) -> dict[str, Any]:
        facts = {
            "file": found.file,
            "name": found.name or found.file,
            "label": found.label,
            "source_split": found.source_split,
            "source_group": found.group,
            "bytes": found.bytes,
            "modified": found.modified,
        }
        before = self.previous.get(found.file)
        if (
            before
            and not found.problem
            and (before["bytes"], before["modified"]) == (found.bytes, found.modified)
        ):
            return {**before, **facts}
        looks = {**_NOTHING, **(self._measure(found) if not found.problem else {"problem": found.problem})}
        return {**facts, **looks, "id": image_id(looks["content"], found.file)}

    def _measure(self, found: Found) -> dict[str, Any]:
        try:
            decoded = decode(self.root / found.file)
            return {
                "width": decoded.width,
                "height": decoded.height,
                "mode": decoded.mode,
                "note": decoded.note,
                **asdict(measure(decoded.image)),
            }
        except Unreadable as reason:
            return {"problem": str(reason)}


_NOTHING: dict[str, Any] = {
    **asdict(Looks("", "", "", "", 0.0, 0.0, 0.0, 0.0)),
    "width": 0,
    "height": 0,
    "mode": "",
    "problem": "",
    "note": "",
}


def build(
    root: Path, found: list[Found], previous: pd.DataFrame, progress: Progress, should_stop: ShouldStop
) -> pd.DataFrame:
    """Build the index of all files found, in order; ``previous`` is the previous index, or an empty one.

    Raises:
        Stopped: ``should_stop`` returned True; nothing has been written.
    """
    unchanged = previous[previous["problem"] == ""].reindex(columns=list(COLUMNS)).to_dict("records")
    reader = _Reader(root, {str(row["file"]): {str(k): v for k, v in row.items()} for row in unchanged})
    rows = list(
        ordered_map(reader.row, found, step="reading images", progress=progress, should_stop=should_stop)
    )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def empty() -> pd.DataFrame:
    """An index without rows."""
    return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)


def image_id(content: str, file: str) -> str:
    """16 hex digits, unique to a file of a data set and stable while its pixels are unchanged."""
    return hashlib.blake2b(f"{content}/{file}".encode(), digest_size=8).hexdigest()
