"""Columns of numbers that several tables have: they sort as numbers and read as words do elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

_MAX_IN_SECONDS = 600.0
PERCENT = "%.1f%%"
"""For values made by :func:`percents`; Streamlit's own "percent" drops zeros and breaks the alignment."""


def percents(shares: Sequence[float | None] | pd.Series) -> Any:
    """Shares of one as numbers of percent, None staying empty, in their order."""
    return pd.array([None if share is None else 100 * share for share in shares], "Float64")


def validation() -> Any:
    """The column for validation accuracies made by :func:`percents`."""
    return st.column_config.NumberColumn(
        "Validation",
        format=PERCENT,
        width=96,
        help="Accuracy on the validation images, of the kept epoch, which it helped to choose.",
    )


def test() -> Any:
    """The column for test accuracies made by :func:`percents`."""
    return st.column_config.NumberColumn(
        "Test", format=PERCENT, width=80, help="Accuracy on images never used to train or choose."
    )


def duration(seconds: Sequence[float | None] | pd.Series) -> Any:
    """The column for these; Streamlit's own "duration" says "a few seconds" of most short runs."""
    is_short = not bool((pd.Series(list(seconds), dtype="Float64") > _MAX_IN_SECONDS).any())
    return st.column_config.NumberColumn(
        "Duration", format="%.1f s" if is_short else "duration", width="small", help="Of one run."
    )
