"""Images from the clipboard, by a component of the lab's own: ``st.file_uploader`` takes only files."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.words import byte_size

MAX_BYTES = 20_000_000
"""Of an image; a screenshot of a large screen has a tenth."""
MAX_IMAGES = 20
"""At once."""

_FAULTS = {
    "nothing": "There is no image on the clipboard. Copy one first, for example from a web page.",
    "large": f"This image is larger than {byte_size(MAX_BYTES)}. Save it as a file and choose that instead.",
    "many": f"These are more than {MAX_IMAGES} images. Paste fewer at once, or choose them as files.",
    "denied": "The browser was not allowed to read the clipboard. Press Ctrl+V (on a Mac, Cmd+V) instead.",
}

_component = st.components.v2.component(
    "paste",
    html="""
<div class="paste"><button type="button">Paste image</button>
<span>Ctrl+V pastes an image from the clipboard.</span></div>
""",
    css="""
.paste { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
span { font-size: 0.875rem; opacity: 0.85; color: var(--st-text-color); }
button {
  font: inherit; font-size: 0.875rem; color: var(--st-text-color); background: transparent; cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); padding: 0.3rem 0.75rem;
}
button:focus-visible { outline: 2px solid var(--st-text-color); outline-offset: 2px; }
""",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, eq=False)
class Pasted:
    """An image from the clipboard: a name and the content of its file."""

    name: str
    content: bytes


def paste(key: str) -> list[Pasted]:
    """Show how to paste, and return what has just been pasted, once; say what is wrong with it."""
    state: dict[str, Any] = dict(st.session_state.get(key) or {})
    taken = f"{key}_taken"
    number, images = _images(state.get("pasted"))
    is_new = number > st.session_state.get(taken, 0)
    if is_new:
        st.session_state[taken] = number
    _component(
        key=key,
        data={"maxBytes": MAX_BYTES, "maxImages": MAX_IMAGES, "taken": st.session_state.get(taken, 0)},
        on_pasted_change=lambda: None,
        on_fault_change=lambda: None,
    )
    fault = state.get("fault")
    if isinstance(fault, dict) and fault.get("name") in _FAULTS:
        st.warning(_FAULTS[fault["name"]], icon=":material/content_paste_off:")
    return images if is_new else []


def _images(value: Any) -> tuple[int, list[Pasted]]:
    """The number of what the browser sent, and its images; 0 if it is nothing of the kind."""
    if not isinstance(value, dict) or not isinstance(value.get("number"), int):
        return 0, []
    sent = value.get("images")
    found = [_image(one, f"pasted {value['number']}") for one in sent] if isinstance(sent, list) else []
    return value["number"], [one for one in found[:MAX_IMAGES] if one is not None]


def _image(value: Any, name: str) -> Pasted | None:
    content = value.get("content") if isinstance(value, dict) else None
    if not isinstance(content, str) or len(content) > 2 * MAX_BYTES:
        return None
    try:
        return Pasted(f"{name}.png", base64.b64decode(content, validate=True))
    except binascii.Error:
        return None
