"""Build > Train: every setting, what it means for this data set, and training in progress."""

from __future__ import annotations

import streamlit as st

from core.data import photo_likeness
from core.errors import InvalidSettings, LabError
from core.training.memory_estimate import ShortOfMemory
from pages.build.train import lesson_link, live, plan, preview, run_lists, weights
from pages.common import (
    addresses,
    data_preparing,
    data_selection,
    data_sources,
    data_verdict,
    disk_changes,
    frame,
    layout_choice,
    lesson,
    settings,
    settings_form,
    version_steps,
)

st.title("Train", anchor=False)
settings.load()
settings.repeat_in_address()
frame.keep_warm()

source = settings.value(settings.SOURCE)
dataset = None
fault: LabError | None = None
try:
    dataset = data_sources.open_if_prepared(source, settings.value(settings.VERSION))
except LabError as error:
    version = settings.value(settings.VERSION)
    fault = InvalidSettings(str(error), (settings.VERSION,)) if version else error

settings.drop_unknown_classes(dataset.class_names if dataset else ())
config, selection, short = None, None, ""
try:
    config = settings.current()
    selection = data_selection.select(dataset, config.data) if dataset else None
    live.check_memory(config, len(selection.class_names) if selection else 2)
except ShortOfMemory as error:
    short = str(error)
except LabError as error:
    fault = fault or error

with st.sidebar:
    settings_form.show(
        data_sources.choices(),
        dataset.class_names if dataset else (),
        without_effect=data_selection.without_effect(dataset) if dataset else (),
        fault=fault,
    )
settings.show_news()

shown = live.show()
if shown.anything:
    st.header("Next run", anchor=False)

found = data_verdict.known(dataset, config.data) if config and dataset else None
if config and selection and dataset:
    disk_changes.warn(dataset)
    plan.headline(config, selection)
if fault:
    plan.show_error(fault)
elif dataset is None:
    data_preparing.show(source)
if config and config.backbone:
    weights.show(config.backbone)
    if selection and (remark := photo_likeness.remark(selection.rows)):
        st.caption(remark)
is_unfit = found is not None and not found.fit and not shown.has_next_step
if found is not None and not found.fit:
    data_verdict.warn(found, is_next_step=is_unfit, can_train=not fault)
time = plan.time_estimate(config, selection) if config and selection else None
if config and time and not fault:
    plan.cautions(config, time)
plan.start_button(
    config,
    short_of_memory=short,
    ready=bool(config and selection and not fault),
    is_next_step=not (shown.has_next_step or is_unfit or dataset is None),
)

if config and selection and dataset and time:
    if not lesson.hides("costs"):
        plan.costs(config, selection, time)
    if not lesson.hides("preview"):
        preview.show(dataset, selection, config)
    if not lesson.hides("layers"):
        plan.layers(config, selection)
    version_steps.name(dataset)
    layout_choice.name(dataset)
if shown.finished:
    run_lists.offer_finished(shown.finished)
with st.container(horizontal=True, vertical_alignment="center"):
    st.page_link(addresses.DATA, label="View the images or choose others", icon=":material/photo_library:")
    lesson_link.show()

if config and dataset:
    data_verdict.judge(dataset, config.data)
