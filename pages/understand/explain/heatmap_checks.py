"""Can this heatmap be trusted? Two checks that it can fail, in words."""

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

ALIKE, DIFFERENT = 0.7, 0.4
"""Rank correlations of two maps from which they count as nearly the same, and below which as different."""
LITTLE = 0.1
"""A probability that falls by less than this part of itself was hardly carried by the hot part."""
MIN_PROBABILITY = 0.05
"""A class that the model gives less has too little to lose for greying out to show anything."""


def show(summary: Summary, shown: Gallery, image_id: str, class_index: int, strength: float) -> None:
    """The deletion test and the control with shuffled weights for one method's map of one image."""
    st.subheader("Can this heatmap be trusted?", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = st.selectbox(
            "Method", list(METHODS), format_func=lambda m: METHODS[m].title, key="trust_method", width=240
        )
        share = st.slider(
            "Part to grey out",
            5,
            50,
            10,
            5,
            format="%d%%",
            key="trust_share",
            width=220,
            persist_state="session",
        )
    answer: Mapping[str, Any] | None = waiting.answer(
        (summary.run.id, "trust", image_id, class_index, method, share),
        lambda: assistant.trust(summary.run, [image_id], class_index, method, share=share / 100),
        "Greying out parts of the image and asking the network again.",
    )
    if answer is None:
        return
    name = summary.report.class_names[class_index]
    if not answer["has_heat"]:
        st.info(
            f"There is nothing to check: by this method nothing in the image spoke for {literal(name)}, so "
            "its map has no hot part.",
            icon=":material/block:",
        )
        return
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**Does the hot part carry the answer?**")
        st.markdown(deletion_words(answer, name, share))
        _image(summary, shown, image_id, mask=answer["hot"])
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Does the map depend on what was learned?**")
        st.markdown(control_words(float(answer["similarity"]), bool(answer["control"].any())))
        _image(summary, shown, image_id, heatmap=answer["control"], strength=strength)
    st.caption(
        "Left: the hottest part greyed out. Right: the map that the same network draws with its weights "
        "shuffled, so that it knows nothing. Random places are parts of the same shape, moved at random; "
        "they may overlap the hot part. One image proves little: try several."
    )


def deletion_words(answer: Mapping[str, Any], class_name: str, share: int) -> str:
    """What greying out the hot part did, beside what greying out random parts did."""
    before, after, elsewhere = float(answer["before"]), float(answer["after"]), answer["elsewhere"]
    seen = (
        f"Greying out the hottest {percent(share / 100, 0)} takes the probability of {literal(class_name)} "
        f"from {percent(before, 0)} to **{percent(after, 0)}**; as much in {len(elsewhere)} random places "
        f"leaves **{percent(float(np.mean(elsewhere)), 0)}** on average "
        f"(from {percent(float(np.min(elsewhere)), 0)} to {percent(float(np.max(elsewhere)), 0)})."
    )
    if before < MIN_PROBABILITY:
        verdict = (
            ":gray-badge[cannot tell] The model hardly gives this class a chance in the whole image, so "
            "there is next to nothing to lose. Choose the class that it answers."
        )
    elif after < float(np.min(elsewhere)) and after > (1 - LITTLE) * before:
        verdict = (
            ":orange-badge[a little] The hot part matters more than any of the random ones, but little hangs "
            "on it: the model finds its answer in other parts too."
        )
    elif after < float(np.min(elsewhere)):
        verdict = ":green-badge[yes] The hot part matters more than any of the random ones."
    elif after < float(np.mean(elsewhere)):
        verdict = ":orange-badge[partly] It matters more than most, but some random parts matter as much."
    else:
        verdict = ":red-badge[no] Random parts matter as much or more: do not build on this map."
    return f"{verdict} {seen}"


def control_words(similarity: float, has_heat: bool) -> str:
    """How much the map of a network that knows nothing is like the real one."""
    if not has_heat:
        return (
            ":green-badge[yes] A network that knows nothing finds nothing here that speaks for the class: "
            "its map is empty."
        )
    seen = f"Likeness of the two maps: **{similarity:.2f}** (1 is the same order of places, 0 is none)."
    if similarity >= ALIKE:
        return (
            ":red-badge[no] A network that knows nothing draws nearly the same map: it shows the image's "
            f"edges and brightness rather than what was learned. {seen}"
        )
    if similarity <= DIFFERENT:
        return f":green-badge[yes] A network that knows nothing draws another map. {seen}"
    return f":orange-badge[partly] Part of the map comes from the image alone. {seen}"


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
        st.image(image, width=260, alt="The image of this check")
    except LabError as error:
        st.caption(literal(error))
