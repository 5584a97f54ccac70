"""Understand > Results: how good a run is, how certain that is, and what it gets wrong."""

from __future__ import annotations

import streamlit as st

from pages.common import addresses, run_header, run_picker, settings
from pages.understand.results import (
    calibration,
    classes,
    curves,
    details,
    hero,
    image_dialog,
    mistakes,
    more_images,
    take_home,
)

_STORY, _CONFIDENCE, _TAKE_HOME = "Overview", "Confidence", "Take it home"
# Links saved earlier use the former names of tabs.
_FORMER_NAMES = {"How sure": _CONFIDENCE, "Learning curves": _STORY, "Mistakes": _STORY}

st.title("Results", anchor=False)
settings.load()

summaries = run_picker.with_example(run_picker.listing())
summary = run_picker.pick(summaries)
if summary is None:
    st.stop()

run_header.card(summary)
if not summary.finished:
    run_header.show_unfinished(summary)
    curves.show(summary)
    details.settings(summary)
    st.stop()

if summary.fault:
    run_header.show_damaged(summary)
hero.show(summary)
image_dialog.show(summary)  # before the tabs, which stay visible behind it
if (former := st.query_params.get(addresses.RESULTS_TAB_KEY)) in _FORMER_NAMES:
    st.session_state[addresses.RESULTS_TAB_KEY] = _FORMER_NAMES[former]
story, by_class, confidence, home, more = st.tabs(
    [_STORY, "Classes", _CONFIDENCE, _TAKE_HOME, "Details and downloads"],
    key=addresses.RESULTS_TAB_KEY,
    on_change="rerun",
    bind="query-params",
)
if story.open:
    with story:
        curves.show(summary, summaries)
        mistakes.show(summary)
        more_images.show(summary)
if by_class.open:
    with by_class:
        classes.show(summary)
if confidence.open:
    with confidence:
        calibration.show(summary)
if home.open:
    with home:
        take_home.show(summary)
if more.open:
    with more:
        details.show(summary)
