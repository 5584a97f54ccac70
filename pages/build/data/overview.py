"""The contents of a data set: samples, classes, image sizes, and the files that were skipped."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from core.config import SETTINGS
from core.data.dataset import Dataset
from core.data.splits import SPLITS
from core.datasets import Selection
from core.words import count
from pages.build.data import thumbnails
from pages.common import charts, frame, layout_choice, settings
from pages.common.metric_card import metric_card
from pages.common.text import literal

SAMPLES = 21
TILE = 200
"""Longest side of a thumbnail in pixels; it is displayed smaller, to stay sharp on high-density screens."""
MAX_CLASSES_AT_ONCE = 16
MAX_SIZES = 1_000

_TURN = "samples_turn"


def facts(dataset: Dataset) -> None:
    """Show the key figures of a data set, and whom its images are credited to."""
    usable, skipped = dataset.usable, len(dataset.skipped)
    left_out = len(dataset.index) - skipped - len(usable)
    with st.grid(4, min_column_width=150, gap="small"):
        metric_card(
            "Images",
            f"{len(usable):,}",
            help=f"Images in use; {left_out:,} are left out (see Versions)." if left_out else None,
        )
        metric_card("Classes", f"{len(dataset.class_names):,}")
        size = f"{usable['width'].median():.0f} × {usable['height'].median():.0f}" if len(usable) else "–"
        metric_card("Median size", size, help="Median width and height in pixels.")
        metric_card("Files skipped", f"{skipped:,}", help="Listed at the end of Overview, with the reasons.")
    if dataset.credit:
        st.caption(f"Images: {literal(dataset.credit)}")


def samples(dataset: Dataset, class_names: Sequence[str]) -> None:
    """Show random images, which stay the same until others are requested."""
    st.fragment(_samples, key="samples")(dataset, tuple(class_names))


@frame.explained()
def _samples(dataset: Dataset, class_names: tuple[str, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Sample images", anchor=False, width="stretch")
        st.button("Show others", icon=":material/shuffle:", key="other_samples", on_click=_next_turn)
    rows = dataset.usable[dataset.usable["label"].isin(class_names)]
    turn = st.session_state.setdefault(_TURN, 0)
    with st.grid("auto", min_column_width=100, gap="small"):
        for row in rows.sample(min(SAMPLES, len(rows)), random_state=turn).to_dict("records"):
            with st.container(gap="xxsmall", key=f"sample-{row['id']}"):
                thumbnails.show(dataset, row, TILE)
                st.text(row["label"])


def _next_turn() -> None:
    st.session_state[_TURN] += 1


def classes(selection: Selection) -> None:
    """Show how many images each class has in each split."""
    st.subheader("Images per class", anchor=False)
    counts = pd.DataFrame(
        [(name, split, n) for split, by_name in selection.counts().items() for name, n in by_name.items()],
        columns=["class", "split", "images"],
    )
    names = selection.class_names
    with st.container(height=420 if len(names) > MAX_CLASSES_AT_ONCE else "content", border=False):
        st.vega_lite_chart(counts, _class_chart(names), alt="Images per class and split")
    limit = SETTINGS[settings.MAX_PER_CLASS].label
    totals = counts.groupby("class")["images"].sum()
    if totals.max() >= 2 * totals.min():
        st.caption(
            f"The largest class has {count(totals.max(), 'image')}, the smallest {totals.min():,}. "
            f"Models tend to favour large classes; “{limit}” evens them out."
        )


@charts.drawn_once
def _class_chart(names: tuple[str, ...]) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(charts.VALUES)
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y(
                "class:N",
                sort=list(names),
                title=None,
                axis=alt.Axis(labelLimit=180, ticks=False, domain=False),
            ),
            x=alt.X("sum(images):Q", title="Images", axis=alt.Axis(tickMinStep=1, format=",d")),
            color=alt.Color(
                "split:N",
                title=None,
                scale=alt.Scale(domain=list(SPLITS)),
                legend=alt.Legend(orient="top", offset=4),
            ),
            order=alt.Order("split_index:Q"),
            tooltip=[
                alt.Tooltip("class:N", title="Class"),
                alt.Tooltip("split:N", title="Split"),
                alt.Tooltip("images:Q", title="Images", format=","),
            ],
        )
        .transform_calculate(split_index=f"indexof({list(SPLITS)}, datum.split)")
        .properties(height={"step": 24})
    )
    return chart


def sizes(dataset: Dataset, image_size: int) -> None:
    """Show the sizes of the images beside the size at which the network receives them."""
    st.subheader("Image sizes", anchor=False)
    found = dataset.usable.groupby(["width", "height"]).size().rename("images").reset_index()
    found = found.nlargest(MAX_SIZES, "images")
    if len(found) > 1:
        network = pd.DataFrame({"width": [image_size], "height": [image_size], "words": ["network input"]})
        st.vega_lite_chart(
            pd.concat([found.assign(words=""), network]),
            _size_chart(),
            alt="Widths and heights of the images, and the network's input size",
        )
    st.caption(_size_words(dataset.usable, image_size))


@charts.drawn_once
def _size_chart() -> alt.LayerChart:
    """Chart the columns width, height, images and words; a row with words is a mark for a size."""
    base = alt.Chart(charts.VALUES).encode(
        x=alt.X("width:Q", title="Width in px", axis=alt.Axis(grid=False)),
        y=alt.Y("height:Q", title="Height in px"),
    )
    points = (
        base.transform_filter("datum.words == ''")
        .mark_circle(opacity=0.55)
        .encode(
            size=alt.Size("images:Q", legend=None, scale=alt.Scale(range=[25, 500])),
            tooltip=[alt.Tooltip("width:Q"), alt.Tooltip("height:Q"), alt.Tooltip("images:Q", format=",")],
        )
    )
    marked = base.transform_filter("datum.words != ''").encode(tooltip=alt.Tooltip("words:N"))
    mark = marked.mark_point(shape="square", size=110, strokeWidth=2, color="#cf4f83")
    words = marked.mark_text(align="left", dx=10, color="#cf4f83").encode(text=alt.Text("words:N"))
    return alt.LayerChart(layer=[points, mark, words]).properties(height=280)


def _size_words(usable: pd.DataFrame, image_size: int) -> str:
    if usable.empty:
        return "No images."
    area = usable["width"] * usable["height"]
    small, large = usable.iloc[int(area.argmin())], usable.iloc[int(area.argmax())]
    words = (
        f"Images range from {small['width']} × {small['height']} to {large['width']} × {large['height']} "
        f"px. The network receives all of them at {image_size} × {image_size} px."
    )
    smaller = int(((usable["width"] < image_size) & (usable["height"] < image_size)).sum())
    if smaller:
        words += f" {count(smaller, 'image')} will be enlarged, which adds time but no detail."
    return words


def notes(dataset: Dataset) -> None:
    """List the files left aside or skipped, with the reasons, and what was done to unusual images."""
    layout_choice.show_left_aside(dataset)
    skipped = pd.DataFrame(dataset.skipped, columns=["file", "reason"])
    if len(skipped):
        with st.expander(f"{count(len(skipped), 'file')} skipped", icon=":material/block:", key="skipped"):
            st.caption("These files could not be read as images and are left out. All others are used.")
            st.dataframe(
                skipped,
                hide_index=True,
                column_config={"file": "File", "reason": "Reason"},
                alt="Skipped files with the reasons",
            )
    unusual = dataset.usable.loc[dataset.usable["note"] != "", ["name", "note"]]
    if len(unusual):
        with st.expander(f"{count(len(unusual), 'image')} with a note", icon=":material/info:", key="notes"):
            st.dataframe(
                unusual,
                hide_index=True,
                column_config={"name": "File", "note": "What was done"},
                alt="Images that needed special handling when they were read",
            )
