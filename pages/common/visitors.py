"""Whose run is whose: there are no accounts, but what another browser has started is not stopped unasked."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.runs import Submission
from core.words import ago
from pages.common import frame
from pages.common.web_guard import BROWSER_COOKIE


def submission(*, despite_memory: bool = False) -> Submission:
    """Return what is recorded of a run that this browser submits now."""
    return Submission(_browser(), despite_memory)


def is_anothers(submitted: Submission) -> bool:
    """Whether a run was submitted by another browser; one from a script or the command line is anyone's."""
    return submitted.by not in ("", _browser())


def origin(submitted: Submission, created: float) -> str:
    """Return ``Started in another window 3 min ago.``, or nothing for one's own."""
    if not is_anothers(submitted):
        return ""
    return f"Started in another window {ago(time.time() - created)}."


def stop_button(
    label: str,
    submitted: Submission,
    created: float,
    work: Callable[..., object],
    *arguments: Any,
    **style: Any,
) -> None:
    """Show a button that stops something; what another browser has started is stopped after a question.

    Args:
        style: ``key``, ``icon``, ``help`` and ``disabled`` of the button.
    """
    whose = origin(submitted, created)
    if not whose or style.get("disabled"):
        st.button(label, on_click=frame.attempt, args=(work, *arguments), **style)
        return
    with st.popover(label, icon=style.get("icon"), help=style.get("help"), key=f"ask-{style['key']}"):
        st.markdown(f"{whose} Stop it?")
        st.button(
            "Stop it", type="primary", key=style["key"], on_click=frame.attempt, args=(work, *arguments)
        )


def _browser() -> str:
    """Return the mark of this browser; empty where it accepts no cookies."""
    mark = st.context.cookies.get(BROWSER_COOKIE, "")
    is_mark = isinstance(mark, str) and re.fullmatch(r"[0-9a-f]{32}", mark)  # Streamlit's AppTest has none
    return mark if is_mark else ""
