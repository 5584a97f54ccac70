"""Understand > Compare: all runs in one table, and two to six of them side by side."""

from __future__ import annotations

import streamlit as st

from pages.parts import comparison, run_state, runs, runs_table

st.title("Compare", anchor=False)

summaries = runs.listing()
if not summaries:
    run_state.say_there_are_none("Here you will compare runs: what was set differently, and what it changed.")
    st.stop()

chosen, with_test = runs_table.choose(summaries)
if len(chosen) < 2:
    st.info(
        "Tick two to six runs in the table to see them side by side. "
        "The address of this page keeps your choice.",
        icon=":material/checklist:",
    )
    st.stop()

compared = comparison.named(chosen)
finished = {name: summary for name, summary in compared.items() if summary.finished}

st.subheader("What was set differently", anchor=False)
comparison.settings(compared)

st.subheader("How good they are", anchor=False)
comparison.scores(finished, with_test)

st.subheader("How they learned", anchor=False)
comparison.curves(compared)

if len(finished) >= 2:
    st.subheader("What they mix up", anchor=False)
    comparison.matrices(finished, "test" if with_test else "validation")
