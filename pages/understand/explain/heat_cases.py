"""Images whose heat lies away from the object, outlined so that a person can judge."""

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
    """An image's index row, its heatmap, where no object is expected (h, w), and the heat there."""

    row: pd.Series
    heatmap: Heatmap
    outside: NDArray[np.bool_]
    heat: HeatOn


def show(
    dataset: Dataset, cases: Sequence[Case], resize: str, *, region: str, note: str, expanded: bool
) -> None:
    """Show an expander with the clearest cases; a white line encloses what is not ``outside``."""
    lazy_expander(
        f"See for yourself: the images with the most heat on the {region}",
        _show_clearest, dataset, cases, resize, region, note,
        key=f"heat_on_{region}", icon=":material/visibility:", expanded=expanded,
    )  # fmt: skip


def _show_clearest(dataset: Dataset, cases: Sequence[Case], resize: str, region: str, note: str) -> None:
    clearest = sorted(cases, key=lambda case: case.heat.area - case.heat.share)[:SHOWN]
    with st.grid(4, min_column_width=100, gap="small"):
        for case in clearest:
            _tile(dataset, case, resize, region)
    st.caption(note)


def _tile(dataset: Dataset, case: Case, resize: str, region: str) -> None:
    share, area = percent(case.heat.share, 0), percent(case.heat.area, 0)
    line = f"{share} of the heat is on the {region}, which covers {area} of the image"
    with st.container(gap="xsmall"):
        try:
            image = overlays.outlined(dataset, case.row, resize, case.heatmap, ~case.outside)
            st.image(image, width="stretch", alt=f"Heatmap with a white line. {line}")
        except LabError as error:
            st.caption(literal(error))
        st.caption(line)
