"""Two to six sides in tables: the settings that differ, the scores, and the cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from core.comparison.score_intervals import Interval, Scores
from core.config import SETTINGS, differences
from core.errors import LabError
from core.evaluation import metrics
from core.sweeps.plan import SEED, SEEDS
from core.words import (
    DASH,
    byte_size,
    confidence_interval,
    duration,
    interval,
    percent,
    setting_value,
    spread,
    spread_of_losses,
)
from pages.common import charts, side_table
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.compare.sides import Side, headers


def settings(sides: Sequence[Side]) -> None:
    """Show only the settings in which the sides differ, one column per side."""
    frame = settings_frame(sides)
    if frame.empty:
        st.caption("All settings are the same; any difference comes from chance or from the machine.")
        return
    side_table.show(frame, key="settings", alt="Settings in which the selected runs differ")
    st.caption(f"The other {len(SETTINGS) - len(frame)} settings are identical.")


def settings_frame(sides: Sequence[Side]) -> pd.DataFrame:
    """Return a row per setting that differs, with its unit."""
    readable = [side for side in sides if side.line.first.config]
    configs = [side.line.first.config for side in readable if side.line.first.config]
    differing = differences(configs)
    rows = [
        [SETTINGS[path].label, *(setting_value(path, value) for value in values)]
        for path, values in differing.items()
        if path not in SEEDS
    ]
    seeds = [_seeds(side) for side in readable]
    if len(set(seeds)) > 1:
        rows.append([SETTINGS[SEED].label, *seeds])
    return pd.DataFrame(rows, columns=["Setting", *headers(readable)])


def _seeds(side: Side) -> str:
    seeds = sorted({summary.config.fit.seed for summary in side.line.summaries if summary.config})
    return ", ".join(map(str, seeds))


def scores(sides: Sequence[Side], split: str) -> None:
    """Show accuracy as dots with intervals, and all scores in a table."""
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
        alt=f"Accuracy of the selected runs on the {split} images, with intervals",
    )
    repeated = " For repeats: their mean, with a bar from lowest to highest." if is_repeated else ""
    st.caption(f"Dot: accuracy on the {split} images. Bar: its 95% CI.{repeated}")
    finished = [side for side in sides if side.finished]
    side_table.show(
        scores_frame(finished, list(figures.values()), split),
        key="scores",
        alt="Scores and cost of the selected runs",
    )
    st.caption(
        "In brackets: the 95% CI, for new images. "
        + ("Repeats: mean ± standard deviation (SD) over n seeds." if is_repeated else "")
    )


def scores_frame(sides: Sequence[Side], figures: Sequence[list[Scores]], split: str) -> pd.DataFrame:
    """Return a row per score, a column per side; balanced accuracy only where the classes are uneven."""
    balanced = [_shares([s.balanced_accuracy for s in of_side]) for of_side in figures]
    are_uneven = any(
        metrics.are_uneven(s.report.counts.get("train", {})) for side in sides for s in side.finished
    )
    rows = {
        f"Accuracy ({split})": [_shares([s.accuracy for s in of_side]) for of_side in figures],
        **({f"Balanced accuracy ({split})": balanced} if are_uneven else {}),
        "Correct predictions": [_correct(of_side) for of_side in figures],
        f"Mean F1 ({split})": [_shares([s.mean_f1 for s in of_side]) for of_side in figures],
        f"Loss ({split}; lower is better)": [_losses([s.loss for s in of_side]) for of_side in figures],
        "Best epoch": _of_runs(sides, lambda s: float(s.report.kept_epoch), lambda x: f"{x:.0f}"),
        "Training time": _of_runs(sides, lambda s: float(s.report.seconds), duration),
        "Training speed (images per second)": _of_runs(
            sides, lambda s: float(s.report.images_per_second), lambda x: f"{x:,.0f}"
        ),
        "Parameters": _of_runs(sides, lambda s: float(s.report.parameters), lambda x: f"{x:,.0f}"),
        "Model file size": _of_runs(sides, _model_bytes, lambda size: byte_size(size) if size else "none"),
    }
    return pd.DataFrame(
        [[figure, *values] for figure, values in rows.items()],
        columns=["Score", *headers(sides)],
    )


def _bar(name: str, of_side: list[Scores]) -> dict[str, object]:
    if len(of_side) == 1:
        accuracy = of_side[0].accuracy
        value, low, high = accuracy.value, accuracy.low, accuracy.high
        words = confidence_interval(low, high)
    else:
        values = [one.accuracy.value or 0.0 for one in of_side]
        value, low, high = sum(values) / len(values), min(values), max(values)
        words = f"lowest to highest of {len(values)} runs: {interval(low, high)}"
    return {"name": name, "value": value, "low": low, "high": high, "interval": words}


def _shares(intervals: list[Interval]) -> str:
    if len(intervals) > 1:
        return spread([i.value for i in intervals if i.value is not None])
    (only,) = intervals
    if only.low is None or only.high is None:
        return percent(only.value)
    return f"{percent(only.value)} ({interval(only.low, only.high)})"


def _losses(intervals: list[Interval]) -> str:
    if len(intervals) > 1:
        return spread_of_losses([i.value for i in intervals if i.value is not None])
    (only,) = intervals
    if only.value is None or only.low is None or only.high is None:
        return DASH
    return f"{only.value:.3f} ({only.low:.3f} to {only.high:.3f})"


def _correct(of_side: list[Scores]) -> str:
    return f"{of_side[0].correct:,} of {of_side[0].images:,}" if len(of_side) == 1 else DASH


def _of_runs(
    sides: Sequence[Side], figure: Callable[[Summary], float], words: Callable[[float], str]
) -> list[str]:
    """Return the figure of each side as text; for repeats, from lowest to highest if they differ."""
    texts = []
    for side in sides:
        values = sorted(figure(summary) for summary in side.finished)
        ends = list(dict.fromkeys([words(values[0]), words(values[-1])]))
        texts.append(" to ".join(ends))
    return texts


def _model_bytes(summary: Summary) -> float:
    path = summary.run.model_path
    return float(path.stat().st_size) if path.exists() else 0.0
