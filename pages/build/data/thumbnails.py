"""One image of a data set, small or large; a very tall image is narrowed to fit the screen."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.data.dataset import Dataset, Row
from core.errors import LabError
from pages.common.text import literal

MAX_HEIGHT_TO_WIDTH = 2
"""Images up to this ratio fill the width of their container."""


def draw(dataset: Dataset, row: Row, size: int, width: int | Literal["stretch"] = "stretch") -> None:
    """Draw an image, at most ``size`` pixels per side and ``width`` wide, narrower if it is very tall.

    Raises:
        LabError: the image can no longer be read.
    """
    if row["height"] > MAX_HEIGHT_TO_WIDTH * row["width"]:
        tallest = size if width == "stretch" else MAX_HEIGHT_TO_WIDTH * width
        width = max(1, round(tallest * row["width"] / row["height"]))
    st.image(dataset.thumbnail(row, size), width=width, alt=f"Image of class {row['label']}")


def show(dataset: Dataset, row: Row, size: int) -> None:
    """Draw an image, or show an error sentence if it can no longer be read."""
    try:
        draw(dataset, row, size)
    except LabError as error:
        st.caption(literal(error))
