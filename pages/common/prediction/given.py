"""Images that a person gave to be predicted, and how a network sees them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st
from PIL import Image

from core.prediction.incoming import Incoming, Reader

MAX_FILES = 500
"""More at once belong on the command line: the page holds them in memory."""
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


def uploaded(name: str, content: bytes) -> Given:
    """Return an uploaded file."""
    key = hashlib.blake2b(content, digest_size=8).hexdigest()
    return Given(key, name, content)


@st.cache_data(max_entries=2 * MAX_FILES, show_spinner=False, scope="session")  # forgotten with the page
def _read(key: str, _name: str, _content: bytes, reader: Reader) -> Incoming:
    read = reader.read_bytes(_content, _name)
    if read.image is None:
        return read
    small = read.image.copy()
    small.thumbnail((SIDE, SIDE))
    return Incoming(read.name, read.pixels, small, note=read.note)
