"""Two to six runs side by side: what differs in settings, scores, curves and mix-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

import pandas as pd
import streamlit as st

from core import comparable, compare
from core import config as settings_of
from core.config import SETTINGS
from core.errors import LabError
from pages.parts import charts, details, matrix
from pages.parts.runs import Summary
from pages.parts.text import interval, literal, percent

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


def scores(finished: Chosen, with_test: bool) -> None:
    """Validation accuracy of every finished run with its 95 % interval; test accuracy if asked for."""
    if not finished:
        st.caption("None of these runs has a result yet.")
        return
    _verdicts(finished)
    split = "test" if with_test else "validation"
    frame = pd.DataFrame(
        [
            {"name": name, **{key: summary.report[f"{KEYS[split]}"][key] for key in ("value", "low", "high")}}
            for name, summary in finished.items()
        ]
    )
    st.altair_chart(
        charts.proportions(frame), alt=f"Accuracy of the chosen runs on the {split} pictures, 95 % intervals"
    )
    st.caption(f"Dot: accuracy on the {split} pictures. Bar: its 95 % interval.")
    st.dataframe(
        pd.DataFrame([_score_row(name, summary, with_test) for name, summary in finished.items()]),
        hide_index=True,
        height="content",
        alt="Scores of the chosen runs",
    )


KEYS = {"validation": "val_accuracy", "test": "test_accuracy"}


def _verdicts(finished: Chosen) -> None:
    """Whether the differences on the validation pictures are real, a sentence for each two runs."""
    if len(finished) < 2:
        return
    try:
        results = {
            name: [comparable.from_run(summary.run, "validation")] for name, summary in finished.items()
        }
    except LabError as error:
        st.caption(literal(error))
        return
    verdicts = compare.verdicts(results)
    st.markdown("\n".join(f"- {literal(verdict.sentence)}" for verdict in verdicts.values()))
    for note in dict.fromkeys(note for verdict in verdicts.values() for note in verdict.notes):
        st.caption(literal(note))


def _score_row(name: str, summary: Summary, with_test: bool) -> dict[str, object]:
    report = summary.report
    validation, test = report["val_accuracy"], report["test_accuracy"]
    row: dict[str, object] = {
        "Run": name,
        "Validation accuracy": percent(validation["value"]),
        "95 % interval (validation)": interval(validation),
    }
    if with_test:
        row |= {
            "Test accuracy": percent(test["value"]),
            "95 % interval (test)": interval(test),
            "Right on test": f"{test['correct']} of {test['total']}",
            "Guessing (test)": percent(report["baseline_accuracy"]["value"]),
        }
    return row | {
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


def matrices(finished: Chosen, split: str) -> None:
    """Two confusion matrices side by side, on the pictures of ``split``."""
    as_rates = matrix.ask_for_rates("compare_matrix")
    st.caption(f"On the {split} pictures.")
    left, right = st.columns(2)
    for column, position, side in ((left, 0, "Left"), (right, 1, "Right")):
        with column:
            name = st.selectbox(side, list(finished), index=position, key=f"matrix_{side.lower()}")
            matrix.show_figure(finished[name], as_rates, split)
