"""The table of all runs, where the runs to compare are ticked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import seal
from pages.parts import runs
from pages.parts.runs import Summary
from pages.parts.text import literal

MOST = 6
_ADDRESS = "runs"


def choose(summaries: Sequence[Summary]) -> tuple[list[Summary], bool]:
    """Show the table; ``?runs=a,b`` in the address ticks rows.

    Returns:
        the ticked runs, at most six, and whether test scores are asked for.
    """
    shown, with_test = _filtered(summaries)
    if with_test:
        seal.look([summary.run for summary in shown if summary.finished])
    ids = [summary.run.id for summary in shown]
    asked = _asked(summaries)
    event = st.dataframe(
        frame(shown),
        key=f"runs-{_fingerprint(ids)}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [ids.index(i) for i in asked if i in ids]}},
        hide_index=True,
        height=min(38 + 35 * max(len(ids), 1), 388),
        placeholder="–",
        column_config=_columns(shown),
        column_order=[name for name in _COLUMNS if with_test or name not in ("test", "interval")],
        alt="All runs with their settings and scores",
    )
    ticked = [ids[row] for row in event.selection.rows if row < len(ids)]
    hidden = [run_id for run_id in asked if run_id not in ids]
    return _keep_to_six([*hidden, *ticked], summaries), with_test


def frame(summaries: Sequence[Summary]) -> pd.DataFrame:
    """One row a run: marks, name, state, data set, main settings, accuracies, interval and duration."""
    return pd.DataFrame([_row(summary) for summary in summaries], columns=list(_COLUMNS))


def _row(summary: Summary) -> tuple[object, ...]:
    status, config, report = summary.status, summary.config, summary.report
    test, validation = report.get("test_accuracy"), report.get("val_accuracy")
    settings = (
        (
            config.data.source,
            config.data.image_size,
            config.fit.epochs,
            config.fit.learning_rate,
            config.fit.seed,
        )
        if config
        else (None,) * 5
    )
    return (
        "★" if summary.run.labels.starred else "☆",
        summary.title,
        summary.state,
        test["value"] if test else None,
        f"{100 * test['low']:.1f} – {100 * test['high']:.1f} %" if test else None,
        validation["value"] if validation else None,
        f"{100 * validation['low']:.1f} – {100 * validation['high']:.1f} %" if validation else None,
        *settings,
        pd.Timestamp(status.created, unit="s") if status.created else pd.NaT,
        status.ended - status.started if status.ended > status.started > 0 else None,
        "Open",
    )


_COLUMNS = (
    "star", "name", "state", "test", "interval", "validation", "val_interval", "source", "image_size",
    "epochs", "learning_rate", "seed", "created", "seconds", "open",
)  # fmt: skip


def _columns(shown: Sequence[Summary]) -> dict[str, object]:
    column = st.column_config
    return {
        "star": column.ButtonColumn(
            "", type="tertiary", key="star", on_click=_toggle_star, args=(shown,), pinned=True
        ),
        "name": column.TextColumn("Name", pinned=True, width="medium"),
        "state": "State",
        "test": column.NumberColumn(
            "Test accuracy", format="percent", help="On pictures never used to train or choose."
        ),
        "interval": column.TextColumn(
            "95 % interval (test)", help="Where the test accuracy lies with 95 % confidence (Wilson)."
        ),
        "validation": column.NumberColumn(
            "Validation accuracy", format="percent", help="Of the kept epoch, which it helped to choose."
        ),
        "val_interval": column.TextColumn(
            "95 % interval (validation)",
            help="Where the validation accuracy lies with 95 % confidence (Wilson).",
        ),
        "source": "Data set",
        "image_size": column.NumberColumn("Image size", format="%d px"),
        "epochs": column.NumberColumn("Epochs", format="%d", help="At most; early stopping may end sooner."),
        "learning_rate": column.NumberColumn("Learning rate", format="%g"),
        "seed": column.NumberColumn("Seed", format="%d"),
        "created": column.DatetimeColumn("Created", format="D MMM YYYY, HH:mm"),
        "seconds": column.NumberColumn("Duration", format="duration"),
        "open": column.ButtonColumn("", key="open_run", on_click=_open, args=(shown,)),
    }


def _filtered(summaries: Sequence[Summary]) -> tuple[list[Summary], bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Find",
            key="find_runs",
            placeholder="Name, data set, tag or state",
            type="search",
            live=True,
            width=320,
        )
        starred = st.toggle("Starred only", key="starred_only")
        done = st.toggle("Finished only", key="finished_only")
        with_test = st.toggle(
            "Show test scores",
            key="show_test_scores",
            persist_state="session",
            help="Choose by validation and look at the test score of the one you chose: test scores by which "
            "one has chosen flatter. The lab counts how many were seen, and says so on the Results page.",
        )
    kept = [
        summary
        for summary in summaries
        if all(word in _haystack(summary) for word in words.lower().split())
        and (not starred or summary.run.labels.starred)
        and (not done or summary.finished)
    ]
    return kept, with_test


def _haystack(summary: Summary) -> str:
    source = summary.config.data.source if summary.config else ""
    return " ".join([summary.title, source, summary.state, *summary.run.labels.tags, summary.run.id]).lower()


def _asked(summaries: Sequence[Summary]) -> list[str]:
    known = {summary.run.id for summary in summaries}
    wanted = [run_id for run_id in st.query_params.get(_ADDRESS, "").split(",") if run_id]
    missing = [run_id for run_id in wanted if run_id not in known]
    if missing:
        st.warning(
            "Not found: " + ", ".join(literal(run_id[:80]) for run_id in missing),
            icon=":material/search_off:",
        )
    return [run_id for run_id in wanted if run_id in known]


def _keep_to_six(ids: Sequence[str], summaries: Sequence[Summary]) -> list[Summary]:
    if len(ids) > MOST:
        st.caption(f"{len(ids)} runs are ticked; the first {MOST} are shown.")
    by_id = {summary.run.id: summary for summary in summaries}
    st.query_params[_ADDRESS] = ",".join(ids[:MOST])
    return [by_id[run_id] for run_id in ids[:MOST]]


def _fingerprint(ids: Sequence[str]) -> str:
    return hashlib.sha256(",".join(ids).encode()).hexdigest()[:12]


def _toggle_star(shown: Sequence[Summary]) -> None:
    run = shown[st.session_state.star.row].run
    run.relabel(starred=not run.labels.starred)


def _open(shown: Sequence[Summary]) -> None:
    st.switch_page(runs.RESULTS, query_params={"run": shown[st.session_state.open_run.row].run.id})
