"""Two to six runs side by side: what differs in settings, scores, curves and mix-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

import pandas as pd
import streamlit as st

from core import config as settings_of
from core.config import SETTINGS
from pages.parts import charts, details, matrix
from pages.parts.runs import Summary
from pages.parts.text import interval, percent

Chosen = Mapping[str, Summary]
"""Runs by the name under which this page shows them."""


def named(chosen: Sequence[Summary]) -> dict[str, Summary]:
    """A letter and the title for every run; the letter keeps two runs of one name apart."""
    return {
        f"{letter} · {summary.title}": summary
        for letter, summary in zip(ascii_uppercase, chosen, strict=False)
    }


def settings(chosen: Chosen) -> None:
    """Only the settings in which the runs differ, one column a run."""
    readable = {name: summary.config for name, summary in chosen.items() if summary.config}
    differing = settings_of.differences(readable.values())
    if not differing:
        st.caption("All settings are the same; what differs is chance, or the machine.")
        return
    frame = pd.DataFrame(
        [[SETTINGS[path].label, *map(details.value, values)] for path, values in differing.items()],
        columns=["Setting", *readable],
    )
    st.dataframe(frame, hide_index=True, height="content", alt="Settings in which the chosen runs differ")
    same = len(SETTINGS) - len(differing)
    st.caption(f"The other {same} settings are the same in all of them.")


def scores(finished: Chosen) -> None:
    """Test and validation accuracy of every finished run with 95 % intervals, as a chart and as a table."""
    if not finished:
        st.caption("None of these runs has a result yet.")
        return
    frame = pd.DataFrame([_score_row(name, summary) for name, summary in finished.items()])
    st.altair_chart(
        charts.proportions(frame[["name", "value", "low", "high"]]),
        alt="Test accuracy of the chosen runs with 95 % intervals",
    )
    st.caption(
        "Dot: test accuracy. Bar: its 95 % interval. Where two bars overlap, the difference may be luck."
    )
    st.dataframe(
        frame.drop(columns=["value", "low", "high"]).rename(columns={"name": "Run"}),
        hide_index=True,
        height="content",
        alt="Scores of the chosen runs",
    )


def _score_row(name: str, summary: Summary) -> dict[str, object]:
    report = summary.report
    test, validation = report["test_accuracy"], report["val_accuracy"]
    return {
        "name": name,
        "value": test["value"],
        "low": test["low"],
        "high": test["high"],
        "Test accuracy": percent(test["value"]),
        "95 % interval (test)": interval(test),
        "Right on test": f"{test['correct']} of {test['total']}",
        "Guessing (test)": percent(report["baseline_accuracy"]["value"]),
        "Validation accuracy": percent(validation["value"]),
        "95 % interval (validation)": interval(validation),
        "Kept epoch": report["kept_epoch"],
        "Parameters": f"{report['parameters']:,}",
        "Pictures a second": f"{report['images_per_second']:,.0f}",
    }


def curves(chosen: Chosen) -> None:
    """Accuracy and loss of all runs in one chart each."""
    frame = charts.history_frame({name: summary.run.metrics() for name, summary in chosen.items()})
    if frame.empty:
        st.caption("None of these runs has finished an epoch.")
        return
    for column, figure in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        column.altair_chart(
            charts.overlaid(frame, figure, list(chosen)),
            alt=f"{figure.capitalize()} by epoch of the chosen runs",
        )
    st.caption("Full line: validation. Dashed line: training.")


def matrices(finished: Chosen) -> None:
    """Two confusion matrices side by side."""
    as_rates = matrix.ask_for_rates("compare_matrix")
    left, right = st.columns(2)
    for column, position, side in ((left, 0, "Left"), (right, 1, "Right")):
        with column:
            name = st.selectbox(side, list(finished), index=position, key=f"matrix_{side.lower()}")
            matrix.show_figure(finished[name], as_rates)
