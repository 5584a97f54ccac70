"""What every component with the browser's camera shares: its script, its style, its faults, its photos."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import streamlit as st

MAX_CHARACTERS = 400_000
"""A photo of 224 px has some 15,000; anything far larger does not come from the lab's scripts."""

_FOLDER = Path(__file__).parent
SCRIPT = (_FOLDER / "device.js").read_text(encoding="utf-8")
"""Defines ``createDevice``; a component's own script follows it."""
CSS = (_FOLDER / "device.css").read_text(encoding="utf-8")
HTML = """
<video playsinline muted aria-label="Live camera"></video>
<div class="row">
  <button type="button" class="start">Start camera</button>
  <button type="button" class="turn" hidden>Other camera</button>
</div>
"""

FAULTS = {
    "denied": "The browser was not allowed to use the camera. Allow it in the address bar, then press Start "
    "camera again.",
    "none": "No camera was found. Connect one, then press Start camera again.",
    "busy": "The camera is in use by another program. Close it there, then press Start camera again.",
    "insecure": "The browser lends a camera only to pages on this machine or with https. Open the lab as "
    "http://localhost, or put it behind a server with a certificate (see the README).",
    "failed": "The camera could not be started. Try another browser.",
}
"""What can go wrong, as sentences, by the name that the script reports."""


def show_fault(state: dict[str, Any]) -> bool:
    """Say what is wrong with the camera, if anything; return whether something is."""
    fault = FAULTS.get(str(state.get("fault")))
    if fault:
        st.warning(fault, icon=":material/videocam_off:")
    return fault is not None


def jpeg(text: object) -> bytes | None:
    """A photo that the browser sent as text; None if it is none."""
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
