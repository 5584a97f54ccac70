"""The camera with a button per class: while one is held, about ten photos per second are taken for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.data.collected.log import Collected
from core.errors import LabError
from pages.common.camera import device
from pages.common.text import literal

SIDE = 256
"""Pixels per side of a photo: the largest size that a network can be trained on."""
MILLISECONDS = 100
"""Between two photos."""
MAX_BATCH = 20
_CSS = """
button { user-select: none; touch-action: none; }
button:disabled { opacity: 0.55; cursor: default; }
button.held { background: #b3261e; outline: 3px solid #b3261e55; }
"""

_component = st.components.v2.component(
    "shutter",
    html=f'<div class="camera">{device.HTML}<div class="row classes"></div></div>',
    css=device.CSS + _CSS,
    js=device.SCRIPT + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, eq=False)
class Batch:
    """Photos of one take: the number of the batch, from 1, the key of the class, the take, and the JPEGs."""

    number: int
    of: str
    take: str
    jpegs: tuple[bytes, ...]


def show(key: str, store: Callable[[Batch], None], read: Callable[[], Collected]) -> None:
    """Show the camera, and store each batch of photos as it arrives; say what is wrong with either.

    To be called inside a fragment, which is run again for each batch.

    Args:
        key: identifies the camera.
        store: keeps a batch; may raise a LabError, which is shown and ends the take.
        read: what has been collected, with what has just been stored.
    """
    state: dict[str, Any] = dict(st.session_state.get(key) or {})
    batch, fault = _batch(state.get("batch")), ""
    handled = f"{key}_handled"
    if batch and batch.number > st.session_state.get(handled, 0):
        try:
            store(batch)
        except LabError as error:
            fault = str(error)
        st.session_state[handled] = batch.number
    _component(
        key=key,
        data={
            "side": SIDE,
            "interval": MILLISECONDS,
            "classes": _buttons(read()),
            "stored": st.session_state.get(handled, 0),
            "halted": bool(fault),
        },
        on_batch_change=lambda: None,
        on_fault_change=lambda: None,
    )
    device.show_fault(state)
    if fault:
        st.error(literal(fault), icon=":material/error:")


def _buttons(collected: Collected) -> list[Mapping[str, Any]]:
    return [
        {"key": key, "label": label, "count": len(collected.of_class(key))}
        for key, label in collected.classes.items()
    ]


def _batch(value: Any) -> Batch | None:
    """What the browser sent as photos; None if it is nothing of the kind."""
    if not isinstance(value, dict) or not isinstance(value.get("number"), int):
        return None
    of, take, sent = value.get("of"), value.get("take"), value.get("jpegs")
    are_ids = all(isinstance(one, str) and re.fullmatch(r"[0-9a-f]{8}", one) for one in (of, take))
    if not are_ids or not isinstance(sent, list) or len(sent) > MAX_BATCH:
        return None
    jpegs = tuple(content for text in sent if (content := device.jpeg(text)) is not None)
    return Batch(value["number"], str(of), str(take), jpegs)
