"""Images that look wrong by themselves: dark, bright, blurred, tiny, odd in shape, grey among colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from core.data.photo_likeness import GREY
from core.quality.findings import Finding
from core.words import count, percent

Measure = Callable[[pd.DataFrame], pd.Series]

BY_NATURE = 0.5
"""What holds for half of all images is typical of a data set, not a fault of individual images."""


@dataclass(frozen=True)
class _Check:
    """``measure`` below ``limit`` is striking; the lower, the more so.

    ``are`` and ``fine`` end the sentences "3 images ..." and "Every image ...".
    """

    name: str
    title: str
    are: str
    fine: str
    measure: Measure
    limit: float


_CHECKS = (
    _Check(
        "too_dark",
        "Too dark",
        "dark even where brightest",
        "has bright parts",
        lambda r: _bright_parts(r),
        64,
    ),
    _Check(
        "too_bright",
        "Too bright",
        "bright even where darkest",
        "has dark parts",
        lambda r: 255 - _dark_parts(r),
        63,
    ),
    _Check("blurred", "Blurred", "without a sharp edge", "has sharp edges", lambda r: _edges(r), 0.007),
    _Check(
        "tiny",
        "Tiny",
        "less than 32 pixels wide or high",
        "is at least 32 pixels wide and high",
        lambda r: r[["width", "height"]].min(axis=1),
        32,
    ),
    _Check(
        "odd_shape",
        "Oddly shaped",
        "more than 3 times as long as wide",
        "is at most 3 times as long as wide",
        lambda r: _roundness(r),
        1 / 3,
    ),
)
_GREY_CHECK = _Check(
    "grey",
    "Grey among colour",
    "grey in a data set of colour images",
    "has colours",
    lambda r: r["saturation"],
    GREY,
)
_COLOURFUL = 15.0


def checks(rows: pd.DataFrame, came: pd.DataFrame) -> list[Finding]:
    """A finding for each way in which an image can look wrong.

    Args:
        rows: the images in use.
        came: all images that the data set came with. What is usual for it is judged by them: it must not
            change with every image that is left out.
    """
    return [*(_finding(check, rows, came) for check in _CHECKS), _grey(rows, came)]


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


def _grey(rows: pd.DataFrame, came: pd.DataFrame) -> Finding:
    if came["saturation"].median() < _COLOURFUL:
        verdict = "Hardly any image of this data set has colours, so grey ones do not stand out."
        return Finding(_GREY_CHECK.name, _GREY_CHECK.title, verdict, "good", {"count": 0})
    return _finding(_GREY_CHECK, rows, came)


def _finding(check: _Check, rows: pd.DataFrame, came: pd.DataFrame) -> Finding:
    found = _below(rows, check)
    share = len(found) / max(len(rows), 1)
    numbers = {"count": len(found), "share": round(share, 4)}
    if found.empty:
        return Finding(check.name, check.title, f"Every image {check.fine}.", "good", numbers)
    ids, one = tuple(found["id"]), len(found) == 1
    are = f"{count(len(found), 'image')} ({percent(share)}) {'is' if one else 'are'} {check.are}."
    if len(_below(came, check)) >= BY_NATURE * len(came):
        verdict = f"{are} Typical of this data set, not a fault of individual images."
        return Finding(check.name, check.title, verdict, "note", numbers, ids)
    verdict = f"{are} Look at {'it' if one else 'them'}, and exclude what shows nothing."
    return Finding(check.name, check.title, verdict, "note", numbers, ids, action="exclude", removed=ids)
