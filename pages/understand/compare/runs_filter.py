"""What the runs list shows: search words, states, data sets and tags, its order and its groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.config import SETTINGS
from pages.common import columns, run_lines
from pages.common.run_lines import BY_GROUP, SORTS, Line, Wanted
from pages.common.run_picker import Summary

_MAX_ROWS = 6


@dataclass(frozen=True)
class Asked:
    """Which lines to show, whether with test scores, and by what to group them, if at all."""

    wanted: Wanted
    with_test: bool
    group_by: str | None


def ask(summaries: Sequence[Summary], everything: Sequence[Line]) -> Asked:
    """Show the controls above the list."""
    sources = sorted({summary.config.data.source for summary in summaries if summary.config})
    tags = sorted({tag for line in everything for tag in line.labels.tags})
    states = list(dict.fromkeys(summary.state for summary in summaries))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Find", key="find_runs", placeholder="Find name, data set, tag, note or state", type="search",
            live=True, width=340, label_visibility="collapsed",
        )  # fmt: skip
        with st.popover("Filter, sort, group", icon=":material/tune:", key="runs_filter"):
            by = st.selectbox(
                "Group by", _ways(everything, len(sources)), index=None, key="group_runs",
                placeholder="Not grouped", format_func=_label,
            )  # fmt: skip
            wanted = Wanted(
                words=words,
                sort=str(st.selectbox("Sort", SORTS, key="sort_runs", persist_state="session")),
                states=st.multiselect("State", states, key="filter_states", placeholder="Any"),
                sources=st.multiselect("Data set", sources, key="filter_sources", placeholder="Any"),
                tags=st.multiselect("Tags (any of)", tags, key="filter_tags", placeholder="Any"),
                starred=st.toggle("Starred only", key="starred_only"),
                finished=st.toggle("Finished only", key="finished_only"),
                join_repeats=st.toggle(
                    "Repeats on one line", value=True, key="join_repeats", persist_state="session",
                    help="Joins runs that differ only in the seed, with their mean and spread.",
                ),
            )  # fmt: skip
            st.caption("You can also click a column header to sort.")
        with_test = st.toggle(
            "Show test scores",
            key="show_test_scores",
            persist_state="session",
            help="Choose by validation, then check the test score of your choice: test scores that you used "
            "for choosing are too optimistic. The Results page says how many you have seen.",
        )
    return Asked(wanted, with_test, by)


def groups(shown: list[Line], by: str | None) -> list[Line]:
    """Show a line per group, if wanted; selected groups narrow down the list."""
    if by is None or not shown:
        return shown
    together = run_lines.grouped(shown, by)
    table = run_lines.group_frame(together, _label(by))
    event = st.dataframe(
        table.assign(Best=columns.percents(table["Best"])),
        key=f"groups-{by}-{len(together)}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=40 + 35 * min(len(together), _MAX_ROWS),
        column_config={"Best": st.column_config.NumberColumn(format=columns.PERCENT)},
        alt=f"Runs grouped by {_label(by)}",
    )
    ticked = [list(together.values())[row] for row in event.selection.rows if row < len(together)]
    st.caption(
        "Validation accuracy: mean and standard deviation of all runs in a group, whatever their other "
        "settings. Select groups to see only their runs below."
    )
    return [line for members in (ticked or together.values()) for line in members]


def _ways(everything: Sequence[Line], sources: int) -> list[str]:
    """Return what the runs can be grouped by: varying settings, the data set, and sweeps or repeats."""
    ways = run_lines.varying(everything)
    if sources > 1:
        ways.insert(0, "data.source")
    return [*ways, *([BY_GROUP] if any(line.labels.group for line in everything) else [])]


def _label(by: str) -> str:
    return "Sweep or repeats" if by == BY_GROUP else SETTINGS[by].label
