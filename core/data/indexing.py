"""Build the index of a data set: read every image once and record what is known about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_string_dtype

from core.data import deep_pixels
from core.data.decoding import Decoded, Unreadable, decode
from core.data.deep_pixels import Range, Ranges
from core.data.image_stats import Looks, measure
from core.data.sources.scan import Found
from core.processes.threads import Progress, ShouldStop, ordered_map
from core.words import visible

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
    "depth": "str",
    "low": "float64",
    "high": "float64",
    "problem": "str",
    "note": "str",
    "source_split": "str",
    "source_group": "str",
}
"""The index's columns except ``group``, which is found by comparing images.

``file`` is the path relative to the root, ``name`` the name shown to the user (they differ for uploads),
``source_group`` what the source says an image belongs to, a patient or a burst, "" where it says nothing.
``depth`` is ``integer`` or ``floating`` where a file has more than 8 bits per channel; ``low`` and ``high``
are then its smallest and largest value.
"""

ADDED_LATER = frozenset({"views", "source_group", "depth", "low", "high"})
"""An index without them opens, and gets them when the data set is prepared again."""

FROM_THE_SOURCE = frozenset({"source_group"})
"""Known without an image: an index that lacks only these is no reason to read the images anew."""


@dataclass(frozen=True)
class _Reader:
    """Builds the row of one file; the facts about an unchanged file are reused."""

    root: Path
    previous: Mapping[str, dict[str, Any]]
    ranges: Ranges

    def row(self, found: Found) -> dict[str, Any]:
        facts = {
            "file": found.file,
            "name": visible(found.shown),
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
            decoded = decode(self.root / found.file, ranges=self.ranges)
            return {
                "width": decoded.width,
                "height": decoded.height,
                "mode": decoded.mode,
                "note": decoded.note,
                **_depth(decoded),
                **asdict(measure(decoded.image)),
            }
        except Unreadable as reason:
            return {"problem": str(reason)}


_NOTHING: dict[str, Any] = {
    **asdict(Looks("", "", "", "", 0.0, 0.0, 0.0, 0.0)),
    "width": 0,
    "height": 0,
    "mode": "",
    "depth": "",
    "low": 0.0,
    "high": 0.0,
    "problem": "",
    "note": "",
}


def _depth(decoded: Decoded) -> dict[str, Any]:
    if decoded.kind is None or decoded.extent is None:
        return {}
    low, high = decoded.extent
    return {"depth": decoded.kind, "low": low, "high": high}


def build(
    root: Path,
    found: list[Found],
    previous: pd.DataFrame,
    ranges: Ranges,
    progress: Progress,
    should_stop: ShouldStop,
) -> tuple[pd.DataFrame, Ranges]:
    """Build the index of all files found, in order.

    Images of more than 8 bits are read again where the values of all of them show that the range they were
    read with is not that of the data set.

    Args:
        root: where the files lie.
        found: the files.
        previous: the previous index, or an empty one.
        ranges: what was black and white in the previous index.

    Returns:
        The index, and what is black and white in it.

    Raises:
        Stopped: ``should_stop`` returned True; nothing has been written.
    """

    def read(part: list[Found], reader: _Reader) -> list[dict[str, Any]]:
        return list(
            ordered_map(reader.row, part, step="reading images", progress=progress, should_stop=should_stop)
        )

    unchanged = previous[previous["problem"] == ""].reindex(columns=list(COLUMNS)).to_dict("records")
    known = {str(row["file"]): {str(k): v for k, v in row.items()} for row in unchanged}
    rows = read(found, _Reader(root, known, ranges))
    common = _common(rows)
    again = [number for number, row in enumerate(rows) if _used(row, ranges) != _used(row, common)]
    for number, row in zip(
        again, read([found[number] for number in again], _Reader(root, {}, common)), strict=True
    ):
        rows[number] = row
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS), common


def _common(rows: list[dict[str, Any]]) -> Ranges:
    """The range of all images of a kind."""
    found: dict[str, Range] = {}
    for kind in deep_pixels.KINDS:
        extents = [(row["low"], row["high"]) for row in rows if row["depth"] == kind]
        if extents:
            lows, highs = zip(*extents, strict=True)
            found[kind] = deep_pixels.common_range(kind, lows, highs)
    return Ranges(**found)


def _used(row: dict[str, Any], ranges: Ranges) -> Range | None:
    """The range that a row's image is read with; None for 8 bits."""
    if not row["depth"]:
        return None
    own = [row["low"]], [row["high"]]
    return ranges.range_of(row["depth"]) or deep_pixels.common_range(row["depth"], *own)


def read(path: Path) -> pd.DataFrame:
    """Read a table that the lab wrote. Raises any of several exceptions where it is missing or damaged."""
    table = pd.read_parquet(path)
    pa.Table.from_pandas(table, preserve_index=False).validate(full=True)  # text is read, but not yet decoded
    return table


def refuse_damaged(index: pd.DataFrame) -> None:
    """Raise ValueError if an index that was read has values of another kind, gaps, or an id twice."""
    for name, kind in {**COLUMNS, "group": "int64"}.items():
        if name not in index.columns:
            continue
        is_sound = is_string_dtype if kind == "str" else is_numeric_dtype
        if not is_sound(index[name]) or is_bool_dtype(index[name]) or index[name].isna().any():
            raise ValueError(f"its column {name} has values of another kind")
        if kind != "str" and not np.isfinite(index[name].to_numpy(np.float64)).all():
            raise ValueError(f"its column {name} has values that are no numbers")
    if len(set(index["id"].to_numpy())) < len(index):
        raise ValueError("it names an image twice")


def empty() -> pd.DataFrame:
    """An index without rows."""
    return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)


def image_id(content: str, file: str) -> str:
    """16 hex digits, unique to a file of a data set and stable while its pixels are unchanged."""
    return hashlib.blake2b(f"{content}/{file}".encode(), digest_size=8).hexdigest()
