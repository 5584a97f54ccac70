"""Where the model looks for a whole class: the average of many heatmaps, on the border, on background."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.errors import LabError
from core.explain import heat_location
from core.explain.heatmaps import Heatmap, Request
from core.runs import Predictions
from core.words import count
from pages.common import overlays, run_images, waiting
from pages.common.run_images import Gallery
from pages.common.run_picker import Summary
from pages.common.text import literal
from pages.understand.explain import background_hint, heat_cases
from pages.understand.explain.heat_cases import Case

MOST = 60
"""Images that an average is made of; more would not change it visibly."""
FEWEST = 5
MANY = 0.5
"""From this part of the maps on, heat on the border is worth a warning."""


def show(summary: Summary, predictions: Predictions, class_index: int, layer: str) -> None:
    """The average heatmap of a class over its test images, and sentences about border and background."""
    name = summary.report.class_names[class_index]
    ids = [str(one) for one in predictions.ids[predictions.labels == class_index][:MOST]]
    if len(ids) < FEWEST:
        st.caption(f"An average over the class needs at least {FEWEST} test images; there are {len(ids)}.")
        return
    shown = run_images.gallery(summary.run)
    requests = [Request(image_id, class_index, layer=layer) for image_id in ids]
    maps = waiting.maps(summary.run, requests)
    if not maps or len(maps) < len(ids):
        return
    with st.container(border=True):
        left, right = st.columns([1, 2], gap="large")
        with left:
            average = heat_location.average(list(maps.values()))
            _image(summary, shown, ids, average)
        with right:
            st.markdown(f"**Where it looks for {literal(name)}**")
            st.markdown(border_words(list(maps.values()), name))
            if summary.config is not None:
                by_id = {request.image_id: heatmap for request, heatmap in maps.items()}
                _border_cases(shown, by_id, summary.config.data.resize)
                background_hint.show(shown, by_id, summary.config.data.resize)
            st.caption(
                f"The average of {count(len(ids), 'heatmap')} for {literal(name)}, one for each of its test "
                "images, over the average of these images."
            )


def border_words(maps: list[Heatmap], name: str) -> str:
    """Whether most heat is on the border, where objects seldom are."""
    on_border, hot = heat_location.on_the_border(maps)
    if not hot:
        return f"In none of these images anything spoke for {literal(name)}."
    seen = (
        f"In {on_border} of {count(hot, 'image')} most of the heat lies on the outer eighth at each side "
        f"(44% of the area)."
    )
    if _is_on_border(on_border, hot):
        return (
            f":orange-badge[look here] {seen} The model may be reading the background: look at some of the "
            "images below, and try zoom, crop or images with other backgrounds."
        )
    return (
        f":green-badge[no warning] {seen} Most of what the model goes by lies further in, where things "
        "usually are; whether it is the thing itself, the images below show."
    )


def _is_on_border(on_border: int, hot: int) -> bool:
    return bool(hot) and on_border >= MANY * hot


def _border_cases(shown: Gallery, maps: Mapping[str, Heatmap], resize: str) -> None:
    """The images behind a warning."""
    if shown.dataset is None or not _is_on_border(*heat_location.on_the_border(list(maps.values()))):
        return
    cases = [
        Case(row, heatmap, heat_location.BORDER, heat)
        for image_id, heatmap in maps.items()
        if (row := shown.row(image_id)) is not None
        and (heat := heat_location.heat_on(heatmap, heat_location.BORDER)) is not None
    ]
    note = "Outside of the white line is the border."
    heat_cases.show(shown.dataset, cases, resize, place="border", note=note, expanded=True)


def _image(summary: Summary, shown: Gallery, ids: list[str], average: Heatmap) -> None:
    if shown.dataset is None or summary.config is None:
        return
    rows = [row for one in ids if (row := shown.row(one)) is not None]
    try:
        mean = overlays.mean_image(shown.dataset, rows, tuple(ids), summary.config.data.resize)
        st.image(overlays.over(mean, average), width="stretch", alt="The average heatmap of the class")
    except LabError as error:
        st.caption(literal(error))
