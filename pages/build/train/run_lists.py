"""Lists of runs on the Train page: the queue, the interrupted ones, and those that finished recently."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import engine
from core.runs import Run
from core.words import confidence_interval, count, moment, percent
from pages.build.train import followed_run
from pages.common import addresses, frame, run_header, visitors
from pages.common.expander import lazy_expander
from pages.common.run_picker import summarise
from pages.common.text import literal

MAX_LISTED = 5


def show_queue(queued: Sequence[Run], *, starting: bool) -> None:
    """Show the queue as one card: runs of a sweep or repeats together, and one button for all."""
    groups: dict[str, list[Run]] = {}
    for run in queued:
        groups.setdefault(run.labels.group or run.id, []).append(run)
    with st.container(border=True, key="queue"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Queue** · {count(len(queued), 'run')}", width="stretch")
            if len(groups) > 1:
                _cancel_button("Cancel all", "cancel-all", queued)
        if starting:
            st.caption("The training process is starting. A cold start takes about 15 seconds.")
        for number, members in enumerate(list(groups.values())[:MAX_LISTED], start=1):
            _queued_row(number, members)
        if len(groups) > MAX_LISTED:
            st.caption(f"and {len(groups) - MAX_LISTED:,} more")


def _queued_row(number: int, members: Sequence[Run]) -> None:
    summary, several = summarise(members[0]), len(members) > 1
    more = f" · {count(len(members), 'run')}" if several else ""
    with st.container(horizontal=True, vertical_alignment="center", key=f"queued-{members[0].id}"):
        with st.container(gap=None):
            st.markdown(f"{number}. **{literal(summary.title)}**{more}")
            if summary.config is not None and not several:
                st.caption(literal(run_header.settings_line(summary.config)))
        label = f"Cancel {len(members)}" if several else "Cancel"
        _cancel_button(label, f"cancel-{members[0].id}", members)


def _cancel_button(label: str, key: str, members: Sequence[Run]) -> None:
    """Show a button that cancels runs; those of another browser only after a question."""
    asked = next((run for run in members if visitors.is_anothers(run.submission)), members[0])
    created, icon = asked.status.created, ":material/close:"
    visitors.stop_button(label, asked.submission, created, engine.stop_all, members, icon=icon, key=key)


def offer_finished(finished: Sequence[Run]) -> None:
    """Show the runs that finished last in a closed expander, with their test accuracy and a link."""
    lazy_expander("Recently finished", _finished, finished, key="recent", icon=":material/history:")


def _finished(finished: Sequence[Run]) -> None:
    for run in finished:
        summary = summarise(run)
        if not summary.finished:
            continue
        with st.container(horizontal=True, vertical_alignment="center", key=f"finished-{run.id}"):
            with st.container(gap=None):
                st.markdown(f"**{literal(summary.title)}**")
                test = summary.report.test_accuracy
                st.caption(
                    f"Test accuracy {percent(test.value)} ({confidence_interval(test.low, test.high)}) · "
                    f"{moment(summary.status.ended)}"
                )
            st.page_link(
                addresses.RESULTS,
                label="Open",
                icon=":material/target:",
                query_params={addresses.RUN_KEY: run.id},
                width="content",
            )


def show_interrupted(interrupted: Sequence[Run]) -> None:
    """Show interrupted runs, each with a button that resumes it."""
    with st.expander(
        f"{count(len(interrupted), 'interrupted run')} can be resumed",
        icon=":material/pause_circle:",
        key="interrupted",
    ):
        st.caption(
            "Newest first. Resume continues from the last finished epoch, with the optimiser's saved state."
        )
        for run in interrupted[:MAX_LISTED]:
            _interrupted_row(run)


def _interrupted_row(run: Run) -> None:
    summary = summarise(run)
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"row-{run.id}"):
        with st.container(gap=None):
            st.markdown(f"**{literal(summary.title)}**")
            if summary.config is not None:
                st.caption(literal(run_header.settings_line(summary.config)))
        st.button(
            "Resume",
            icon=":material/resume:",
            key=f"resume-{run.id}",
            on_click=frame.attempt,
            args=(followed_run.resume, run),
        )
