"""Show > Predict: what a trained model says about new images."""

from __future__ import annotations

import streamlit as st

from core.errors import LabError
from pages.common import run_picker
from pages.common.prediction import correcting, live
from pages.common.text import literal
from pages.show.predict import answers, images

st.title("Predict", anchor=False)

listed = run_picker.with_example(run_picker.listing())
summaries = [summary for summary in listed if summary.finished and summary.config]
summary = run_picker.pick(summaries)
if summary is None:
    st.stop()
where = images.choose_where()
if where == images.LIVE:
    live.show(summary, corrects=True)
    st.stop()
correcting.show_added()
other = answers.choose_other(summary, summaries)

try:
    given = images.ask(summary, where)
    if given:
        answers.show([summary, *filter(None, [other])], given)
except LabError as error:
    st.error(literal(error), title="This model cannot predict", icon=":material/broken_image:")
