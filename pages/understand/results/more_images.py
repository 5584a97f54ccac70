"""Would more images help? Measured from a finished run, with its own settings."""

from __future__ import annotations

import streamlit as st

from pages.common import glossary
from pages.common import more_images as section
from pages.common.run_picker import Summary


def show(summary: Summary) -> None:
    """Show the question with its answer, or the button that has it measured."""
    if summary.config is None or summary.run.is_example:
        return
    training = sum(summary.report.counts.get("train", {}).values())
    asked = section.asked_of(summary.config, training)
    if asked is None:
        return
    st.header("Would more images help?", anchor=False, help=glossary.help_of("more images"))
    section.show([asked], key="results")
