"""A dialog about one image of a run: heatmaps, probabilities, similar training images and file details."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from core.errors import LabError
from core.evaluation import metrics
from core.explain import assistant, nearest_images
from core.explain.nearest_images import Similar
from core.runs import Predictions
from core.words import SPLIT_NAMES, percent
from pages.common import (
    frame,
    glossary,
    heatmap_row,
    label_actions,
    run_features,
    run_images,
    version_steps,
    waiting,
)
from pages.common.addresses import EXPLAIN, IMAGE_KEY, RUN_KEY
from pages.common.run_images import Gallery, Tile
from pages.common.run_picker import Summary
from pages.common.text import literal

_OPEN = "card_image"
SIMILAR = 6
MIN_OTHER_LABELS = 4
"""Similar images with a different label that are enough for a hint about the image's own label."""


def open_dialog(image_id: str) -> None:
    """Open the dialog of an image; for use as ``on_click``."""
    st.session_state[_OPEN] = image_id


def is_open() -> bool:
    """Whether the dialog is on the screen."""
    return _OPEN in st.session_state


def show(summary: Summary) -> None:
    """Draw the dialog if one is open; call once per page."""
    image_id = st.session_state.get(_OPEN)
    if image_id is None:
        return
    found = run_images.find_prediction(summary.run, image_id)
    if found is None:
        _dialog("Training image", _training_card, summary, image_id)
        return
    split, predictions, position = found
    _dialog(f"{split.capitalize()} image", _card, summary, predictions, position, split)


def _dialog(title: str, draw: Callable[..., None], *arguments: object) -> None:
    opened = st.dialog(title, width="large", icon=":material/zoom_in:", on_dismiss=_close)
    opened(frame.explained()(draw))(*arguments)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _card(summary: Summary, predictions: Predictions, position: int, split: str) -> None:
    names, shown = summary.report.class_names, run_images.gallery(summary.run)
    image_id, true = str(predictions.ids[position]), names[int(predictions.labels[position])]
    st.markdown(_headline(predictions, position, names), help=glossary.help_of("confidence"))
    if shown.fault:
        run_images.show_fault(shown)
    requests = heatmap_row.requests(predictions, position)
    maps = waiting.maps(summary.run, requests)
    available = {} if maps is None else {request: maps.get(request) for request in requests}
    heatmap_row.row(summary, shown, predictions, position, available)
    _label(shown, image_id, true)
    if split == "test":
        _offer_in_depth(summary, image_id)
    if maps is not None:
        _similar(summary, shown, image_id, true)
    if len(names) > heatmap_row.MAX_PROBABILITIES:
        _all_probabilities(predictions, position, names)
    _facts(shown, image_id, split)


def _training_card(summary: Summary, image_id: str) -> None:
    """Show a training image, for which no prediction is stored: its class, and what is similar."""
    shown = run_images.gallery(summary.run)
    row = shown.row(image_id)
    if shown.dataset is None or row is None:
        run_images.tiles(shown, [Tile(image_id, ())], key="card", resize=_resize(summary))
        return
    true = str(row["label"])
    st.markdown(f"Class: **{literal(true)}** · The model was trained on this image.")
    with st.container(width=320):
        run_images.tiles(shown, [Tile(image_id, ())], key="card", resize=_resize(summary))
    _label(shown, image_id, true)
    _similar(summary, shown, image_id, true)
    _facts(shown, image_id, "train")


def _offer_in_depth(summary: Summary, image_id: str) -> None:
    if st.button("Explain in depth", icon=":material/center_focus_strong:", key="card_in_depth"):
        _close()
        st.switch_page(EXPLAIN, query_params={RUN_KEY: summary.run.id, IMAGE_KEY: image_id})


def _headline(predictions: Predictions, position: int, names: Sequence[str]) -> str:
    predicted, true = int(metrics.predicted(predictions)[position]), int(predictions.labels[position])
    confidence = percent(float(predictions.probabilities[position, predicted]), 0)
    verdict = ":green-badge[correct]" if predicted == true else ":orange-badge[wrong]"
    return (
        f"{verdict} Actual: **{literal(names[true])}** · Predicted: **{literal(names[predicted])}** · "
        f"Confidence: {confidence}"
    )


def _label(shown: Gallery, image_id: str, true: str) -> None:
    """Show the controls that change the image's class in the data set, and what that means for this run."""
    row = shown.row(image_id)
    if shown.dataset is None or row is None or row["problem"]:
        return
    with st.container(border=True, gap="small"):
        st.markdown("**Is the label right?** If not, change it in the data set.")
        label_actions.show(shown.dataset, row)
        if row["excluded"] or row["label"] != true:
            st.caption("This run was trained and tested before that change. Train again to see its effect.")
        version_steps.show_last_step(shown.dataset)


def _similar(summary: Summary, shown: Gallery, image_id: str, true: str) -> None:
    st.markdown("**Training images that look most similar to the network**")
    try:
        features = run_features.stored(summary.run)
    except LabError as error:
        st.caption(literal(error))
        return
    if features is None:
        waiting.answer(
            waiting.about(summary.run, "features"),
            lambda: assistant.features(summary.run),
            "Comparing with the training images. This takes a few seconds, once per run.",
        )
        return
    found = nearest_images.nearest(features, image_id, SIMILAR)
    if not found:
        st.caption("This image is not among those that the run used.")
        return
    run_images.tiles(shown, [_as_tile(shown, one) for one in found], key="similar", resize=_resize(summary))
    st.caption(
        "Similarity: cosine similarity of the last hidden layer's outputs; at most 1. "
        + _label_hint(shown, found, true)
    )


def _as_tile(shown: Gallery, one: Similar) -> Tile:
    row = shown.row(one.id)
    label = "" if row is None else str(row["label"])
    return Tile(one.id, (label, f"similarity {one.similarity:.2f}"))


def _label_hint(shown: Gallery, found: list[Similar], true: str) -> str:
    labels = [str(row["label"]) for one in found if (row := shown.row(one.id)) is not None]
    others = sum(label != true for label in labels)
    if others < MIN_OTHER_LABELS:
        return ""
    return (
        f"{others} of {len(labels)} have a label other than {literal(true)}: to the network, this image "
        "belongs with them. Check whether its label is correct."
    )


def _all_probabilities(predictions: Predictions, position: int, names: Sequence[str]) -> None:
    with st.expander("All probabilities", icon=":material/bar_chart:"):
        frame = pd.DataFrame({"Class": names, "Probability": predictions.probabilities[position]})
        st.dataframe(
            frame.sort_values("Probability", ascending=False),
            hide_index=True,
            column_config={
                "Probability": st.column_config.ProgressColumn(
                    "Probability", min_value=0, max_value=1, format="percent"
                )
            },
            alt="Probabilities of all classes for this image",
        )


def _facts(shown: Gallery, image_id: str, split: str) -> None:
    row = shown.row(image_id)
    if row is None:
        return
    with st.expander("About this image", icon=":material/info:"):
        st.text(
            f"File: {row['name']}\n"
            f"Size: {row['width']} × {row['height']} pixels, {row['mode']}\n"
            f"Split: {SPLIT_NAMES[split]}\nImage ID: {row['id']}"
        )


def _resize(summary: Summary) -> str:
    return summary.config.data.resize if summary.config else "stretch"
