"""Number columns shared by several tables: they sort as numbers and are formatted as elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.common import glossary

_MAX_IN_SECONDS = 600.0
PERCENT = "%.1f%%"
"""Format for values from :func:`percents`; Streamlit's "percent" drops zeros, which breaks alignment."""


def percents(shares: Sequence[float | None] | pd.Series) -> Any:
    """Convert shares in [0, 1] to percentages, in order; None stays empty."""
    return pd.array([None if share is None else 100 * share for share in shares], "Float64")


def validation() -> Any:
    """Return the column for validation accuracies from :func:`percents`."""
    return st.column_config.NumberColumn(
        "Validation",
        format=PERCENT,
        width=96,
        help=glossary.help_of("validation accuracy"),
    )


def test() -> Any:
    """Return the column for test accuracies from :func:`percents`."""
    return st.column_config.NumberColumn(
        "Test", format=PERCENT, width=80, help=glossary.help_of("test accuracy")
    )


def duration(seconds: Sequence[float | None] | pd.Series) -> Any:
    """Return the column for durations; Streamlit's "duration" shows "a few seconds" for most short runs."""
    is_short = not bool((pd.Series(list(seconds), dtype="Float64") > _MAX_IN_SECONDS).any())
    return st.column_config.NumberColumn(
        "Duration", format="%.1f s" if is_short else "duration", width="small", help="Time that one run took."
    )
