"""Where the weights of a chosen pretrained network come from: downloaded at the start, or from a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from core import files
from core.backbones import Backbone
from core.errors import LabError
from core.training import pretrained_weights
from core.words import byte_size
from pages.common.text import literal

_FAULT = "weights_fault"


def show(backbone: Backbone) -> None:
    """Say that the weights are downloaded when training starts, and take them from a file instead."""
    fault = st.session_state.pop(_FAULT, "")
    if fault:
        st.error(literal(fault), title="This file cannot be used", icon=":material/error:")
    if pretrained_weights.find(backbone) is not None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"The weights of {backbone.title} ({byte_size(backbone.file.bytes)}) are downloaded once, when "
            "training starts. Your images stay on this machine.",
            width="stretch",
        )
        with st.popover("Use a file instead", icon=":material/upload_file:", key="weights_file"):
            st.file_uploader(
                f"{literal(backbone.file.name)}",
                type=["h5"],
                key="weights_upload",
                help="For a machine without a connection: the file that Keras publishes for this network.",
                on_change=_take,
            )


def _take() -> None:
    uploaded = st.session_state.get("weights_upload")
    if uploaded is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.h5"
        try:
            with files.explained(path):
                path.write_bytes(uploaded.getbuffer())
            pretrained_weights.use_file(path)
        except LabError as error:
            st.session_state[_FAULT] = str(error).replace(path.name, uploaded.name)
