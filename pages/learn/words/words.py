"""Learn > Words: the glossary, every setting and figure of the lab in plain words."""

from __future__ import annotations

import streamlit as st

from core.config import SETTINGS
from pages.common import charts, glossary, glossary_drawings
from pages.common.addresses import WORD_KEY
from pages.common.text import literal

st.title("Words", anchor=False)

asked = glossary.ENTRIES.get(st.query_params.get(WORD_KEY, ""))
if asked is not None and "find_word" not in st.session_state:
    st.session_state["find_word"] = asked.word
words = st.text_input(
    "Find a word", key="find_word", placeholder="accuracy, dropout, heatmap …", type="search", live=True
)

shown = list(glossary.found(words or ""))
if not shown:
    st.info("No word matches. Try another one, or clear the field to see them all.")
scheme = charts.scheme()
with st.grid(2, min_column_width=300, gap="small"):
    for key, entry in shown:
        with st.container(border=True, height="stretch", gap="xsmall"):
            st.header(literal(entry.word), anchor=False)
            st.markdown(literal(entry.text))
            if entry.drawing:
                st.image(glossary_drawings.draw(entry.drawing, scheme), alt="")
            label = "Set it on the Train page" if key in SETTINGS else "See it on its page"
            st.page_link(entry.address, label=label, icon=":material/arrow_forward:")
