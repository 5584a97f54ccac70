"""What the browser draws a map from: where each image lies, and the ways to colour it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.export import palette
from core.image_map import thumbnail_sheet
from core.image_map.table import NOT_ASKED, RIGHT, WRONG, categories, name_places
from core.words import SPLIT_NAMES, count, percent

_CONFIDENCES = {"under 50%": 0.5, "50 to 70%": 0.7, "70 to 90%": 0.9, "over 90%": 2.0}
"""Upper ends of ranges of confidence."""
_ON_LIGHT = ("#d55e00", "#e3a062", "#7fb0d2", "#0072b2")
_ON_DARK = ("#f0883e", "#b98a5e", "#6f9fbf", "#56b4e9")
_SPLITS = {
    SPLIT_NAMES["train"]: ("#9aa3a0", "#7d8683"),
    SPLIT_NAMES["validation"]: ("#0072b2", "#56b4e9"),
    SPLIT_NAMES["test"]: ("#d55e00", "#f0883e"),
}
_FAINT = ("#b9c0bd", "#5d6663")

Colours = Mapping[str, tuple[str, str]]
"""A colour on a light and on a dark page for each name."""


def data(
    table: pd.DataFrame,
    key: str,
    class_names: Sequence[str],
    suspected: Collection[str],
    sheet: Path,
    total: int,
) -> dict[str, Any]:
    """Return what :func:`pages.common.image_map.canvas.draw` draws.

    Args:
        table: the images, as :func:`core.image_map.table.table` returns them.
        key: of the map.
        class_names: in the order of their colours.
        suspected: ids of images whose label is probably wrong.
        sheet: the file of thumbnails; without it, there are only points.
        total: the number of images on the map when it was made, which are on the sheet.
    """
    drawn = {
        "ids": table["id"].tolist(),
        "x": table["x"].round(4).tolist(),
        "y": table["y"].round(4).tolist(),
        "tiles": table.index.tolist(),
        "files": table["file"].tolist(),
        "labels": table["label"].tolist(),
        "notes": [_note(row) for row in table.to_dict("records")],
        "marked": [int(image_id in suspected) for image_id in table["id"]],
        "modes": _modes(table, class_names),
        "names": name_places(table).to_dict("records"),
        "description": _description(table),
    }
    revision = hashlib.blake2b(json.dumps(drawn).encode(), digest_size=8).hexdigest()
    return {
        **drawn,
        "key": key,
        "revision": revision,
        "sheet": base64.b64encode(sheet.read_bytes()).decode() if sheet.exists() else "",
        "side": thumbnail_sheet.side(total),
        "columns": thumbnail_sheet.columns(total),
    }


def _modes(table: pd.DataFrame, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """The ways to colour the points; those by split and by prediction only for the images of a run."""
    light, dark = (palette.categories(len(class_names), on_dark=on_dark) for on_dark in (False, True))
    modes = [_mode("class", table["label"], dict(_pairs(class_names, light, dark)))]
    if (table["predicted"] != "").any():
        verdicts = {
            RIGHT: (palette.ON_LIGHT.right, palette.ON_DARK.right),
            WRONG: (palette.ON_LIGHT.wrong, palette.ON_DARK.wrong),
            NOT_ASKED: _FAINT,
        }
        modes.append(_mode("mistake", categories(table, "mistake"), verdicts, hollow=WRONG))
        ranges = dict(_pairs(_CONFIDENCES, _ON_LIGHT, _ON_DARK)) | {NOT_ASKED: _FAINT}
        modes.append(_mode("confidence", table["confidence"].map(_range), ranges))
    if (table["split"] != "").any():
        modes.append(_mode("split", table["split"].map(SPLIT_NAMES), _SPLITS))
    return modes


def _pairs(
    names: Iterable[str], light: Iterable[str], dark: Iterable[str]
) -> Iterator[tuple[str, tuple[str, str]]]:
    return zip(names, zip(light, dark, strict=True), strict=True)


def _mode(name: str, kinds: pd.Series, colours: Colours, hollow: str = "") -> dict[str, Any]:
    codes = pd.Categorical(kinds, categories=list(colours)).codes
    counts = np.bincount(codes[codes >= 0], minlength=len(colours)).tolist()
    shown = [
        {"name": kind, "light": light, "dark": dark, "count": number, "hollow": kind == hollow}
        for (kind, (light, dark)), number in zip(colours.items(), counts, strict=True)
    ]
    return {"name": name, "categories": shown, "values": np.maximum(codes, 0).tolist()}


def _range(confidence: float) -> str:
    if np.isnan(confidence):
        return NOT_ASKED
    return next(name for name, end in _CONFIDENCES.items() if confidence < end)


def _note(row: dict[Any, Any]) -> str:
    lines = [str(row["file"])]
    if row["predicted"]:
        lines.append(f"predicted: {row['predicted']} ({percent(row['confidence'], 0)})")
    if row["split"]:
        lines.append(SPLIT_NAMES[row["split"]])
    return "\n".join(lines)


def _description(table: pd.DataFrame) -> str:
    return (
        f"Map of {count(len(table), 'image')} by similarity. Arrow keys move, plus and minus zoom, Enter "
        "lists the images in view below the map."
    )
