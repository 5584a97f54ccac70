"""Build > Data: choose pictures, prepare them, and look at them before training."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.build.data import (
    choosing,
    gallery,
    image_dialog,
    label_check,
    quality_check,
    readiness,
    versions_list,
)
from pages.build.data import overview as data_overview
from pages.common import data_preparing, data_sources, settings, version_steps
from pages.common.addresses import DATA_TAB_KEY
from pages.common.text import literal

st.title("Data", anchor=False)
settings.load()
settings.repeat_in_address()

source = settings.value(settings.SOURCE)
choosing.show(source)
settings.show_news()

st.header(literal(data_sources.title(source)), anchor=False)
dataset = data_sources.open_if_prepared(source, settings.value(settings.VERSION))
if dataset is None:
    data_preparing.show(source)
    st.stop()

data_preparing.show_again(source)
version_steps.tell_earlier(dataset)
data_overview.facts(dataset)
verdict = quality_check.place(dataset)
config = settings.current_data()
overview, check, pictures, labels, steps = st.tabs(
    ["Overview", "Check", "Gallery", "Wrong labels", "Versions"], key=DATA_TAB_KEY, bind="query-params"
)
if overview.open:
    with overview:
        readiness.show(dataset)
if check.open:
    with check:
        quality_check.show(dataset, quality_check.report(dataset, config))
if pictures.open:
    with pictures:
        gallery.show(dataset, config, partial(quality_check.report, dataset, config))
if labels.open:
    with labels:
        label_check.show(dataset)
else:
    with st.bottom:  # in view wherever the button was
        version_steps.tell_last(dataset)
if steps.open:
    with steps:
        versions_list.show(dataset)
image_dialog.show(dataset, config)
found = quality_check.report(dataset, config)  # last: for a large data set the first time takes seconds
with verdict:
    quality_check.headline(dataset, found)
