"""Where the keyboard goes next, after something on the page has ended by itself."""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ data }) {
  const waiting = setTimeout(() => {
    const box = document.querySelector(`.st-key-${data.key}`), focused = document.activeElement
    if (!box || (focused && focused !== document.body)) return
    box.tabIndex = -1
    box.focus()
  }, 100)
  return () => clearTimeout(waiting)
}
"""

_component = st.components.v2.component("keyboard", js=_JS)


def go_to(key: str) -> None:
    """Make what is in the container of this key the next stop, unless the keyboard is somewhere already."""
    _component(key=f"keyboard-{key}", data={"key": key}, height=0)
