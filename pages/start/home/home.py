"""Home: what this is, ways to begin, the last runs, and the one next step."""

from __future__ import annotations

import streamlit as st

from pages.start.home import beginnings, last_runs

st.title("Image Classification Lab", anchor=False)
st.markdown("Train an image classifier in the browser, see what it gets wrong, and see where it looks.")

newest = last_runs.newest()
if newest:
    last_runs.show(newest)
st.header("Begin something new" if newest else "Choose where to begin", anchor=False)
beginnings.show(is_first_visit=not newest)
