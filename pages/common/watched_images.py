"""The same few validation images after every epoch, so that one sees the model learn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import LabError
from core.report import Watched, WatchedImage
from core.words import percent
from pages.common import overlays, run_images
from pages.common.run_images import Gallery
from pages.common.run_picker import Summary
from pages.common.text import literal

_SHOWN_EPOCHS = 12
_ACROSS = 6
_RIGHT, _WRONG = "●", "○"


def show(summary: Summary, watched: Sequence[Watched]) -> None:
    """Show the images with the newest predictions, and how they changed; nothing before the first epoch."""
    if not watched or summary.config is None:
        return
    shown, resize = run_images.gallery(summary.run), summary.config.data.resize
    newest = watched[-1]
    with st.grid(_ACROSS, min_column_width=85, gap="small"):
        for index, image in enumerate(newest.images):
            with st.container(gap="xxsmall", key=f"tile-{_kind(image)}-live-{summary.run.id}-{image.id}"):
                _image(shown, image, resize)
                predicted = f"{literal(image.predicted)}, {percent(image.confidence, 0)}"
                st.caption(f"{predicted}  \n{_trail(watched, index)}")
    st.caption(
        f"The same validation images after every epoch (now {newest.epoch}): what the model predicts, its "
        f"confidence, and a mark per epoch: {_RIGHT} right, {_WRONG} wrong."
    )


def show_unanswered(summary: Summary, first: Watched) -> None:
    """Show the images as they are before the first epoch: without predictions."""
    if summary.config is None:
        return
    shown = run_images.gallery(summary.run)
    with st.grid(_ACROSS, min_column_width=85, gap="small"):
        for image in first.images:
            with st.container(gap="xxsmall", key=f"tile-plain-live-{summary.run.id}-{image.id}"):
                _image(shown, image, summary.config.data.resize)
                st.caption("?")
    st.caption("The same validation images after every epoch: soon, what the model predicts for them.")


def _kind(image: WatchedImage) -> str:
    return "right" if image.predicted == image.label else "wrong"


def _image(shown: Gallery, image: WatchedImage, resize: str) -> None:
    row = shown.row(image.id)
    if shown.dataset is None or row is None:
        st.caption("This image is no longer in the data set.")
        return
    try:
        alt = f"A validation image of {image.label}, predicted as {image.predicted}"
        st.image(overlays.image(shown.dataset, row, resize), width="stretch", alt=alt)
    except LabError as error:
        st.caption(literal(error))


def _trail(watched: Sequence[Watched], index: int) -> str:
    """Return a mark per epoch: whether the image at this place was predicted correctly."""
    images = [one.images[index] for one in watched[-_SHOWN_EPOCHS:] if index < len(one.images)]
    return "".join(_RIGHT if image.predicted == image.label else _WRONG for image in images)
