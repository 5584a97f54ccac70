"""Whether the heat of many images lies on what looks like background, in words and images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import streamlit as st

from core.data.dataset import Dataset
from core.errors import LabError
from core.explain import heat_location
from core.explain.heat_location import MIN_MAPS, HeatOn
from core.explain.heatmaps import Heatmap
from core.words import count, percent
from pages.common import overlays
from pages.common.run_images import Gallery
from pages.understand.explain import heat_cases
from pages.understand.explain.heat_cases import Case

MOSTLY = 0.5
"""Share of the heat from which most of it lies somewhere."""


def show(shown: Gallery, maps: Mapping[str, Heatmap], resize: str) -> None:
    """Say how much of the heat of these maps, by image id, is on background; show the clearest cases."""
    hot = {image_id: heatmap for image_id, heatmap in maps.items() if heatmap.any()}
    if not hot or shown.dataset is None:
        return
    cases = list(_clear_cases(shown, shown.dataset, hot, resize))
    found = [case.heat for case in cases]
    st.markdown(words(found, len(hot)))
    if len(cases) < MIN_MAPS:
        return
    with st.expander("The numbers on background", icon=":material/functions:", type="compact"):
        st.markdown(numbers(found))
    left_out = len(hot) - len(cases)
    note = (
        "The white line encloses what stands out from the colours at the image's edge; the rest counts as "
        "background. This is wrong if the object fills the image. By chance, heat would be spread evenly."
    )
    if left_out:
        note += f" Left out: {count(left_out, 'image')} whose object and background look alike."
    heat_cases.show(
        shown.dataset,
        cases,
        resize,
        region="background",
        note=note,
        expanded=heat_location.is_on_background(found),
    )


def words(found: Sequence[HeatOn], with_heat: int) -> str:
    """Say, after a badge, whether the heat lies on background in those images whose background stands out."""
    if len(found) < MIN_MAPS:
        return (
            ":gray-badge[cannot tell] How much of the heat lies on the background is unclear: its colours "
            f"differ enough from the object's in {len(found)} of {count(with_heat, 'image')}; at least "
            f"{MIN_MAPS} are needed."
        )
    if heat_location.is_on_background(found):
        return (
            ":orange-badge[looks at the surroundings] The model may rely on the surroundings: check whether "
            "the line in the images below encloses the object. If it does, try images with other backgrounds."
        )
    if np.mean([heat.share for heat in found]) > MOSTLY:
        return (
            ":gray-badge[cannot tell] Most of the heat lies on what looks like background, but no more than "
            "chance would put there."
        )
    return ":green-badge[looks at the subject] Most of the heat lies on what stands out from the background."


def numbers(found: Sequence[HeatOn]) -> str:
    """Return the figures behind :func:`words`, for at least one image."""
    share, area = np.mean([(heat.share, heat.area) for heat in found], axis=0).tolist()
    return (
        f"In {sum(heat.is_most for heat in found)} of {count(len(found), 'image')}, most of the heat lies "
        "on what looks like background, and more than chance would put there (estimated from colour; may be "
        f"wrong). On average, {percent(share, 0)} of the heat is on the background, which covers "
        f"{percent(area, 0)} of the image."
    )


def _clear_cases(
    shown: Gallery, dataset: Dataset, maps: Mapping[str, Heatmap], resize: str
) -> Iterator[Case]:
    """Yield the readable images whose background stands out."""
    for image_id, heatmap in maps.items():
        row = shown.row(image_id)
        if row is None:
            continue
        try:
            backdrop = overlays.estimated_backdrop(dataset, row, image_id, resize)
        except LabError:  # the page reports it where it shows the image
            continue
        heat = heat_location.heat_on(heatmap, backdrop.background)
        if backdrop.is_clear and heat is not None:
            yield Case(row, heatmap, backdrop.background, heat)
