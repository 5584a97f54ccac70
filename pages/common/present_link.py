"""The link that presents a run to an audience."""

from __future__ import annotations

import streamlit as st

from pages.common.addresses import PRESENT, PRESENT_KEY, RUN_KEY

FIRST = "question"
"""The step that a presentation begins with."""


def show(run_id: str, label: str = "Present", *, step: str = FIRST) -> None:
    """Show a link to a presentation of a finished run, beginning at a step."""
    st.page_link(
        PRESENT,
        label=label,
        icon=":material/slideshow:",
        help="Full page and large type, for an audience.",
        query_params={RUN_KEY: run_id, PRESENT_KEY: step},
        width="content",
    )
