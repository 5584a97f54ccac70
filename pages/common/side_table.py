"""A table with a column per thing compared; on a phone, which has no room for columns, a card for each."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.common.text import literal


def show(frame: pd.DataFrame, *, key: str, alt: str) -> None:
    """Show a table whose first column names its rows; ``style.css`` hides it, or the cards, by width."""
    names, *sides = frame.columns
    with st.container(key=f"wide-{key}"):
        st.dataframe(
            frame,
            hide_index=True,
            height="content",
            column_config={names: st.column_config.TextColumn(pinned=True)},
            alt=alt,
        )
    with st.container(key=f"narrow-{key}", gap="small"):
        for side in sides:
            lines = [
                f"{literal(name)}: **{literal(value)}**"
                for name, value in zip(frame[names], frame[side], strict=True)
            ]
            with st.container(border=True):
                st.markdown("  \n".join([f"**{literal(side)}**", *lines]))
