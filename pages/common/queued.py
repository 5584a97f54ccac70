"""Several runs queued at once: how many there are, with a button that takes them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import engine, runs, sweeps
from core.errors import LabError
from core.runs import Run
from core.sweeps import Sweep
from core.words import count
from pages.common import frame
from pages.common.addresses import SWEEP_KEY, TRAIN

_LAST, _IS_NEW = "queued_last", "queued_is_new"


@dataclass(frozen=True)
class Queued:
    """What a click has queued: runs, by their ids; or runs of a sweep, which may go on to queue more.

    before: the sweep as it was, None if the click has begun it; kept: the ids of the runs that it had.
    """

    runs: tuple[str, ...] = ()
    sweep: str = ""
    before: Sweep | None = None
    kept: tuple[str, ...] = ()


def note(queued: Sequence[Run]) -> None:
    """Remember runs that a click has queued; the page says so until they are taken back or dismissed."""
    _note(Queued(tuple(run.id for run in queued)))


def note_sweep(sweep: Sweep, before: Sweep | None = None, kept: Sequence[Run] = ()) -> None:
    """Remember a sweep that a click has begun, or extended: then ``before`` is the sweep as it was."""
    _note(Queued(sweep=sweep.id, before=before, kept=tuple(run.id for run in kept)))


def is_to_be_shown() -> bool:
    """Whether something was noted since the page was last drawn as a whole, as from within a fragment."""
    return bool(st.session_state.get(_IS_NEW))


def show() -> None:
    """Show how many runs the last click has queued, as long as some of them still wait."""
    st.session_state.pop(_IS_NEW, None)
    last = st.session_state.get(_LAST)
    if last is None:
        return
    sentence = _sentence(last)
    if not sentence:
        _forget()
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="queued_bar"):
        st.markdown(f":material/playlist_add_check: {sentence}", width="stretch")
        st.button(
            "Undo", key="undo_queued", icon=":material/undo:", on_click=frame.attempt, args=(_take_back, last)
        )
        st.page_link(TRAIN, label="Watch", icon=":material/monitoring:", width="content")
        st.button("Dismiss", key="dismiss_queued", type="tertiary", on_click=_forget)


def _note(queued: Queued) -> None:
    st.session_state[_LAST], st.session_state[_IS_NEW] = queued, True


def _forget() -> None:
    st.session_state.pop(_LAST, None)


def _sentence(last: Queued) -> str:
    """Say what was queued; nothing once all of it has begun, or is gone."""
    made = _runs(last)
    sweep = _sweep(last)
    is_to_go_on = sweep is not None and sweep.state == "open"
    if not is_to_go_on and not any(run.status.state == "queued" for run in made):
        return ""
    if is_to_go_on:
        return "The sweep is queued. Its runs train one after another, each chosen from earlier results."
    number = len(made) if last.sweep else len(last.runs)
    of_sweep = " for the sweep" if last.sweep else ""
    return f"{count(number, 'run')} queued{of_sweep}. They train one after another."


def _runs(last: Queued) -> list[Run]:
    """Return the runs that the click has queued, as far as they still exist."""
    if sweep := _sweep(last):
        return [run for run in sweep.runs if run.id not in last.kept]
    found = []
    for run_id in last.runs:
        try:
            found.append(runs.open(run_id))
        except LabError:
            continue  # deleted meanwhile
    return found


def _sweep(last: Queued) -> Sweep | None:
    try:
        return sweeps.open(last.sweep) if last.sweep else None
    except LabError:
        return None


def _take_back(last: Queued) -> None:
    """Undo the click: what had not begun goes to the trash, as if it never had been queued."""
    made, sweep = _runs(last), _sweep(last)
    states = [run.status.state for run in made]
    waiting, begun = states.count("queued"), states.count("starting") + states.count("running")
    if sweep is None:
        engine.take_back(made)
    else:
        sweeps.take_back(sweep, last.before, [run for run in sweep.runs if run.id in last.kept])
        if _sweep(last) is None and st.query_params.get(SWEEP_KEY) == sweep.id:
            st.query_params[SWEEP_KEY] = ""
    _forget()
    words = f" {count(begun, 'run')} had begun and will stop." if begun else ""
    st.toast(f"{count(waiting, 'queued run')} taken back.{words}", icon=":material/undo:")
