"""Can a heatmap be trusted? Two checks that it may fail, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from core.errors import LabError
from core.explain import assistant
from core.explain.heatmaps import METHODS
from core.words import percent
from pages.common import overlays, waiting
from pages.common.run_images import Gallery
from pages.common.run_picker import Summary
from pages.common.text import literal

SIMILAR, DIFFERENT = 0.7, 0.4
"""Rank correlations from which two maps count as nearly the same, and up to which as different."""
MIN_RELATIVE_DROP = 0.1
"""If the probability falls by a smaller share of itself, the hot part hardly matters."""
MIN_PROBABILITY = 0.05
"""Below this, a class has too little probability to lose for greying out to show anything."""


def show(summary: Summary, shown: Gallery, image_id: str, class_index: int, strength: float) -> None:
    """Show the deletion test and the shuffled-weights control for one method's map of one image."""
    st.header("Can this heatmap be trusted?", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = st.selectbox(
            "Method", list(METHODS), format_func=lambda m: METHODS[m].title, key="trust_method", width=240
        )
        share = st.slider(
            "Share to grey out",
            5,
            50,
            10,
            5,
            format="%d%%",
            key="trust_share",
            width=220,
            persist_state="session",
        )
    result: Mapping[str, Any] | None = waiting.answer(
        waiting.about(summary.run, "trust", image_id, class_index, method, share),
        lambda: assistant.trust(summary.run, [image_id], class_index, method, share=share / 100),
        "Greying out parts of the image and predicting again.",
    )
    if result is None:
        return
    name = summary.report.class_names[class_index]
    if not result["has_heat"]:
        st.info(
            f"There is nothing to check: by this method, nothing in the image supported {literal(name)}, so "
            "its map has no hot part.",
            icon=":material/block:",
        )
        return
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**Does the hot part matter?**")
        st.markdown(deletion_words(result, name, share))
        _image(summary, shown, image_id, mask=result["hot"])
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Does the map reflect what the model learned?**")
        st.markdown(control_words(float(result["similarity"]), bool(result["control"].any())))
        _image(summary, shown, image_id, heatmap=result["control"], strength=strength)
    st.caption(
        "Left: the hottest part greyed out. Right: the map of the same network with its weights shuffled, "
        "so that it knows nothing. Random parts have the same shape as the hot part, moved at random; they "
        "may overlap it. One image proves little: try several."
    )


def deletion_words(result: Mapping[str, Any], class_name: str, share: int) -> str:
    """Compare the effect of greying out the hot part with that of greying out random parts."""
    before, after, elsewhere = float(result["before"]), float(result["after"]), result["elsewhere"]
    measured = (
        f"Greying out the hottest {percent(share / 100, 0)} changes the probability of {literal(class_name)} "
        f"from {percent(before, 0)} to **{percent(after, 0)}**; greying out one of {len(elsewhere)} random "
        f"parts of the same size leaves **{percent(float(np.mean(elsewhere)), 0)}** on average "
        f"({percent(float(np.min(elsewhere)), 0)} to {percent(float(np.max(elsewhere)), 0)})."
    )
    if before < MIN_PROBABILITY:
        verdict = (
            ":gray-badge[cannot tell] The model gives this class almost no probability in the first place, "
            "so there is next to nothing to lose. Choose the predicted class."
        )
    elif after < float(np.min(elsewhere)) and after > (1 - MIN_RELATIVE_DROP) * before:
        verdict = (
            ":orange-badge[a little] The hot part matters more than any random part, but not by much: the "
            "model finds enough evidence elsewhere."
        )
    elif after < float(np.min(elsewhere)):
        verdict = ":green-badge[yes] The hot part matters more than any random part."
    elif after < float(np.mean(elsewhere)):
        verdict = (
            ":orange-badge[partly] It matters more than the average random part, but some matter as much."
        )
    else:
        verdict = ":red-badge[no] Random parts matter as much or more: do not rely on this map."
    return f"{verdict} {measured}"


def control_words(similarity: float, has_heat: bool) -> str:
    """Say how similar the map of a network that knows nothing is to the real one."""
    if not has_heat:
        return (
            ":green-badge[yes] A network that knows nothing finds no evidence for the class here: its map is "
            "empty."
        )
    measured = (
        f"Similarity of the two maps: **{similarity:.2f}** (rank correlation; 1: the same, 0: unrelated)."
    )
    if similarity >= SIMILAR:
        return (
            ":red-badge[no] A network that knows nothing produces nearly the same map: it shows the image's "
            f"edges and brightness rather than what the model learned. {measured}"
        )
    if similarity <= DIFFERENT:
        return f":green-badge[yes] A network that knows nothing produces a different map. {measured}"
    return f":orange-badge[partly] Part of the map comes from the image alone. {measured}"


def _image(summary: Summary, shown: Gallery, image_id: str, **over: Any) -> None:
    row = shown.row(image_id)
    if shown.dataset is None or row is None or summary.config is None:
        return
    resize = summary.config.data.resize
    try:
        if "mask" in over:
            image = overlays.greyed(shown.dataset, row, resize, over["mask"])
        else:
            image = overlays.overlay(shown.dataset, row, resize, over["heatmap"], over["strength"])
        st.image(image, width=260, alt="The image used in this check")
    except LabError as error:
        st.caption(literal(error))
