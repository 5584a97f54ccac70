"""Build > Data: choose images, prepare them, and inspect them before training."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.build.data import (
    choosing,
    gallery,
    image_dialog,
    image_map,
    label_check,
    overview,
    quality_check,
    readiness,
    versions_list,
)
from pages.build.data.collecting import collect
from pages.common import (
    data_preparing,
    data_sources,
    data_verdict,
    disk_changes,
    layout_choice,
    settings,
    version_steps,
)
from pages.common.addresses import DATA_TAB_KEY
from pages.common.text import literal

st.title("Data", anchor=False)
settings.load()
settings.repeat_in_address()

source = settings.value(settings.SOURCE)
is_choosing_another = choosing.show(source)
settings.show_news()
if is_choosing_another:
    choosing.show_folded(source)
    st.stop()

heading = st.container(horizontal=True, vertical_alignment="center")
with heading:
    st.header(literal(data_sources.heading(source)), anchor=False)
if data_sources.kind(source) == data_sources.FOLDER:
    st.caption(literal(source))
dataset = data_sources.open_if_prepared(source, settings.value(settings.VERSION))
if dataset is None:
    data_preparing.show(source)
    st.stop()

verdict = quality_check.place(dataset)
changes = disk_changes.found(dataset)
with heading:
    data_preparing.offer_rescan(dataset, changes)
data_preparing.show_again(dataset, changes)
collect.offer(dataset)
version_steps.show_earlier_steps(dataset)
overview.facts(dataset)
layout_choice.show(dataset)
config = settings.current_data()
overview_tab, check_tab, gallery_tab, map_tab, labels_tab, versions_tab = st.tabs(
    ["Overview", data_verdict.CHECK_TAB, "Gallery", "Map", "Wrong labels", "Versions"],
    key=DATA_TAB_KEY,
    bind="query-params",
)
if overview_tab.open:
    with overview_tab:
        readiness.show(dataset)
if check_tab.open:
    with check_tab:
        quality_check.show(dataset, data_verdict.report(dataset, config))
if gallery_tab.open:
    with gallery_tab:
        gallery.show(dataset, config, partial(data_verdict.report, dataset, config))
if map_tab.open:
    with map_tab:
        image_map.show(dataset)
if labels_tab.open:
    with labels_tab:
        label_check.show(dataset)
else:
    with st.bottom:  # visible wherever the button was
        version_steps.show_last_step(dataset)
if versions_tab.open:
    with versions_tab:
        versions_list.show(dataset)
image_dialog.show(dataset, config)
found = data_verdict.report(dataset, config)  # last: on a large data set the first check takes seconds
with verdict:
    quality_check.headline(dataset, found)
