"""Understand > Results: how good a run is, how certain that is, and what it gets wrong."""

from __future__ import annotations

import streamlit as st

from pages.common import addresses, lesson, run_header, run_picker, settings
from pages.understand.results import (
    calibration,
    classes,
    curves,
    details,
    hero,
    image_dialog,
    image_map,
    mistakes,
    more_images,
    take_home,
)

_STORY, _CONFIDENCE = "Overview", "Confidence"
# The other tabs: their names where a lesson hides them, and what they show.
_TABS = {
    "Classes": ("per_class", classes.show),
    _CONFIDENCE: ("confidence", calibration.show),
    "Map": ("map", image_map.show),
    "Take it home": ("take_home", take_home.show),
    "Details and downloads": ("details", details.show),
}
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
shown = {title: show for title, (part, show) in _TABS.items() if not lesson.hides(part)}
story, *others = st.tabs(
    [_STORY, *shown], key=addresses.RESULTS_TAB_KEY, on_change="rerun", bind="query-params"
)
if story.open:
    with story:
        if not lesson.hides("curves"):
            curves.show(summary, summaries)
        mistakes.show(summary)
        if not lesson.hides("more_images"):
            more_images.show(summary)
for tab, show in zip(others, shown.values(), strict=True):
    if tab.open:
        with tab:
            show(summary)
