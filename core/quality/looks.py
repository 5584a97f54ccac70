"""Pictures that look wrong by themselves: dark, bright, blurred, tiny, odd in shape, grey among colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from core.quality.findings import Finding, pictures

Measure = Callable[[pd.DataFrame], pd.Series]

BY_NATURE = 0.5
"""What holds for half of all pictures is how this data set is, not a fault of single pictures."""


@dataclass(frozen=True)
class _Check:
    """``measure`` below ``limit`` is striking; the lower, the more so."""

    name: str
    title: str
    what: str
    measure: Measure
    limit: float


_CHECKS = (
    _Check("too_dark", "Too dark", "dark even in their brightest parts", lambda r: _bright_parts(r), 64),
    _Check(
        "too_bright", "Too bright", "bright even in their darkest parts", lambda r: 255 - _dark_parts(r), 63
    ),
    _Check("blurred", "Blurred", "without a sharp edge", lambda r: _edges(r), 0.007),
    _Check(
        "tiny",
        "Tiny",
        "less than 32 pixels on their shorter side",
        lambda r: r[["width", "height"]].min(axis=1),
        32,
    ),
    _Check("odd_shape", "Oddly shaped", "more than 3 times as long as wide", lambda r: _roundness(r), 1 / 3),
)
_GREY, _COLOURFUL = 3.0, 15.0


def checks(rows: pd.DataFrame) -> list[Finding]:
    """A finding for each way in which a picture can look wrong."""
    found = [_finding(check.name, check.title, check.what, rows, _below(rows, check)) for check in _CHECKS]
    return [*found, _grey(rows)]


def _below(rows: pd.DataFrame, check: _Check) -> pd.DataFrame:
    values = check.measure(rows)
    return rows.loc[values[values < check.limit].sort_values(kind="stable").index]


def _bright_parts(rows: pd.DataFrame) -> pd.Series:
    return rows["brightness"] + 2 * rows["contrast"]


def _dark_parts(rows: pd.DataFrame) -> pd.Series:
    return rows["brightness"] - 2 * rows["contrast"]


def _edges(rows: pd.DataFrame) -> pd.Series:
    """Sharpness for the contrast there is: half the contrast has a quarter of the Laplacian's variance."""
    return (rows["sharpness"] / (rows["contrast"] ** 2).clip(lower=1)).where(rows["contrast"] >= 5, 1.0)


def _roundness(rows: pd.DataFrame) -> pd.Series:
    return rows[["width", "height"]].min(axis=1) / rows[["width", "height"]].max(axis=1).clip(lower=1)


def _grey(rows: pd.DataFrame) -> Finding:
    grey = rows[rows["saturation"] < _GREY]
    if rows["saturation"].median() < _COLOURFUL:
        verdict = "Hardly any picture of this data set has colours, so grey ones do not stand out."
        return Finding("grey", "Grey among colour", verdict, "good", {"count": 0})
    return _finding("grey", "Grey among colour", "grey in a data set of colour pictures", rows, grey)


def _finding(name: str, title: str, what: str, rows: pd.DataFrame, found: pd.DataFrame) -> Finding:
    share = len(found) / max(len(rows), 1)
    numbers = {"count": len(found), "share": round(share, 4)}
    if found.empty:
        return Finding(name, title, f"No pictures are {what}.", "good", numbers)
    ids = tuple(found["id"])
    are = f"{pictures(len(found))} ({share:.1%}) {'is' if len(found) == 1 else 'are'} {what}"
    if share >= BY_NATURE:
        verdict = f"{are}. That is how this data set is, and no fault of single pictures."
        return Finding(name, title, verdict, "note", numbers, ids)
    verdict = f"{are}. Look at them, and exclude those that show nothing."
    return Finding(name, title, verdict, "note", numbers, ids, action="exclude", removed=ids)
