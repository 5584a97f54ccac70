"""One sweep: its progress, findings and runs, and how to stop, resume or extend it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import streamlit as st

from core import runs, sweeps, workspace
from core.comparison import paired_tests, test_set_usage, verdicts
from core.config import SETTINGS
from core.sweeps import Sweep, repeats
from core.training import cost_estimate
from core.words import about, count, points, setting_value
from pages.build.sweeps import charts, more, runs_table, setting_values
from pages.common import frame, queued, run_header, run_lines, visitors
from pages.common.addresses import COMPARE, COPIED_RUN_KEY, LINES_KEY, TRAIN
from pages.common.text import literal

POLL_SECONDS = 1.5
"""Interval between updates while the sweep is running."""
MAX_COMPARED = 6
REPEATS = 4


def show(sweep: Sweep) -> None:
    """Show a sweep, and update its figures while it is running."""
    is_followed = _is_running(sweep)
    st.fragment(_follow, run_every=POLL_SECONDS if is_followed else None, key="sweep")(sweep.id, is_followed)
    more.show(sweep)


def _is_running(sweep: Sweep) -> bool:
    return sweep.state == "open" or any(run.status.waiting for run in sweep.runs)


def _follow(sweep_id: str, is_followed: bool) -> None:
    with frame.explained():
        _tend(str(workspace.folder()))
        sweep = sweeps.open(sweep_id)
        with_test = bool(st.session_state.get("sweep_test"))
        table = sweeps.table(sweep, with_test=with_test)
        choices = sweeps.choices(sweep, table)
        _progress(sweep, table)
        if choices["n"].sum():
            _chart(sweep, choices)
            _best(sweep, table, choices)
        _runs(sweep, table)
        if len(sweep.values) > 2:
            _importance(sweep, int(choices["n"].sum()))
        _start_or_stop_updates(sweep, table, is_followed)


def _start_or_stop_updates(sweep: Sweep, table: pd.DataFrame, is_followed: bool) -> None:
    """Draw the whole page again if updates must start or stop.

    A click on Resume or Repeat runs only the fragment, which cannot change its own update interval, nor show
    what was queued.
    """
    is_running = sweep.state == "open" or bool(table["state"].isin(runs.WAITING).any())
    if is_running != is_followed or queued.is_to_be_shown():
        st.rerun()


@st.cache_resource(show_spinner=False, ttl=5)
def _tend(workspace: str) -> None:
    sweeps.tend()
    frame.tend()


def _progress(sweep: Sweep, table: pd.DataFrame) -> None:
    states = Counter(table["state"])
    lacking = sweep.way != "grid" and sweep.state != "full"
    wanted = max(len(table), sweep.trials * sweep.repeats if lacking else 0)
    waiting = sum(states[state] for state in ("queued", "starting", "running"))
    is_unscored = (table["state"] == "stopped") & table["val_accuracy"].isna() & (table["pruned"] == "")
    unscored = int(is_unscored.sum())
    ended = len(table) - waiting - unscored
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{literal(sweep.name)}** · {_varied(sweep)}" if sweep.name else _varied(sweep))
            st.caption(literal(run_header.settings_line(sweep.base)))
        _buttons(sweep, waiting)
    words = f"{ended} of {count(wanted, 'run')} done"
    others = [f"{unscored} stopped without a result"] if unscored else []
    others += [
        f"{states[state]} {words}"
        for state, words in (("failed", "failed"), ("diverged", "diverged"), ("interrupted", "interrupted"))
        if states[state]
    ]
    pruned = int((table["pruned"] != "").sum())
    others += [f"{pruned} stopped early"] if pruned else []
    if waiting or sweep.state == "open":
        others += _time_left(table, wanted - ended - unscored)
    st.progress(ended / wanted if wanted else 0.0, text=" · ".join([words, *others]))


def _time_left(table: pd.DataFrame, remaining: int) -> list[str]:
    """Estimate how long the remaining runs will take from the mean duration of the finished ones."""
    durations = table["seconds"].dropna()
    if durations.empty or not remaining:
        return []
    return [f"{about(remaining * (float(durations.mean()) + cost_estimate.SECONDS_TO_START))} left"]


def _varied(sweep: Sweep) -> str:
    parts = [f"{literal(SETTINGS[path].label)}: {setting_values.tried(sweep, path)}" for path in sweep.values]
    return "; ".join(parts)


def _buttons(sweep: Sweep, waiting: int) -> None:
    if waiting or sweep.state == "open":
        visitors.stop_button(
            "Stop sweep", sweep.submission, sweep.created, sweeps.stop, sweep,
            icon=":material/stop_circle:", key="stop_sweep",
            help="Keeps the results so far. You can resume later.",
        )  # fmt: skip
    elif sweep.state == "stopped" or any(sweeps.is_unfinished(run) for run in sweep.runs):
        st.button(
            "Resume sweep", icon=":material/resume:", key="resume_sweep", type="primary",
            on_click=frame.attempt, args=(sweeps.resume, sweep),
            help="Continues runs that were stopped, interrupted or failed, and queues the missing ones.",
        )  # fmt: skip


def _chart(sweep: Sweep, choices: pd.DataFrame) -> None:
    chart, words = charts.fitting(sweep, choices)
    st.altair_chart(chart, alt=words, key="sweep_chart")
    partial = int(choices["partial"].sum())
    notes = [f"{words}, on images not used for training."]
    if choices["n"].max() > 1:
        notes.append("Means over seeds. Bars or tooltips show ± SD; for single runs, the 95% CI.")
    else:
        notes.append(
            "95% CIs (Wilson) reflect the number of validation images; the choice of seed adds to them."
        )
    if partial:
        notes.append(
            f"{count(partial, 'combination')} stopped before the last epoch, scored at the best epoch so far."
        )
    st.caption(" ".join(notes))


def _best(sweep: Sweep, table: pd.DataFrame, choices: pd.DataFrame) -> None:
    best = max(choices[choices["n"] > 0].to_dict("records"), key=lambda row: row["val_accuracy"])
    words = ", ".join(
        f"{literal(SETTINGS[path].label)} **{literal(setting_value(path, best[path]))}**"
        for path in sweep.values
    )
    st.markdown(f"Best on validation so far: {words}, with {sweeps.describe_score(best)}.")
    _show_luck(table, choices, list(sweep.values))
    with st.container(horizontal=True, vertical_alignment="center"):
        run_id = _run_of(best, sweep, table)
        st.page_link(
            TRAIN, label="Use these settings", icon=":material/tune:", query_params={COPIED_RUN_KEY: run_id},
            help="Copies all settings of this run to the Train page.",
        )  # fmt: skip
        st.button(
            f"Repeat with {REPEATS} new seeds", icon=":material/casino:", key="repeat_best",
            on_click=frame.attempt, args=(_repeat, run_id),
            help="The best of many runs is partly lucky; new seeds show how much of its lead remains.",
        )  # fmt: skip
        to_compare = _best_lines(sweep, table, choices)
        if len(to_compare) > 1:
            st.page_link(
                COMPARE,
                label="Compare the best",
                icon=":material/compare_arrows:",
                query_params={LINES_KEY: ",".join(to_compare)},
            )


def _run_of(choice: dict[Any, Any], sweep: Sweep, table: pd.DataFrame) -> str:
    """Return the first run of a combination that has a result."""
    scored = table[table["val_accuracy"].notna()].to_dict("records")
    return next(str(row["run"]) for row in scored if all(row[path] == choice[path] for path in sweep.values))


def _best_lines(sweep: Sweep, table: pd.DataFrame, choices: pd.DataFrame) -> list[str]:
    """Return the best combinations, each with all its seeds, as named in the Compare page's address."""
    members: dict[tuple[Any, ...], list[str]] = {}
    for row in table.to_dict("records"):
        members.setdefault(tuple(row[path] for path in sweep.values), []).append(row["run"])
    ranked = choices[choices["n"] > 0].sort_values("val_accuracy", ascending=False, kind="stable")
    best = (tuple(row[path] for path in sweep.values) for row in ranked.to_dict("records")[:MAX_COMPARED])
    return [members[choice][0] + (run_lines.REPEATS if len(members[choice]) > 1 else "") for choice in best]


