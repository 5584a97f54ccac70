"""The images of a map as a table, with what is known of each by now."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from core.errors import LabError
from core.evaluation import metrics
from core.image_map.image_map import ImageMap
from core.image_map.subject import Subject
from core.runs import Run

COLUMNS = ("id", "file", "x", "y", "label", "split", "predicted", "confidence", "kept")
ColourBy = Literal["class", "split", "mistake"]
RIGHT, WRONG, NOT_ASKED = "right", "wrong", "not predicted"

_MAX_PLACES = 1_000
_NEAR = 0.12
"""Distance within which points make a place dense; a map is 2 wide."""


def table(subject: Subject, image_map: ImageMap) -> pd.DataFrame:
    """Return a row per image of the map that is still in use, in the map's order, which its index numbers.

    Returns:
        The columns :data:`COLUMNS`: id; file; x and y, from about -1 to 1, up is positive; label: its class
        now; split: train, validation or test, "" for a data set; predicted: what the run predicts, "" where
        it was not asked; confidence: of that, NaN if not asked; kept: see :class:`ImageMap`.
    """
    rows = subject.rows.set_index("id")
    places = pd.DataFrame(
        {
            "id": image_map.ids,
            "x": image_map.positions[:, 0],
            "y": image_map.positions[:, 1],
            "kept": image_map.kept,
        }
    )
    places = places[places["id"].isin(rows.index)]
    known = rows.reindex(places["id"])
    found = places.assign(
        file=known["name"].to_numpy(),
        label=known["label"].to_numpy(),
        split=known["split"].to_numpy() if "split" in known else "",
    )
    predicted = _predictions(subject.run).reindex(found["id"])
    return found.assign(
        predicted=predicted["predicted"].fillna("").to_numpy(),
        confidence=predicted["confidence"].to_numpy(np.float64),
    )[list(COLUMNS)]


def categories(table: pd.DataFrame, colour_by: ColourBy) -> pd.Series:
    """Return what each image is coloured by."""
    if colour_by != "mistake":
        return table["label" if colour_by == "class" else "split"]
    is_asked = table["predicted"] != ""
    is_right = table["predicted"] == table["label"]
    return pd.Series(np.where(is_asked, np.where(is_right, RIGHT, WRONG), NOT_ASKED), index=table.index)


def name_places(table: pd.DataFrame) -> pd.DataFrame:
    """Return where to write each class's name: where it is densest, largest class first (name, x, y)."""
    found = []
    for name in table["label"].value_counts().index:
        places = table.loc[table["label"] == name, ["x", "y"]].to_numpy(np.float64)
        some = places[np.linspace(0, len(places) - 1, min(len(places), _MAX_PLACES)).round().astype(int)]
        distances = np.square(some[:, None] - some[None]).sum(axis=2)
        x, y = some[np.exp(-distances / (2 * _NEAR**2)).sum(axis=1).argmax()]
        found.append({"name": str(name), "x": float(x), "y": float(y)})
    return pd.DataFrame(found, columns=["name", "x", "y"])


def _predictions(run: Run | None) -> pd.DataFrame:
    """What a run predicts for its validation and test images, by id; nothing where that cannot be read."""
    parts = [pd.DataFrame({"predicted": pd.Series(dtype=object), "confidence": pd.Series(dtype=float)})]
    report = run.report() if run else None
    if run is not None and report is not None:
        names = np.array(report.class_names, dtype=object)
        for split in ("validation", "test"):
            try:
                found = run.predictions(split)
            except LabError:  # damaged, which Results says
                continue
            parts.append(
                pd.DataFrame(
                    {"predicted": names[metrics.predicted(found)], "confidence": metrics.confidence(found)},
                    index=found.ids,
                )
            )
    return pd.concat(parts)
