"""Which classes look alike, counted: of which classes the images most similar to those of each class are."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.image_map import wording
from core.image_map.class_neighbours import ClassNeighbours
from core.image_map.image_map import ImageMap
from core.image_map.subject import Subject
from core.words import SPLIT_NAMES, confidence_interval, count, percent
from pages.common import glossary
from pages.common.image_map import shown_map
from pages.common.text import literal


def show(subject: Subject, key: str, made: ImageMap) -> None:
    """Show the share of similar images with the same class, for all images and for each class.

    For a run, of its test images: what it has been trained on, its network has pulled together.
    """
    split = "test" if subject.run is not None else ""
    found = shown_map.neighbourhoods(subject, key, made, split)
    classes = found.by_class()
    if not classes:
        return
    what = f"{SPLIT_NAMES[split]} image" if split else "image"
    st.subheader("Which classes look alike", anchor=False, help=glossary.help_of("similar images"))
    st.markdown(wording.same_class(found.same_class(), what))
    closest = max(classes, key=lambda one: one.other_share)
    if closest.other:
        st.markdown(
            f"Most mixed: of the images most similar to those of **{literal(closest.class_name)}**, "
            f"{percent(closest.other_share, 0)} are of **{literal(closest.other)}**."
        )
    st.dataframe(
        pd.DataFrame([_row(one) for one in classes]),
        hide_index=True,
        height=min(38 + 35 * len(classes), 400),
        key="map_classes",
        column_config={
            "Same class": st.column_config.ProgressColumn(
                "Same class", format="percent", min_value=0, max_value=1
            ),
            "By chance": st.column_config.NumberColumn("By chance", format="percent"),
            "Images": st.column_config.NumberColumn("Images", format="localized"),
        },
        alt="For each class, the share of the most similar images that are of the same class",
    )
    total = sum(one.images for one in classes)
    st.caption(
        f"From {count(total, what)} and the {made.neighbours.shape[1]} images most similar to each. Copies "
        "do not count."
    )


def _row(one: ClassNeighbours) -> dict[str, object]:
    return {
        "Class": one.class_name,
        "Images": one.images,
        "Same class": one.same.value,
        "95% CI": confidence_interval(one.same.low, one.same.high, 0).removeprefix("95% CI: "),
        "By chance": one.chance,
        "Then most often": wording.company(one),
    }
