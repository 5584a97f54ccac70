"""What the runs list shows: words to find, states, data sets and tags, its order and its groups."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.config import SETTINGS
from pages.parts import run_lines
from pages.parts.run_lines import BY_GROUP, SORTS, Line, Wanted
from pages.parts.runs import Summary

_MOST_ROWS = 6


def ask(summaries: Sequence[Summary]) -> tuple[Wanted, bool]:
    """The controls above the list; also whether test scores are asked for."""
    sources = sorted({summary.config.data.source for summary in summaries if summary.config})
    tags = sorted({tag for summary in summaries for tag in summary.run.labels.tags})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Find", key="find_runs", placeholder="Name, data set, tag, note or state", type="search",
            live=True, width=300,
        )  # fmt: skip
        with st.popover("Filter and sort", icon=":material/tune:", key="runs_filter"):
            states = list(dict.fromkeys(summary.state for summary in summaries))
            wanted = Wanted(
                words=words,
                states=st.multiselect("State", states, key="filter_states", placeholder="Any"),
                sources=st.multiselect("Data set", sources, key="filter_sources", placeholder="Any"),
                tags=st.multiselect("Tags, any of", tags, key="filter_tags", placeholder="Any"),
                starred=st.toggle("Starred only", key="starred_only"),
                finished=st.toggle("Finished only", key="finished_only"),
                sort=str(st.selectbox("Sort", SORTS, key="sort_runs", persist_state="session")),
                join_repeats=st.toggle(
                    "Repeats on one line", value=True, key="join_repeats", persist_state="session",
                    help="Runs that differ in nothing but the seed, with their mean and spread.",
                ),
            )  # fmt: skip
            st.caption("A click on a column's head sorts as well.")
        with_test = st.toggle(
            "Show test scores",
            key="show_test_scores",
            persist_state="session",
            help="Choose by validation and look at the test score of the one you chose: test scores by which "
            "one has chosen flatter. The lab counts how many were seen, and says so on the Results page.",
        )
    return wanted, with_test


def by_group(shown: list[Line], varying: Sequence[str]) -> list[Line]:
    """Group the list if asked for; ticked groups narrow it down."""
    ways = [*varying, *([BY_GROUP] if any(line.labels.group for line in shown) else [])]
    if len({line.first.config.data.source for line in shown if line.first.config}) > 1:
        ways.insert(0, "data.source")
    if not ways:
        return shown
    by = st.selectbox(
        "Group by", ways, index=None, key="group_runs", placeholder="Not grouped", width=300,
        format_func=_label, label_visibility="collapsed",
    )  # fmt: skip
    if by is None or by not in ways:
        return shown
    groups = run_lines.grouped(shown, by)
    event = st.dataframe(
        run_lines.group_frame(groups, _label(by)),
        key=f"groups-{by}-{len(groups)}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=40 + 35 * min(len(groups), _MOST_ROWS),
        column_config={"Best": st.column_config.NumberColumn(format="percent")},
        alt=f"Runs by {_label(by)}",
    )
    ticked = [list(groups.values())[row] for row in event.selection.rows if row < len(groups)]
    st.caption(
        "Validation accuracy: mean and standard deviation of all runs of a group, whatever else was set in "
        "them. Tick groups to see only their runs below."
    )
    return [line for members in (ticked or groups.values()) for line in members]


def _label(by: str) -> str:
    return "Sweep or repeats" if by == BY_GROUP else SETTINGS[by].label
