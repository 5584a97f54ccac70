"""Two to six sides beside each other: what was set differently, how good they are, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from core.comparison.score_intervals import Interval, Scores
from core.config import SETTINGS, differences
from core.errors import LabError
from core.sweeps.plan import SEED
from core.words import DASH, byte_size, duration, interval, percent, setting_value, spread
from pages.common import charts
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.compare.sides import Side, heads


def settings(sides: Sequence[Side]) -> None:
    """Only the settings in which the sides differ, one column a side."""
    frame = settings_frame(sides)
    if frame.empty:
        st.caption("All settings are the same; what differs is chance, or the machine.")
        return
    st.dataframe(
        frame,
        hide_index=True,
        height="content",
        column_config={"Setting": st.column_config.TextColumn(pinned=True)},
        alt="Settings in which the chosen runs differ",
    )
    st.caption(f"The other {len(SETTINGS) - len(frame)} settings are the same in all of them.")


def settings_frame(sides: Sequence[Side]) -> pd.DataFrame:
    """A row for each setting that differs, with its unit."""
    readable = [side for side in sides if side.line.first.config]
    configs = [side.line.first.config for side in readable if side.line.first.config]
    differing = differences(configs)
    rows = [
        [SETTINGS[path].label, *(setting_value(path, value) for value in values)]
        for path, values in differing.items()
        if path != SEED
    ]
    seeds = [_seeds(side) for side in readable]
    if len(set(seeds)) > 1:
        rows.append([SETTINGS[SEED].label, *seeds])
    return pd.DataFrame(rows, columns=["Setting", *heads(readable)])


def _seeds(side: Side) -> str:
    seeds = sorted({summary.config.fit.seed for summary in side.line.summaries if summary.config})
    return ", ".join(map(str, seeds))


def scores(sides: Sequence[Side], split: str) -> None:
    """Accuracy as dots with bars; all figures with their intervals in a table."""
    try:
        figures = {side.name: side.scores(split) for side in sides if side.finished}
    except LabError as error:
        st.caption(literal(error))
        return
    if not figures:
        st.caption("None of these runs has a result yet.")
        return
    is_repeated = any(len(of_side) > 1 for of_side in figures.values())
    frame = pd.DataFrame([_bar(name, of_side) for name, of_side in figures.items()])
    st.altair_chart(
        charts.proportions(frame),
        alt=f"Accuracy of the chosen runs on the {split} images, with intervals",
    )
    repeated = " For repeats: their mean, from the lowest to the highest." if is_repeated else ""
    st.caption(f"Dot: accuracy on the {split} images. Bar: its 95% CI.{repeated}")
    finished = [side for side in sides if side.finished]
    st.dataframe(
        scores_frame(finished, list(figures.values()), split),
        hide_index=True,
        height="content",
        column_config={"Figure": st.column_config.TextColumn(pinned=True)},
        alt="Figures of the chosen runs",
    )
    st.caption(
        "In brackets: the 95% CI, for other images. "
        + ("Repeats: mean ± standard deviation over n seeds." if is_repeated else "")
    )


def scores_frame(sides: Sequence[Side], figures: Sequence[list[Scores]], split: str) -> pd.DataFrame:
    """A row for each figure, a column for each side."""
    rows = {
        f"Accuracy ({split})": [_shares([s.accuracy for s in of_side]) for of_side in figures],
        "Right answers": [_right(of_side) for of_side in figures],
        f"Mean F1 ({split})": [_shares([s.mean_f1 for s in of_side]) for of_side in figures],
        f"Loss ({split}; lower is better)": [_losses([s.loss for s in of_side]) for of_side in figures],
        "Kept epoch": _of_runs(sides, lambda s: float(s.report.kept_epoch), lambda x: f"{x:.0f}"),
        "Training time": _of_runs(sides, lambda s: float(s.report.seconds), duration),
        "Images per second, in training": _of_runs(
            sides, lambda s: float(s.report.images_per_second), lambda x: f"{x:,.0f}"
        ),
        "Parameters": _of_runs(sides, lambda s: float(s.report.parameters), lambda x: f"{x:,.0f}"),
        "Model file": _of_runs(sides, _model_bytes, lambda size: byte_size(size) if size else "none"),
    }
    return pd.DataFrame(
        [[figure, *values] for figure, values in rows.items()],
        columns=["Figure", *heads(sides)],
    )


def _bar(name: str, of_side: list[Scores]) -> dict[str, object]:
    values = [scores.accuracy.value or 0.0 for scores in of_side]
    if len(of_side) == 1:
        accuracy = of_side[0].accuracy
        return {"name": name, "value": accuracy.value, "low": accuracy.low, "high": accuracy.high}
    return {"name": name, "value": sum(values) / len(values), "low": min(values), "high": max(values)}


def _shares(intervals: list[Interval]) -> str:
    if len(intervals) > 1:
        return spread([i.value for i in intervals if i.value is not None])
    (only,) = intervals
    if only.low is None or only.high is None:
        return percent(only.value)
    return f"{percent(only.value)} ({interval(only.low, only.high)})"


def _losses(intervals: list[Interval]) -> str:
    if len(intervals) > 1:
        return spread([i.value for i in intervals if i.value is not None])
    (only,) = intervals
    if only.value is None or only.low is None or only.high is None:
        return DASH
    return f"{only.value:.3f} ({only.low:.3f} to {only.high:.3f})"


def _right(of_side: list[Scores]) -> str:
    return f"{of_side[0].correct:,} of {of_side[0].images:,}" if len(of_side) == 1 else DASH


def _of_runs(
    sides: Sequence[Side], figure: Callable[[Summary], float], words: Callable[[float], str]
) -> list[str]:
    """The figure of each side; of repeats, from the lowest to the highest where they differ."""
    told = []
    for side in sides:
        values = sorted(figure(summary) for summary in side.finished)
        ends = list(dict.fromkeys([words(values[0]), words(values[-1])]))
        told.append(" to ".join(ends))
    return told


def _model_bytes(summary: Summary) -> float:
    path = summary.run.model_path
    return float(path.stat().st_size) if path.exists() else 0.0
