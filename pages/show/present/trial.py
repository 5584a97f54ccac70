"""Try it live: what the model says about the camera or an image of the audience."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.errors import LabError
from core.prediction.sureness import AIM
from pages.common import overlays
from pages.common.prediction import answer_card, given, judging, live
from pages.common.prediction.judging import Judged
from pages.common.text import literal
from pages.show.present.story import Story


def screens(story: Story) -> int:
    """One screen."""
    return 1


def show(story: Story, screen: int) -> None:
    """Show the camera with its answers, and a field for an image."""
    st.title("Try it", anchor=False)
    if story.summary.config is None:
        st.markdown("The settings of this run cannot be read, so it cannot answer.")
        return
    try:
        judging.judge(story.run, AIM)
    except LabError as error:
        st.error(literal(error), title="This model cannot predict", icon=":material/broken_image:")
        return
    above = st.container()
    upload = st.file_uploader(
        "Or drop an image here",
        key="present_upload",
        help="It stays on the machine that runs the lab, and is forgotten when you close the page.",
        width=560,
    )
    with above:
        if upload is None:
            live.show(story.summary)
            return
        try:
            one = given.uploaded(upload.name, upload.getvalue())
            _answer(judging.judged(story.summary, [one], AIM), one)
        except LabError as error:
            st.error(literal(error), icon=":material/error:")


def _answer(judged: Judged, one: given.Given) -> None:
    found, read = judged.found[0], judged.read[0]
    if isinstance(found, str):
        st.warning(f"This file cannot be read as an image: {literal(found)}.", icon=":material/broken_image:")
        return
    if found is None or read.image is None or read.pixels is None:
        st.skeleton(240)
        return
    names = judged.summary.report.class_names
    heat = judging.heatmaps(judged, [one], [0]).get(0)
    seen = answer_card.enlarged(read.pixels)
    with st.grid(3, min_column_width=220, gap="medium"):
        st.image(read.image, width="stretch", alt="The image")
        if heat is None:
            st.skeleton(200)
        else:
            st.image(overlays.over(np.asarray(seen), heat), width="stretch", alt="Where the model looks")
        with st.container(gap="small"):
            answer_card.verdict(found, names)
            answer_card.bars(found, names)