def _show_luck(table: pd.DataFrame, choices: pd.DataFrame, paths: list[str]) -> None:
    """Say how much of the best score is luck, measured if combinations were repeated."""
    scored = table[table["val_accuracy"].notna()]
    groups = [group["val_accuracy"].tolist() for _, group in scored.groupby(paths, sort=False)]
    deviation = verdicts.common_deviation(groups)
    number = int((choices["n"] > 0).sum())
    if number < 2:
        return
    if deviation is None:
        st.caption(
            f"The best of {number} single runs is partly lucky. Repeat it, or use several runs per "
            "combination, to see by how much."
        )
    else:
        each = max(int(choices["n"].median()), 1)
        luck = paired_tests.luck_of_the_best(number, deviation / each**0.5)
        st.caption(
            f"The best of {number} is partly lucky: expect about {points(luck)} to be chance. "
            f"Runs that differ only in their seed vary by {points(deviation)} (SD)."
        )


def _repeat(run_id: str) -> None:
    started = frame.once(
        ("repeat", run_id), repeats.repeat, runs.open(run_id), REPEATS, visitors.submission()
    )
    queued.note(started)


def _importance(sweep: Sweep, scored: int) -> None:
    shares, caution = _shares(sweep, scored)
    if not shares:
        return
    st.markdown("**Which settings mattered**")
    st.altair_chart(
        charts.importance(shares),
        alt="Share of the variation in validation accuracy that each setting explains",
        key="importance",
    )
    st.caption(
        "Share of the variation in validation accuracy that each setting explains (functional ANOVA). "
        f"{caution}"
    )


@st.cache_data(show_spinner=False, max_entries=16)
def _shares(sweep: Sweep, scored: int) -> tuple[dict[str, float], str]:
    """Compute once per number of results, ``scored``, which is part of the cache key."""
    return sweeps.importance(sweep)


def _runs(sweep: Sweep, table: pd.DataFrame) -> None:
    with_test = st.toggle(
        "Show test scores",
        key="sweep_test",
        help="Choose by validation score, then check the test score of the run you chose: test scores that "
        "you used for choosing are too optimistic. The Results page shows how many test scores were viewed.",
    )
    if with_test:
        test_set_usage.record_view(
            [runs.open(run_id) for run_id in table.loc[table["val_accuracy"].notna(), "run"]]
        )
    runs_table.show(sweep, table, with_test=with_test and "test_accuracy" in table)
