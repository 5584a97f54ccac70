"""The images that a training run would use, and what they contain."""

from __future__ import annotations

import streamlit as st

from core.data.dataset import Dataset
from core.datasets import Selection
from core.errors import LabError
from pages.build.data import more_images, overview
from pages.common import data_selection, settings, settings_form
from pages.common.text import literal


def show(dataset: Dataset) -> None:
    """Choose classes, and view samples, class counts and image sizes."""
    selection = _choose(dataset)
    overview.samples(dataset, selection.class_names if selection else dataset.class_names)
    left, right = st.columns(2, gap="large")
    with left:
        if selection:
            overview.classes(selection)
    with right:
        overview.sizes(dataset, settings.current_data().image_size)
    if selection:
        more_images.show(selection)
    overview.notes(dataset)


def _choose(dataset: Dataset) -> Selection | None:
    st.subheader("What to train on", anchor=False)
    left, right = st.columns([3, 1])
    with left:
        settings_form.classes(dataset.class_names)
    with right:
        settings_form.widget(settings.MAX_PER_CLASS)
    try:
        selection = data_selection.select(dataset, settings.current_data())
    except LabError as error:
        st.error(literal(error), title="This data set is not ready for training", icon=":material/error:")
        return None
    data_selection.show_summary(selection)
    return selection
