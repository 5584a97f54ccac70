"""What a run gets wrong: the classes it confuses, the images of each pair, and its worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.evaluation import confusion, metrics
from core.runs import Predictions
from core.words import count
from pages.common import glossary, lesson, run_images, version_steps
from pages.common.paging import choose_page
from pages.common.run_images import Gallery, Tile
from pages.common.run_picker import Summary
from pages.common.text import entry_for_all, literal
from pages.understand.results import downloads, image_dialog, matrix

WORST = 10
PER_PAGE = 20
ALL = "All classes"
MAX_NARROW = 10
"""Up to this many classes, the matrix leaves room beside it; a larger one needs the full page width."""


def show(summary: Summary) -> None:
    """Show what is confused, and the worst mistakes, as far as the lesson hides neither."""
    if not lesson.hides("matrix"):
        _confused(summary)
    if not lesson.hides("worst"):
        _worst(summary)


def _confused(summary: Summary) -> None:
    """Show the matrix, the confused pairs in words, and the images of a clicked cell."""
    st.header("What it confuses", anchor=False, help=glossary.help_of("confusion matrix"))
    as_shares = matrix.ask_for_shares("matrix_shows")
    is_narrow = len(summary.report.class_names) <= MAX_NARROW
    left, right = st.columns([3, 2], gap="large") if is_narrow else (st.container(), st.container())
    with left:
        st.caption("**Click a cell** to see its test images below.")
        cell = matrix.clickable(summary, as_shares)
    with right:
        st.markdown("**Most often confused**")
        _pairs(summary)
        downloads.figure_buttons(summary, lambda: matrix.draw(summary, as_shares), "confusion-matrix")
    if cell:
        _cell_images(summary, run_images.gallery(summary.run), *cell)


def _worst(summary: Summary) -> None:
    shown = run_images.gallery(summary.run)
    st.header("Most confident mistakes", anchor=False, help=glossary.help_of("most confident mistakes"))
    _note_on_labels(summary, shown)
    _worst_images(summary, shown)


def _note_on_labels(summary: Summary, shown: Gallery) -> None:
    """Say that a mistake may be the label's, and what the last change of a label did."""
    hint = "Click an image to see why, and to change its class if the label is wrong."
    if summary.config and summary.config.data.source == "garden":
        hint = (
            "The built-in garden has some wrong labels on purpose: models rank them here, near the top. "
            "Click an image to see why, and to change its class."
        )
    st.caption(hint)
    if shown.dataset is not None and not image_dialog.is_open():
        version_steps.show_last_step(shown.dataset)


def _pairs(summary: Summary) -> None:
    """Show the most confused pairs, one sentence each."""
    pairs = confusion.most_confused(
        np.asarray(summary.report.confusion_matrix), summary.report.class_names, limit=3
    )
    st.markdown("\n".join(f"- {literal(pair.sentence)}" for pair in pairs))


def _cell_images(summary: Summary, shown: Gallery, true: str, predicted: str) -> None:
    names = summary.report.class_names
    predictions = summary.run.predictions("test")
    is_here = (predictions.labels == names.index(true)) & (
        metrics.predicted(predictions) == names.index(predicted)
    )
    here = np.flatnonzero(is_here)
    here = here[np.argsort(-metrics.confidence(predictions)[here], kind="stable")]
    heading = f"{literal(true)} predicted as {literal(predicted)}: {count(len(here), 'test image')}"
    st.subheader(heading, anchor=False)
    if not len(here):
        st.caption("None: cells without a number are empty.")
    page = choose_page(
        len(here), PER_PAGE, key=f"cell-{true}-{predicted}", thing="image", order="most confident first"
    )
    tiles_of(summary, shown, predictions, here[page].tolist(), key="cell")


def _worst_images(summary: Summary, shown: Gallery) -> None:
    names = summary.report.class_names
    predictions = summary.run.predictions("test")
    every = entry_for_all(ALL, names)
    choice = st.selectbox("True class", [every, *names], key="worst_class", width=320)
    of_class = None if choice == every else names.index(choice)
    positions = [mistake.row for mistake in confusion.worst(predictions, of_class, WORST)]
    if not positions:
        st.success("No mistakes on these test images.", icon=":material/check:")
        return
    tiles_of(summary, shown, predictions, positions, key="worst")


def tiles_of(
    summary: Summary, shown: Gallery, predictions: Predictions, positions: Sequence[int], *, key: str
) -> None:
    """Show test images with their true and predicted class; a click opens the dialog of one."""
    names = summary.report.class_names
    tiles = [
        Tile(
            str(predictions.ids[index]),
            run_images.prediction_lines(predictions, index, names),
            is_right=run_images.is_right(predictions, index),
        )
        for index in positions
    ]
    resize = summary.config.data.resize if summary.config else "stretch"
    run_images.tiles(shown, tiles, key=key, resize=resize, on_open=image_dialog.open_dialog)
