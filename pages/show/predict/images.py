"""Where new images come from: files, a folder, the camera, or the run's own test images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.errors import LabError
from core.words import count
from pages.common import run_images
from pages.common.paste.paste import paste
from pages.common.prediction.given import MAX_FILES, Given, uploaded
from pages.common.run_picker import Summary

FILES, FOLDER, CAMERA, LIVE, TEST = "Image files", "A folder", "Photo", "Live camera", "Test images"
SAMPLE = 6
_PASTED = "predict_pasted"


def choose_where() -> str:
    """Ask where the images come from."""
    return str(
        st.segmented_control(
            "Images from",
            [FILES, FOLDER, CAMERA, LIVE, TEST],
            default=FILES,
            required=True,
            key="predict_from",
            persist_state="session",
        )
    )


def ask(summary: Summary, where: str) -> list[Given]:
    """Ask for images from anywhere but the live camera, and return those that were given."""
    if where == TEST:
        return _test_images(summary)
    if where == CAMERA:
        photo = st.camera_input("Take a photo", resolution="720p", key="predict_photo", width=480)
        uploads = [photo] if photo else []
    else:
        uploads = st.file_uploader(
            "Drop images here" if where == FILES else "Choose a folder of images",
            accept_multiple_files=True if where == FILES else "directory",
            key=f"predict_{where}",
            help="JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF or PPM. They stay on the machine that runs the "
            "lab, and are forgotten when you close the page.",
        )
    given = [uploaded(upload.name, upload.getvalue()) for upload in uploads[:MAX_FILES]]
    if where == FILES:
        given = [*_pasted(), *given]
    if len(uploads) > MAX_FILES:
        st.warning(
            f"These are {count(len(uploads), 'file')}; the first {MAX_FILES} are predicted here. For all of "
            "them, run python -m core predict on the folder."
        )
    return given[:MAX_FILES]


def _pasted() -> list[Given]:
    """The images that were pasted since the page was opened, the newest first."""
    kept: list[Given] = st.session_state.setdefault(_PASTED, [])
    kept[:0] = [uploaded(one.name, one.content) for one in paste("predict_paste")]
    if kept:
        st.button(
            f"Forget {count(len(kept), 'pasted image')}",
            icon=":material/close:",
            key="forget_pasted",
            on_click=kept.clear,
        )
    return list(kept)


def _test_images(summary: Summary) -> list[Given]:
    """Some of the run's test images, whose true class is known."""
    shown, test = run_images.gallery(summary.run), summary.run.predictions("test")
    if shown.dataset is None:
        raise LabError(shown.fault)
    draw = st.session_state.setdefault("predict_draw", 0)
    st.button("Different images", icon=":material/casino:", on_click=_draw_again)
    chosen = np.random.default_rng(draw).permutation(len(test.ids))[:SAMPLE]
    rows = [(shown.row(str(test.ids[index])), int(test.labels[index])) for index in chosen]
    names = summary.report.class_names
    return [
        Given(str(row["id"]), str(row["name"]), shown.dataset.image(row), names[label])
        for row, label in rows
        if row is not None
    ]


def _draw_again() -> None:
    st.session_state["predict_draw"] += 1
