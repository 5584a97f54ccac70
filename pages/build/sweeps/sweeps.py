"""Build > Sweeps: train with several values of one or more settings, and see which make a difference."""

from __future__ import annotations

import streamlit as st

from core import sweeps
from pages.build.sweeps import damaged, new, picker, view, where_trained
from pages.common import frame, settings

st.title("Sweeps", anchor=False)
settings.load()
frame.keep_warm()

unreadable = sweeps.damaged()
damaged.show(unreadable)
sweep = picker.pick({found.id for found in unreadable})
if sweep is None:
    new.show()
else:
    view.show(sweep)
where_trained.show()
