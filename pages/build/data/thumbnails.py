"""One image of a data set on a page, small or large; none takes a whole screen because it is tall."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.errors import LabError
from pages.common.text import literal

MAX_UPRIGHT = 2
"""Height by width of an image that is still as wide as the place it has."""


def draw(dataset: Dataset, row: pd.Series, size: int, width: int | Literal["stretch"] = "stretch") -> None:
    """An image of at most ``size`` pixels a side, as wide as ``width`` unless it would be very tall.

    Raises:
        LabError: it can no longer be read.
    """
    if row["height"] > MAX_UPRIGHT * row["width"]:
        tallest = size if width == "stretch" else MAX_UPRIGHT * width
        width = max(1, round(tallest * row["width"] / row["height"]))
    st.image(dataset.thumbnail(row, size), width=width, alt=f"Image of class {row['label']}")


def show(dataset: Dataset, row: pd.Series, size: int) -> None:
    """The same, or a sentence where it can no longer be read."""
    try:
        draw(dataset, row, size)
    except LabError as error:
        st.caption(literal(error))
