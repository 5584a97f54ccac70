"""Understand > Explain: where in an image the model found its evidence."""

from __future__ import annotations

import streamlit as st

from core.errors import LabError
from pages.common import present_link, run_header, run_picker
from pages.common.text import literal
from pages.understand.explain import choice, explanation, in_depth

st.title("Explain", anchor=False)

summaries = [summary for summary in run_picker.with_example(run_picker.listing()) if summary.finished]
summary = run_picker.pick(summaries)
if summary is None:
    st.stop()

try:
    image_id = in_depth.requested_image()
    if image_id is not None:
        in_depth.show(summary, image_id)
        st.stop()
    with st.container(horizontal=True, vertical_alignment="center"):
        run_header.offer_next_training(summary)
        present_link.show(summary.run.id, step="heatmaps")
    wanted = choice.ask(summary)
except LabError as error:
    st.error(literal(error), title="This run cannot be explained", icon=":material/broken_image:")
    st.stop()

explanation.legend()
explanation.show(summary, wanted)
