"""Data sets of one kind that have been prepared before, each with a button that chooses it again."""

from __future__ import annotations

import streamlit as st

from core import datasets
from pages.common import data_sources, settings
from pages.common.text import literal


def show(kind: str, icon: str, source: str, heading: str = "") -> None:
    """Show a button per data set, that of the one in use disabled; nothing where there is none."""
    made = data_sources.titles(name for name in datasets.prepared() if data_sources.kind(name) == kind)
    if not made:
        return
    if heading:
        st.markdown(heading)
    with st.container(horizontal=True, gap="small"):
        for name, title in made.items():
            st.button(
                literal(title),
                icon=icon,
                key=f"known {name}",
                disabled=name == source,
                on_click=settings.choose_source,
                args=(name,),
            )
