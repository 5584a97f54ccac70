"""Build > Sweeps: train with several values of one or more settings, and see which make a difference."""

from __future__ import annotations

import streamlit as st

from pages.build.sweeps import new, picker, view, where_trained
from pages.common import frame, settings

st.title("Sweeps", anchor=False)
settings.load()
frame.keep_warm()

sweep = picker.pick()
if sweep is None:
    new.show()
else:
    view.show(sweep)
where_trained.show()
