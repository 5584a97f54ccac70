"""Build > Data: choose pictures, prepare them, and look at them before training."""

from __future__ import annotations

import streamlit as st

st.title("Data", anchor=False)
