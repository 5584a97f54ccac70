"""A live camera: the browser sends a small square photo a few times per second while it runs.

A component of the lab's own, as ``st.camera_input`` takes one photo per click. The next photo is sent once
the last one has been dealt with, so a slow model is shown fewer of them instead of old ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.common.camera import device

SIDE = 224
"""Pixels per side of a photo."""

_component = st.components.v2.component(
    "live_camera",
    html=f'<div class="camera">{device.HTML}</div>',
    css=device.CSS,
    js=device.SCRIPT + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo from the camera: its number, from 1, and a square JPEG."""

    number: int
    jpeg: bytes


def camera(key: str, *, milliseconds: int = 200) -> Photo | None:
    """Show the camera and return the latest photo, or None until there is one; say what is wrong with it.

    To be called inside a fragment, which is run again for each photo.

    Args:
        key: identifies the camera.
        milliseconds: between photos, at least.
    """
    state: dict[str, Any] = dict(st.session_state.get(key) or {})
    photo = _photo(state.get("photo"))
    _component(
        key=key,
        data={"interval": milliseconds, "side": SIDE, "answered": photo.number if photo else 0},
        on_photo_change=lambda: None,
        on_fault_change=lambda: None,
    )
    return None if device.show_fault(state) else photo


def _photo(value: Any) -> Photo | None:
    """What the browser sent as a photo; None if it is none."""
    if not isinstance(value, dict) or not isinstance(value.get("number"), int):
        return None
    content = device.jpeg(value.get("jpeg"))
    return None if content is None else Photo(value["number"], content)
