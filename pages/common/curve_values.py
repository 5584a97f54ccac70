"""Learning curves as a table: a row per side, metric, split and epoch, with what is written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from core.evaluation.curves import Evidence
from core.export import label_placement, palette
from core.export.label_placement import LINE_SHARE
from core.export.palette import VALIDATION
from core.report import Epoch, Metric


def frame(
    sides: Mapping[str, Sequence[Sequence[Epoch]]],
    kept: Mapping[str, int | None] | None = None,
    *,
    evidence: Sequence[Evidence] = (),
    smoothing: float = 0.0,
    line_share: float = LINE_SHARE,
) -> pd.DataFrame:
    """Return a row per side, metric, split and epoch.

    Columns: side, metric, split, epoch, value (measured; the mean of repeats), low, high and runs (of
    repeats), drawn (smoothed), seconds (since the first epoch began), kept (a label at the epoch whose
    weights were kept, else empty), begins (a label at the first epoch of fine-tuning, else empty), evidence
    (whether the reading of the curves is based on it), and end (the name and the value of a curve at its last
    epoch, else empty) with end_at (the value at whose height that is written).

    Args:
        sides: names, each with the histories of its runs from ``Run.metrics()``.
        kept: the epoch (from 1) whose weights were kept, for each side that has one.
        evidence: values from which the curves were read.
        smoothing: 0 draws the measured values, values near 1 a smooth line.
        line_share: height of a line of words as a share of the axis.
    """
    marked = {(mark.name, epoch) for mark in evidence for epoch in mark.epochs}
    rows = []
    for side, histories in sides.items():
        tuned = _fine_tuned_from(histories)
        for metric, columns in palette.COLUMNS.items():
            for split, column in columns.items():
                best = (kept or {}).get(side) if split == VALIDATION else None
                rows += [
                    (
                        *(side, metric, split, *point),
                        palette.kept_label(best) if best is not None and point.epoch == best else "",
                        "fine-tuning" if split == VALIDATION and point.epoch == tuned else "",
                        (column, point.epoch) in marked,
                    )
                    for point in _points(histories, column, smoothing)
                ]
    names = ["side", "metric", "split", *_Point._fields, "kept", "begins", "evidence"]
    return _with_ends(pd.DataFrame(rows, columns=names), line_share)


def _fine_tuned_from(histories: Sequence[Sequence[Epoch]]) -> int | None:
    """The first epoch in which a pretrained network was fine-tuned; repeats may differ in it."""
    if len(histories) != 1:
        return None
    return next((line["epoch"] for line in histories[0] if line.get("stage") == "fine_tuning"), None)


def _with_ends(table: pd.DataFrame, line_share: float) -> pd.DataFrame:
    """Label the last value of every curve, which needs no legend then."""
    charts: dict[tuple[str, str], dict[str, int]] = {}
    for index, (side, metric, split) in enumerate(
        zip(*(table[name] for name in ("side", "metric", "split")), strict=True)
    ):
        charts.setdefault((side, metric), {})[split] = index
    words, heights = [""] * len(table), [math.nan] * len(table)
    for (_, metric), last in charts.items():
        values = {split: float(table["value"].iloc[index]) for split, index in last.items()}
        ends = {split: value for split, value in values.items() if math.isfinite(value)}
        placed = label_placement.beside_ends(ends, _top(table, metric), line_share)
        for split, height in placed.items():
            words[last[split]] = palette.end_label(split, metric, ends[split])
            heights[last[split]] = height
    return table.assign(end=words, end_at=heights)


def _top(table: pd.DataFrame, metric: str) -> float:
    """Return where the axis of a single run's chart ends, or a little less."""
    if metric == "accuracy":
        return 1.0
    values = table.loc[table["metric"] == metric, "value"]
    return float(values[values < math.inf].max())


class _Point(NamedTuple):
    epoch: float
    value: float
    low: float
    high: float
    seconds: float
    runs: int
    drawn: float


def _points(histories: Sequence[Sequence[Epoch]], column: Metric, smoothing: float) -> Iterator[_Point]:
    """Yield a point per epoch. Plain loops: pandas takes 15 ms to group even a handful of values."""
    measured: dict[float, list[tuple[float, float]]] = {}
    for history in histories:
        seconds = 0.0
        for line in history:
            if (value := line.get(column)) is not None:
                seconds += line.get("seconds") or 0
                measured.setdefault(line["epoch"], []).append((value, seconds))
    total = weight = 0.0
    for epoch, pairs in measured.items():
        values, times = zip(*pairs, strict=True)
        mean = sum(values) / len(values)
        total, weight = total * smoothing + mean, weight * smoothing + 1
        yield _Point(
            epoch, mean, min(values), max(values), sum(times) / len(times), len(values), total / weight
        )
