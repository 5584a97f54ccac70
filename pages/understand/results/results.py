"""Understand > Results: how good a run is, how certain that is, and what it gets wrong."""

from __future__ import annotations

import streamlit as st

from pages.common import addresses, run_header, run_picker
from pages.understand.results import calibration, classes, details, image_dialog, mistakes, scores

_CONFIDENCE, _FORMER_CONFIDENCE = "Confidence", "How sure"  # links saved earlier use the former name

st.title("Results", anchor=False)

summaries = run_picker.listing()
if not summaries:
    run_header.show_empty("Here you will see how good a model is and what it gets wrong.")
    st.stop()

summary = run_picker.pick(summaries)
if summary is None:
    st.stop()

run_header.card(summary)
if not summary.finished:
    run_header.show_unfinished(summary)
    scores.curves(summary)
    details.settings(summary)
    st.stop()

scores.headline(summary)
image_dialog.show(summary)  # before the tabs, which stay visible behind it
if st.query_params.get(addresses.RESULTS_TAB_KEY) == _FORMER_CONFIDENCE:
    st.session_state[addresses.RESULTS_TAB_KEY] = _CONFIDENCE
overview, wrong, by_class, confidence, more = st.tabs(
    ["Learning curves", "Mistakes", "Classes", _CONFIDENCE, "Details and downloads"],
    key=addresses.RESULTS_TAB_KEY,
    on_change="rerun",
    bind="query-params",
)
if overview.open:
    with overview:
        scores.curves(summary, summaries)
if wrong.open:
    with wrong:
        mistakes.show(summary)
if by_class.open:
    with by_class:
        classes.show(summary)
if confidence.open:
    with confidence:
        calibration.show(summary)
if more.open:
    with more:
        details.show(summary)
