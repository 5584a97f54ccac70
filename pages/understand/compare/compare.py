"""Understand > Compare: all runs in one list, and two to six of them side by side: is the difference real?"""

from __future__ import annotations

from itertools import combinations

import streamlit as st

from pages.common import glossary, run_header, run_lines, run_picker
from pages.common.addresses import COMPARE_TAB_KEY
from pages.common.frame import explained
from pages.understand.compare import (
    choice,
    classes,
    curves,
    images,
    images_needed,
    runs_actions,
    runs_cards,
    runs_filter,
    runs_table,
    settings_and_scores,
    verdict,
    waiting,
)
from pages.understand.compare.choice import MAX_SIDES
from pages.understand.compare.sides import Side, sides

st.title("Compare", anchor=False)

runs_table.take_edits()
summaries = run_picker.listing()
if not summaries:
    runs_actions.show([])
    run_header.show_empty("Here you will compare runs: which settings differ, and what that changed.")
    st.stop()

everything = run_lines.lines(summaries)
chosen = choice.chosen(summaries, everything)

asked = runs_filter.ask(summaries, everything)
lines = everything if asked.wanted.join_repeats else run_lines.lines(summaries, join_repeats=False)
listed = runs_filter.groups(run_lines.found(lines, asked.wanted), asked.group_by)
if asked.with_test:
    runs_table.unseal(listed, chosen)
compared = sides(chosen[:MAX_SIDES])
letters = {side.line.id: side.letter for side in compared}
varying = run_lines.varying(listed)
with st.container(key="wide-runs"):
    runs_table.show(listed, varying, letters, with_test=asked.with_test)
with (
    st.container(key="narrow-runs"),
    st.expander("Choose runs", expanded=len(compared) < 2, icon=":material/checklist:", key="choose_runs"),
):
    runs_cards.show(listed, varying, letters)
runs_actions.show(chosen)
choice.write_address()

if len(chosen) > MAX_SIDES:
    st.caption(f"{len(chosen)} selected; only the first {MAX_SIDES} are compared.")
if len(compared) < 2:
    st.stop()

waiting.show(compared)
split = "test" if asked.with_test else "validation"
finished = [side for side in compared if side.finished]

st.header("Real or luck?", anchor=False, help=glossary.help_of("verdict"))
with explained():
    verdict.show(compared, everything, split)


def pair() -> tuple[Side, Side]:
    """Return the two sides to examine in detail; ask which if there are more."""
    by_name = {f"{one.letter} and {other.letter}": (one, other) for one, other in combinations(finished, 2)}
    if len(by_name) == 1:
        return next(iter(by_name.values()))
    return by_name[st.selectbox("Compare in detail", list(by_name), key="compare_pair", width=220)]


both = pair() if len(finished) > 1 else None
scores_tab, curves_tab, classes_tab, images_tab = st.tabs(
    ["Settings and scores", "Learning curves", "What they confuse", "Where they disagree"],
    key=COMPARE_TAB_KEY,
    on_change="rerun",
    bind="query-params",
)
if scores_tab.open:
    with scores_tab:
        st.subheader("Settings that differ", anchor=False)
        settings_and_scores.settings(compared)
        st.subheader("Scores", anchor=False)
        settings_and_scores.scores(compared, split)
if curves_tab.open:
    with curves_tab, explained():
        curves.show(compared)
        if both:
            images_needed.show(finished)
for tab, part in ((classes_tab, classes), (images_tab, images)):
    if tab.open:
        with tab, explained():
            if both:
                part.show(*both, split)
            else:
                st.caption("This needs two runs with a result.")
