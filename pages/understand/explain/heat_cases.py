"""Images whose heat lies where no thing should be, drawn so that a person can judge for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.data.dataset import Dataset
from core.errors import LabError
from core.explain.heat_location import HeatOn
from core.explain.heatmaps import Heatmap
from core.words import percent
from pages.common import overlays
from pages.common.expander import lazy_expander
from pages.common.text import literal

SHOWN = 4


@dataclass(frozen=True)
class Case:
    """An image's row of the index, its heatmap, where no thing should be (h, w), and the heat there."""

    row: pd.Series
    heatmap: Heatmap
    outside: NDArray[np.bool_]
    heat: HeatOn


def show(
    dataset: Dataset, cases: Sequence[Case], resize: str, *, place: str, note: str, expanded: bool
) -> None:
    """An expander with the clearest cases, all that is not ``outside`` in a white line."""
    lazy_expander(
        f"Judge it yourself: the images with most heat on the {place}",
        _clearest, dataset, cases, resize, place, note,
        key=f"heat_on_{place}", icon=":material/visibility:", expanded=expanded,
    )  # fmt: skip


def _clearest(dataset: Dataset, cases: Sequence[Case], resize: str, place: str, note: str) -> None:
    clearest = sorted(cases, key=lambda case: case.heat.area - case.heat.share)[:SHOWN]
    with st.grid(4, min_column_width=100, gap="small"):
        for case in clearest:
            _tile(dataset, case, resize, place)
    st.caption(note)


def _tile(dataset: Dataset, case: Case, resize: str, place: str) -> None:
    share, area = percent(case.heat.share, 0), percent(case.heat.area, 0)
    line = f"{share} of the heat on the {place}, which covers {area}"
    with st.container(gap="xsmall"):
        try:
            image = overlays.outlined(dataset, case.row, resize, case.heatmap, ~case.outside)
            st.image(image, width="stretch", alt=f"Heatmap with a white line. {line}")
        except LabError as error:
            st.caption(literal(error))
        st.caption(line)
