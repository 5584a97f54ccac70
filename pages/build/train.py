"""Build > Train: every setting, what it means for this data set, and the training as it goes."""

from __future__ import annotations

import streamlit as st

from core import datasets, engine
from core.errors import LabError
from core.runs import Labels
from pages.parts import frame, settings
from pages.parts.text import literal

st.title("Train", anchor=False)
settings.load()
frame.keep_warm()

with st.sidebar:
    settings.show_presets()
    settings.show({"garden": "Garden", "digits": "Digits"}, [])
settings.show_news()

try:
    config = settings.current()
except LabError as error:
    st.error(literal(error))
    st.stop()
settings.repeat_in_address(config)

name = st.text_input("Name of the run", key="run_name", placeholder="optional")
if st.button("Start training", type="primary", icon=":material/play_arrow:", key="start"):
    selection = datasets.select(datasets.open(config.data.source), config.data)
    run = engine.submit(config, Labels(name=name))
    st.session_state["run"] = run.id
    st.rerun()
