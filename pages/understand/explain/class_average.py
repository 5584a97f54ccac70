"""Where the model looks across a whole class: the average heatmap, and heat on border and background."""

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

MAX_IMAGES = 60
"""Images per average; more would not change it visibly."""
MIN_IMAGES = 5
BORDER_WARNING = 0.5
"""Share of maps with most of their heat on the border from which a warning is shown."""


def show(summary: Summary, predictions: Predictions, class_index: int, layer: str) -> None:
    """Show the average heatmap of a class over its test images, and sentences on border and background."""
    name = summary.report.class_names[class_index]
    ids = [str(one) for one in predictions.ids[predictions.labels == class_index][:MAX_IMAGES]]
    if len(ids) < MIN_IMAGES:
        st.caption(f"An average over the class needs at least {MIN_IMAGES} test images; it has {len(ids)}.")
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
            st.markdown(f"**Where the model looks for {literal(name)}**")
            st.markdown(border_words(list(maps.values()), name))
            with st.expander("The numbers on the edge", icon=":material/functions:", type="compact"):
                st.markdown(border_numbers(list(maps.values())))
            if summary.config is not None:
                by_id = {request.image_id: heatmap for request, heatmap in maps.items()}
                _border_cases(shown, by_id, summary.config.data.resize)
                background_hint.show(shown, by_id, summary.config.data.resize)
            st.caption(
                f"The average of {count(len(ids), 'heatmap')} for {literal(name)}, one per test image of "
                "the class, over the average of those images."
            )


def border_words(maps: list[Heatmap], name: str) -> str:
    """Say whether most of the heat is on the border, where objects are rare."""
    on_border, hot = heat_location.on_the_border(maps)
    if not hot:
        return f"In none of these images did anything support {literal(name)}."
    if _is_on_border(on_border, hot):
        return (
            ":orange-badge[looks at the edge] The model may be relying on the background: check the images "
            "below, and try zoom, crop or images with other backgrounds."
        )
    return (
        ":green-badge[not at the edge] Most of the evidence lies further in, where objects usually are. "
        "Check in the images below whether it is on the object itself."
    )


def border_numbers(maps: list[Heatmap]) -> str:
    """Return the figures behind :func:`border_words`."""
    on_border, hot = heat_location.on_the_border(maps)
    return (
        f"In {on_border} of {count(hot, 'image')}, most of the heat lies in the outer eighth along each side "
        "(44% of the area)."
    )


def _is_on_border(on_border: int, hot: int) -> bool:
    return bool(hot) and on_border >= BORDER_WARNING * hot


def _border_cases(shown: Gallery, maps: Mapping[str, Heatmap], resize: str) -> None:
    """Show the images behind a warning."""
    if shown.dataset is None or not _is_on_border(*heat_location.on_the_border(list(maps.values()))):
        return
    cases = [
        Case(row, heatmap, heat_location.BORDER, heat)
        for image_id, heatmap in maps.items()
        if (row := shown.row(image_id)) is not None
        and (heat := heat_location.heat_on(heatmap, heat_location.BORDER)) is not None
    ]
    note = "The border is the area outside the white line."
    heat_cases.show(shown.dataset, cases, resize, region="border", note=note, expanded=True)


def _image(summary: Summary, shown: Gallery, ids: list[str], average: Heatmap) -> None:
    if shown.dataset is None or summary.config is None:
        return
    rows = [row for one in ids if (row := shown.row(one)) is not None]
    try:
        mean = overlays.mean_image(shown.dataset, rows, tuple(ids), summary.config.data.resize)
        st.image(overlays.over(mean, average), width="stretch", alt="Average heatmap of the class")
    except LabError as error:
        st.caption(literal(error))
