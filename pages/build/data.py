"""Build > Data: choose pictures, prepare them, and look at them before training."""

from __future__ import annotations

import streamlit as st

from core.errors import LabError
from pages.parts import (
    data_choosing,
    data_overview,
    data_preparing,
    data_selection,
    data_sources,
    settings,
    settings_form,
)
from pages.parts.runs import TRAIN
from pages.parts.text import literal

st.title("Data", anchor=False)
settings.load()
settings.repeat_in_address()

source = settings.value(settings.SOURCE)
data_choosing.show(source)
settings.show_news()

st.header(literal(data_sources.title(source)), anchor=False)
dataset = data_sources.open_if_prepared(source, settings.value(settings.VERSION))
if dataset is None:
    data_preparing.show(source)
    st.stop()

data_overview.facts(dataset)

st.subheader("What to train on", anchor=False)
left, right = st.columns([3, 1])
with left:
    settings_form.classes(dataset.class_names)
with right:
    settings_form.widget(settings.MOST_A_CLASS)
config, selection = settings.current_data(), None
try:
    selection = data_selection.select(dataset, config)
except LabError as error:
    st.error(literal(error), title="This cannot be trained on yet", icon=":material/error:")
else:
    data_selection.say(selection)
    if st.button("Use for training", type="primary", icon=":material/arrow_forward:", key="use"):
        st.switch_page(TRAIN)

data_overview.samples(dataset, selection.class_names if selection else dataset.class_names)
left, right = st.columns(2, gap="large")
with left:
    if selection:
        data_overview.classes(selection)
with right:
    data_overview.sizes(dataset, config.image_size)
data_overview.notes(dataset)
