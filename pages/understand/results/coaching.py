"""Learning curves in words: what they show, what to try next, and whether the last change helped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from core.comparison import advice_effect, pairing, verdicts
from core.comparison.verdicts import Verdict
from core.config import SETTINGS, RunConfig, differences
from core.errors import LabError
from core.evaluation import curve_reading, metrics
from core.evaluation.curve_reading import Reading
from core.report import ClassScores
from core.runs import Run
from core.words import setting_value
from pages.common import glossary, lesson, run_picker
from pages.common.addresses import COPIED_RUN_KEY, TRAIN
from pages.common.run_picker import Summary
from pages.common.text import literal

MAX_CHANGES = 3


def reading(summary: Summary) -> Reading | None:
    """Return the reading of a run's curves, or None if it has no curves or no settings."""
    if not summary.run.metrics() or summary.config is None:
        return None
    report = summary.report if summary.finished else None
    return curve_reading.read_run(summary.run, summary.config, report)


def show(summary: Summary, read: Reading, others: Sequence[Summary]) -> None:
    """Show the reading, a suggestion with a button that applies it, and the effect of earlier advice."""
    with st.container(border=True):
        st.markdown(f":material/show_chart: {literal(read.sentence)}", help=glossary.help_of("overfitting"))
        if not lesson.hides("advice"):
            _suggestion(summary, read)
        if read.evidence:
            st.caption("The rings in the charts mark the epochs this is based on.")
        _show_effect(summary, others)


def show_rules() -> None:
    """Show, in an expander, by which rules curves are judged."""
    with st.expander("How curves are judged", icon=":material/rule:"):
        rules = pd.DataFrame(curve_reading.RULES.items(), columns=["Reading", "Rule"])
        st.table(rules.map(literal), hide_index=True, alt="The rules by which curves are judged")
        st.caption(
            "The first rule that applies decides. The curves are smoothed over neighbouring epochs first, "
            "so that no single odd epoch decides. A test accuracy far below validation accuracy, or a rare "
            "class that is hardly found, is added to the reading.",
            help=glossary.help_of("loss"),
        )


def _suggestion(summary: Summary, read: Reading) -> None:
    st.markdown(f":material/lightbulb: **What to try next:** {literal(read.suggestion.text)}")
    if not read.suggestion.changes:
        return
    changes = [
        f"{SETTINGS[path].label}: {setting_value(path, value)}"
        for path, value in read.suggestion.changes.items()
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Use this on the Train page", icon=":material/tune:", key="try_suggestion"):
            st.session_state["suggestion"] = dict(read.suggestion.changes)
            st.switch_page(TRAIN, query_params={COPIED_RUN_KEY: summary.run.id})
        st.caption(literal("; ".join(changes)) + ". Everything else stays as in this run.", width="content")


def _show_effect(summary: Summary, others: Sequence[Summary]) -> None:
    before = followed(summary, others)
    first, second = (reading(before) if before else None), reading(summary)
    if before is None or first is None or second is None:
        return
    try:
        verdict = _verdict(before.run.path, summary.run.path, _stamps(before, summary))
    except (LabError, OSError):  # predictions that cannot be read leave the question open
        return
    st.markdown(
        f":material/history: **This run follows the advice** given for {literal(before.line)}: "
        f"{literal(advice_effect.did_it_help(first, second, verdict))}"
    )
    if "fit.class_weights" in first.suggestion.changes:
        st.markdown(advice_effect.balance_in_words(*map(_validation_classes, (before, summary))))


@st.cache_data(max_entries=64, show_spinner=False)
def _verdict(before: Path, after: Path, stamps: tuple[int, ...]) -> Verdict:
    """Judge on the validation images; cached, since the bootstrap takes longer than the rest of the page."""
    first, second = (pairing.from_run(Run(path), "validation") for path in (before, after))
    return verdicts.judge({"the earlier run": [first], "this run": [second]})


def _validation_classes(summary: Summary) -> list[ClassScores]:
    predictions = summary.run.predictions("validation")
    return metrics.per_class_of(predictions, summary.report.class_names)


def _stamps(*summaries: Summary) -> tuple[int, ...]:
    """Return values that change when the predictions do, as when a run is resumed."""
    return tuple(one.run.predictions_path.stat().st_mtime_ns for one in summaries)


def followed(summary: Summary, others: Sequence[Summary]) -> Summary | None:
    """Return the latest earlier run whose suggestion leads to exactly this run's settings."""
    earlier = (other for other in others if other.finished and other.run.id < summary.run.id)
    for other in sorted(earlier, key=lambda one: one.run.id, reverse=True):
        if other.config and summary.config and _is_near(other.config, summary.config):
            with suppress(FileNotFoundError):  # deleted meanwhile
                suggested = _suggested(other.run.path, other.run.report_path.stat().st_mtime_ns)
                if suggested and suggested.effective == summary.config.effective:
                    return other
    return None


@lru_cache(maxsize=4096)  # asked at every click, of every earlier run
def _suggested(path: Path, reported_at: int) -> RunConfig | None:
    """Return the settings that a finished run's suggestion leads to."""
    earlier = run_picker.summarise(Run(path))
    read = reading(earlier)
    return _changed(earlier.config, read) if read and earlier.config else None


def _is_near(first: RunConfig, second: RunConfig) -> bool:
    """Whether the settings differ, but in no more than a suggestion changes: a cheap first check."""
    return 0 < len(differences([first, second])) <= MAX_CHANGES


def _changed(config: RunConfig, read: Reading) -> RunConfig | None:
    try:
        return config.replace(read.suggestion.changes)
    except LabError:
        return None
