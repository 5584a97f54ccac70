"""Build > Sweeps: train with several values of some settings, and see which make a difference."""

from __future__ import annotations

import streamlit as st

from pages.common import frame, settings
from pages.parts import sweep_new, sweep_picker, sweep_view, where_trained

st.title("Sweeps", anchor=False)
settings.load()
frame.keep_warm()

sweep = sweep_picker.pick()
if sweep is None:
    sweep_new.show()
else:
    sweep_view.show(sweep)
where_trained.show()
