"""Download buttons: tables as CSV, safe to open in a spreadsheet, and figures as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from matplotlib.figure import Figure

from core.export import csv_tables, figures
from pages.common.run_picker import Summary


def table_button(summary: Summary, frame: pd.DataFrame, name: str, label: str = "Table as CSV") -> None:
    """Show a download button for a table of this run."""
    st.download_button(
        label,
        csv_tables.csv(frame),
        f"{summary.run.id}-{name}.csv",
        "text/csv",
        key=f"csv-{name}",
        icon=":material/table:",
        type="tertiary",
        on_click="ignore",
    )


def figure_buttons(summary: Summary, draw: Callable[[], Figure], name: str, label: str = "Figure") -> None:
    """Show download buttons for a figure of this run, which is drawn on click."""
    with st.container(horizontal=True, gap="small"):
        _figure_button(summary, lambda: figures.png(draw()), name, f"{label} as PNG", "png", "image/png")
        _figure_button(summary, lambda: figures.svg(draw()), name, f"{label} as SVG", "svg", "image/svg+xml")


def _figure_button(
    summary: Summary, make: Callable[[], bytes], name: str, label: str, kind: str, mime: str
) -> None:
    st.download_button(
        label,
        make,
        f"{summary.run.id}-{name}.{kind}",
        mime,
        key=f"{kind}-{name}",
        icon=":material/image:",
        type="tertiary",
        on_click="ignore",
    )
