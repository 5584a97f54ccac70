"""The theme of the browser: charts are drawn in its colours, so the page is drawn anew when it changes."""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ setStateValue }) {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  // Later than Streamlit, which changes its own colours first.
  const tell = () => setTimeout(() => setStateValue('dark', dark.matches), 100)
  dark.addEventListener('change', tell)
  return () => dark.removeEventListener('change', tell)
}
"""

_component = st.components.v2.component("theme", js=_JS)


def follow() -> None:
    """Draw the page anew when the system turns light or dark; Streamlit changes only its own colours."""
    with st.container(key="theme"):
        _component(key="theme-follower", height=0, on_dark_change=lambda: None)
