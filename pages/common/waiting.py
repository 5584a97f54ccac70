"""Results from the assistant on a page: requested once and drawn when ready, without blocking the page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import streamlit as st

from core.errors import LabError
from core.explain import assistant, heatmaps
from core.explain.assistant import HeatmapTicket, Ticket
from core.explain.heatmaps import Heatmap, Request
from core.runs import Run
from core.words import count
from pages.common import frame
from pages.common.text import literal

POLL_SECONDS = 0.4
"""Interval between checks for an answer."""
MAX_KEPT = 64

_KEPT = "assistant_answers"


def about(run: Run, *what: Hashable) -> tuple[Hashable, ...]:
    """Return a question about a run's model as it is now: of another model, it is another question."""
    try:
        trained = run.model_path.stat().st_mtime_ns
    except OSError:  # whoever answers says that there is none
        trained = 0
    return run.id, trained, *what


def maps(run: Run, requests: Sequence[Request]) -> dict[Request, Heatmap] | None:
    """Return the available heatmaps, and request the missing ones; the page is redrawn when they are ready.

    None if they cannot be computed; the page then shows why.
    """
    try:
        available = {request: heatmaps.kept(run, request) for request in requests}
    except LabError as error:
        st.error(literal(error), icon=":material/broken_image:")
        return None
    missing = tuple(request for request, heatmap in available.items() if heatmap is None)
    if missing:
        question = about(run, missing)
        words = f"Computing {count(len(missing), 'heatmap')}. The first ones take about 15 seconds."
        computed = answer(question, lambda: assistant.explain(run, missing), words)
        if computed is not None:
            available |= dict(zip(missing, computed, strict=True))
        elif has_failed(question):
            return None
    return {request: heatmap for request, heatmap in available.items() if heatmap is not None}


def answer(question: Hashable, ask: Callable[[], Ticket | HeatmapTicket], words: str) -> Any | None:
    """Return the assistant's answer, or None until it is ready; ``words`` say what is being computed.

    A fragment polls for the answer and redraws the page when it is ready. An error is shown with a button to
    try again.
    """
    answers = st.session_state.setdefault(_KEPT, {})
    try:
        if question not in answers:
            _forget_the_oldest(answers)
            answers[question] = ask()
        if isinstance(answers[question], Ticket | HeatmapTicket):
            if not answers[question].ready:
                _poll(question, words)
                return None
            answers[question] = answers[question].answer(timeout=1)
        elif isinstance(answers[question], LabError):
            raise answers[question]
        return answers[question]
    except LabError as error:
        answers[question] = error
        _show_failure(question, error)
        return None


def has_failed(question: Hashable) -> bool:
    """Whether a question failed with an error, which has been shown."""
    return isinstance(st.session_state.get(_KEPT, {}).get(question), LabError)


@st.fragment(run_every=POLL_SECONDS)
@frame.explained()
def _poll(question: Hashable, words: str) -> None:
    ticket = st.session_state.get(_KEPT, {}).get(question)
    if not isinstance(ticket, Ticket | HeatmapTicket) or _is_over(ticket):
        st.rerun()
    st.caption(f":material/hourglass_top: {words}")


def _is_over(ticket: Ticket | HeatmapTicket) -> bool:
    try:
        return ticket.ready
    except LabError:  # the redrawn page shows it
        return True


def _show_failure(question: Hashable, error: LabError) -> None:
    st.error(literal(error), title="This could not be computed", icon=":material/error:")
    st.button(
        "Try again",
        icon=":material/refresh:",
        key=f"again-{hash(question)}",
        on_click=st.session_state[_KEPT].pop,
        args=(question, None),
    )


def _forget_the_oldest(answers: dict[Hashable, Any]) -> None:
    while len(answers) >= MAX_KEPT:
        answers.pop(next(iter(answers)))
