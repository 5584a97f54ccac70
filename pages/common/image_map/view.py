"""A map of images on a page: made on request, then to look at, to search and to select from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.errors import LabError
from core.image_map import features, image_map, job, making, wording
from core.image_map.image_map import ImageMap
from core.image_map.job import Mapping
from core.image_map.subject import Subject
from core.words import about, count, listed
from pages.common import frame, glossary, work_progress
from pages.common.image_map import canvas, class_table, shown_map
from pages.common.text import literal

POLL_SECONDS = 1.0
CLASSES_NAMED = 6


@dataclass(frozen=True)
class Uses:
    """What the page does with images of the map, by their ids.

    Attributes:
        draw: shows the selected ones as tiles.
        open: opens the one that was clicked; the whole page is drawn again after it.
    """

    draw: Callable[[Sequence[str]], None]
    open: Callable[[str], None]


def show(subject: Subject, uses: Uses, suspected: frozenset[str] = frozenset()) -> None:
    """Show the map of a subject's images, its progress, or the button that makes it.

    Args:
        subject: what is mapped.
        uses: what the page does with images that are picked.
        suspected: ids of images whose label is probably wrong, to be marked.
    """
    work = job.status(subject.name)
    if work.state == "running":
        st.fragment(_watch, run_every=POLL_SECONDS, key="map_work")(subject.name)
    try:
        current = making.key(subject)
        key = (
            current if image_map.path(subject.folder, current).exists() else image_map.newest(subject.folder)
        )
        made = shown_map.load(subject, key) if key else None
    except LabError as error:
        st.error(literal(error), icon=":material/broken_image:")
        current, key, made = "", "", None
    if key != current or made is None:
        _say_how_it_ended(work)
        if work.state != "running":
            _offer(subject, made)
    if made is not None:
        st.fragment(_map, key="map")(subject, key, made, uses, suspected)
        class_table.show(subject, key, made)


def _offer(subject: Subject, made: ImageMap | None) -> None:
    images = len(subject.shown)
    if not images:
        st.info("There are no images to map.", icon=":material/info:")
        return
    if made is None:
        st.markdown(
            "Every image becomes a point, and similar images lie side by side. So classes that look alike, "
            "wrong labels and odd images catch the eye."
        )
    else:
        st.info(
            "The images, or the network that compares them, have changed since this map was made.",
            icon=":material/update:",
        )
    st.button(
        "Make the map" if made is None else "Make the map again",
        icon=":material/scatter_plot:",
        key="make_map",
        on_click=frame.attempt,
        args=(job.start, subject.name),
    )
    kind, _ = features.choose(subject)
    scope = f"{count(images, 'image')}" + (
        f" of {len(subject.rows):,}, a sample with each class in proportion"
        if images < len(subject.rows)
        else ""
    )
    st.caption(
        f"{about(job.estimate(images)).capitalize()} for {scope}. {wording.BASIS[kind]} "
        "This continues if you close the page."
    )


def _say_how_it_ended(work: Mapping) -> None:
    if work.state == "failed":
        st.error(literal(work.message), title="The map could not be made", icon=":material/error:")
    elif work.state in ("stopped", "interrupted"):
        st.info(literal(work.message), icon=":material/pause_circle:")


def _watch(name: str) -> None:
    with frame.explained():
        work = job.status(name)
        if work.state != "running":
            st.rerun()
        work_progress.show(work, "Making the map", key="stop_map", as_share=True)
        st.caption("This continues if you close the page or restart the lab.")


def _map(subject: Subject, key: str, made: ImageMap, uses: Uses, suspected: frozenset[str]) -> None:
    with frame.explained():
        images = shown_map.table(subject, key, made)
        picked = canvas.draw(shown_map.data(subject, key, made, suspected), key=f"map {subject.name} {key}")
        if picked.opened:
            uses.open(picked.opened)
            st.rerun()
        st.caption(
            f"{wording.coverage(made)} {wording.BASIS[made.kind]} **{wording.DISTANCES}** "
            f"{wording.share_kept(made)}",
            help=glossary.help_of("map of images"),
        )
        if picked.selected:
            _selection(images, uses, picked.selected)
        else:
            st.caption("Click an image to open it. Select an area to list its images here.")


def _selection(images: pd.DataFrame, uses: Uses, selected: Sequence[str]) -> None:
    """Show the selected images as tiles and as a table, with what they are in a sentence."""
    chosen = images[images["id"].isin(selected)].sort_values("label", kind="stable")
    sizes = chosen["label"].value_counts()
    classes = listed([f"{number:,} {literal(name)}" for name, number in sizes.items()], CLASSES_NAMED)
    asked = chosen[chosen["predicted"] != ""]
    wrong = int((asked["predicted"] != asked["label"]).sum())
    mistakes = f" {count(len(asked), 'prediction')}, {wrong:,} of them wrong." if len(asked) else ""
    st.markdown(f"**{count(len(chosen), 'image')} selected**: {classes}.{mistakes}")
    uses.draw(chosen["id"].tolist())
    columns = {"file": "File", "label": "Class"}
    if (chosen["split"] != "").any():
        columns |= {"split": "Split", "predicted": "Predicted", "confidence": "Confidence"}
    st.dataframe(
        chosen[list(columns)].rename(columns=columns),
        hide_index=True,
        height=min(38 + 35 * len(chosen), 250),
        column_config={"Confidence": st.column_config.NumberColumn(format="percent")},
        key="map_selection",
        alt="The selected images",
    )
