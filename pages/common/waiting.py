"""Answers of the assistant on a page: asked for once, drawn when they are there, never waited for."""

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
from pages.common.text import literal

LOOK_EVERY = 0.4
"""Seconds between two looks for an answer."""
MAX_KEPT = 64

_KEPT = "assistant_answers"


def maps(run: Run, requests: Sequence[Request]) -> dict[Request, Heatmap] | None:
    """The heatmaps that there are; those that are missing are asked for, and the page is drawn again then.

    None where they cannot be made; the page has then said why.
    """
    try:
        known = {request: heatmaps.kept(run, request) for request in requests}
    except LabError as error:
        st.error(literal(error), icon=":material/broken_image:")
        return None
    missing = tuple(request for request, heatmap in known.items() if heatmap is None)
    if missing:
        question = (run.id, missing)
        words = f"Making {count(len(missing), 'heatmap')}. The first ones of a session take about 15 seconds."
        made = answer(question, lambda: assistant.explain(run, missing), words)
        if made is not None:
            known |= dict(zip(missing, made, strict=True))
        elif has_failed(question):
            return None
    return {request: heatmap for request, heatmap in known.items() if heatmap is not None}


def answer(question: Hashable, ask: Callable[[], Ticket | HeatmapTicket], words: str) -> Any | None:
    """What the assistant answers, or None while it has not; ``words`` say what is being made.

    A fragment looks for the answer and draws the page again when it is there. An error is shown with a way
    to ask once more.
    """
    answers = st.session_state.setdefault(_KEPT, {})
    try:
        if question not in answers:
            _forget_the_oldest(answers)
            answers[question] = ask()
        if isinstance(answers[question], Ticket | HeatmapTicket):
            if not answers[question].ready:
                _look(question, words)
                return None
            answers[question] = answers[question].answer(timeout=1)
        elif isinstance(answers[question], LabError):
            raise answers[question]
        return answers[question]
    except LabError as error:
        answers[question] = error
        _say_failed(question, error)
        return None


def has_failed(question: Hashable) -> bool:
    """Whether the answer to a question was an error, which has been shown."""
    return isinstance(st.session_state.get(_KEPT, {}).get(question), LabError)


@st.fragment(run_every=LOOK_EVERY)
def _look(question: Hashable, words: str) -> None:
    ticket = st.session_state.get(_KEPT, {}).get(question)
    if not isinstance(ticket, Ticket | HeatmapTicket) or _is_over(ticket):
        st.rerun()
    st.caption(f":material/hourglass_top: {words}")


def _is_over(ticket: Ticket | HeatmapTicket) -> bool:
    try:
        return ticket.ready
    except LabError:  # the page is drawn again and says so
        return True


def _say_failed(question: Hashable, error: LabError) -> None:
    st.error(literal(error), title="The assistant could not do this", icon=":material/error:")
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
