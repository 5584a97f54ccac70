"""Where new images come from: files, a folder, the camera, or the run's own test images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from core.errors import LabError
from core.prediction.incoming import Incoming, Reader
from core.words import count
from pages.common import run_images
from pages.common.run_picker import Summary

FILES, FOLDER, CAMERA, LIVE, TEST = "Image files", "A folder", "Photo", "Live camera", "Test images"
MAX_FILES = 500
"""More at once belong on the command line: the page holds them in memory."""
SAMPLE = 6
SIDE = 480
"""Pixels a side of the image that is shown."""


@dataclass(frozen=True, eq=False)
class Given:
    """An image to predict, uploaded or from a data set.

    Attributes:
        key: identifies its content.
        actual: its true class, "" where nobody knows it.
    """

    key: str
    name: str
    content: bytes | Image.Image
    actual: str = ""

    def seen(self, reader: Reader) -> Incoming:
        """The image as the network with these settings sees it."""
        if isinstance(self.content, bytes):
            return _read(self.key, self.name, self.content, reader)
        return Incoming(self.name, reader.fitted(self.content), self.content)


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
    if len(uploads) > MAX_FILES:
        st.warning(
            f"These are {count(len(uploads), 'file')}; the first {MAX_FILES} are predicted here. For all of "
            "them, run python -m core predict on the folder."
        )
    return [_given(upload.name, upload.getvalue()) for upload in uploads[:MAX_FILES]]


def _given(name: str, content: bytes) -> Given:
    key = hashlib.blake2b(content, digest_size=8).hexdigest()
    return Given(key, name, content)


def _test_images(summary: Summary) -> list[Given]:
    """Some of the run's test images, whose true class is known."""
    shown, test = run_images.gallery(summary.run), run_images.predictions(summary.run)
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


@st.cache_data(max_entries=2 * MAX_FILES, show_spinner=False)
def _read(key: str, _name: str, _content: bytes, reader: Reader) -> Incoming:
    read = reader.read_bytes(_content, _name)
    if read.image is None:
        return read
    small = read.image.copy()
    small.thumbnail((SIDE, SIDE))
    return Incoming(read.name, read.pixels, small, note=read.note)
