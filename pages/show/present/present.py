"""Show > Present: a result for an audience, step by step: full page, few words, large type."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import runs
from core.errors import LabError
from pages.common.addresses import RESULTS, RUN_KEY
from pages.common.run_picker import Summary, summarise
from pages.common.text import literal
from pages.show.present import bar, steps
from pages.show.present.story import open_story

MAX_READ = 50  # runs among which the newest with a result is looked for, if the address names none


def chosen() -> Summary:
    """Return the run of the address, else the newest with a result, else the example.

    Raises:
        LabError: there is no such run.
    """
    if asked := st.query_params.get(RUN_KEY):
        return summarise(runs.open(asked))
    newest = (summarise(run) for run in runs.all()[:MAX_READ])
    found = next((summary for summary in newest if summary.finished), None)
    return found or summarise(runs.open(runs.EXAMPLE))


st.html(Path(__file__).with_name("present.css"))
try:
    summary = chosen()
except LabError as error:
    st.title("Nothing to present", anchor=False)
    st.error(literal(error), icon=":material/search_off:")
    st.page_link(RESULTS, label="Choose a run", icon=":material/target:")
    st.stop()

if not summary.finished:
    bar.show_top(summary, "Nothing to present yet")
    st.title("Nothing to present yet", anchor=False)
    st.markdown(literal(summary.fault or f"This run has no result. Its state: {summary.state}."))
    st.stop()

st.query_params[RUN_KEY] = summary.run.id
story = open_story(summary)
bar.show(story)
here = steps.places(story)[steps.current(story)]
bar.show_top(summary, steps.title_of(story, here))
with st.container(key="stage"):
    try:
        here.step.show(story, here.screen)
    except LabError as error:
        st.title(here.step.title, anchor=False)
        st.error(literal(error), title="This cannot be shown", icon=":material/broken_image:")
steps.prepare_next(story)
