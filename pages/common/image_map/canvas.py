"""The map itself, on a canvas: it pans, zooms, finds and selects in the browser, thousands of images at once.

A component of the lab's own: a Vega chart of so many points does not pan smoothly, selects no free areas, and
draws no thumbnails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_SCRIPTS = ("view.js", "painter.js", "pointers.js", "map.js")


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_component = st.components.v2.component(
    "image_map", html=_read("map.html"), css=_read("map.css"), js="\n".join(map(_read, _SCRIPTS))
)


@dataclass(frozen=True)
class Picked:
    """Ids of the selected images, and of the one that was just clicked, "" if none was."""

    selected: tuple[str, ...] = ()
    opened: str = ""


def draw(data: Mapping[str, Any], *, key: str) -> Picked:
    """Draw a map and return what was picked on it; to be called inside a fragment, which picking reruns.

    Args:
        data: as :func:`pages.common.image_map.points.data` returns it; what does not change is sent once.
        key: identifies the map.
    """
    result = _component(
        key=key, data=dict(data), on_selected_change=lambda: None, on_opened_change=lambda: None
    )
    known = set(data["ids"])
    selected = result.selected if isinstance(result.selected, list) else []
    opened = result.opened if isinstance(result.opened, str) else ""
    return Picked(
        tuple(one for one in selected if isinstance(one, str) and one in known),
        opened if opened in known else "",
    )
