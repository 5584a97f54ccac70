"""Would more images help? Measured with the settings of the Train page."""

from __future__ import annotations

import streamlit as st

from core.datasets import Selection
from core.errors import LabError
from pages.common import addresses, glossary, run_header, settings
from pages.common import more_images as section
from pages.common.text import literal


def show(selection: Selection) -> None:
    """Show the question with its answer, or the button that has it measured."""
    try:
        config = settings.current()
    except LabError:
        return  # the Train page says what is wrong with them
    asked = section.asked_of(config, int((selection.rows["split"] == "train").sum()))
    if asked is None:
        return
    st.subheader("Would more images help?", anchor=False, help=glossary.help_of("more images"))
    with st.container(horizontal=True, vertical_alignment="center"):
        _, _, line = run_header.settings_line(config).partition(" · ")  # without the data set, shown above
        st.caption(f"With the settings of the Train page: {literal(line)}")
        st.page_link(addresses.TRAIN, label="Change", icon=":material/tune:", width="content")
    section.show([asked], key="data")
