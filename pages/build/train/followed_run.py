"""The run that the Train page follows, and its outcome: a result, or an error and what to do next."""

from __future__ import annotations

import streamlit as st

from core import engine, runs
from core.errors import LabError
from core.evaluation.headline import but_never, one_answer
from core.runs import Run, Status
from core.words import confidence_interval, count, percent
from pages.build.train import live_charts
from pages.common import frame, run_header, train_on, visitors
from pages.common.addresses import EXPLAIN, RESULTS, RUN_KEY
from pages.common.run_picker import STATES, Summary, summarise
from pages.common.text import literal

_WATCHED = "watched_run"


def watch(run: Run) -> None:
    """Follow this run on the page; the address names it, so it survives a reload."""
    st.session_state[_WATCHED] = st.session_state[RUN_KEY] = st.query_params[RUN_KEY] = run.id


def watched() -> Run | None:
    """Return the run that the address or this session follows."""
    run_id = st.query_params.get(RUN_KEY) or st.session_state.get(_WATCHED)
    if run_id is None:
        return None
    try:
        run = runs.open(run_id)
    except LabError:
        stop_watching()
        return None
    st.session_state[_WATCHED] = run.id
    return run


def stop_watching() -> None:
    """Follow no run."""
    st.session_state.pop(_WATCHED, None)
    if RUN_KEY in st.query_params:
        del st.query_params[RUN_KEY]


def resume(run: Run) -> None:
    """Queue a run again and follow it."""
    engine.resume(run, visitors.submission())
    watch(run)


def finish(run: Run) -> None:
    """Have the best epoch of a run evaluated, and follow it."""
    engine.finish(run, visitors.submission())
    watch(run)


def ended(status: Status) -> str:
    """Describe how a run ended, to complete the sentence "The run has …"."""
    words = {
        "done": "finished",
        "stopped": "been stopped",
        "interrupted": "been interrupted",
        "damaged": "been damaged",
    }
    return words.get(status.state, STATES[status.state])


def show_outcome(run: Run, *, with_curves: bool) -> bool:
    """Show the result of a run that has ended, or what went wrong, with the next steps.

    Returns:
        Whether one of them is the next step: to look at the result, or to resume.
    """
    summary = summarise(run)
    status, title = summary.status, literal(summary.title)
    with st.container(border=True, key="ended"):
        if summary.finished:
            box = st.info if _is_like_guessing(summary) else st.success
            box(_result(summary), title=f"{title} has {ended(status)}", icon=":material/check_circle:")
        else:
            words = literal(
                " ".join(filter(None, [status.message, status.hint]))
                or "The run ended before it was evaluated."
            )
            box = st.error if status.state in ("failed", "diverged", "damaged") else st.warning
            box(words + _saved(run), title=f"{title} has {ended(status)}", icon=":material/warning:")
        with st.container(horizontal=True, vertical_alignment="center"):
            has_next_step = _next_steps(summary)
            st.button(
                "Close", icon=":material/close:", type="tertiary", key="close_ended", on_click=stop_watching
            )
        if with_curves and run.metrics():
            live_charts.show(run, status)
    return has_next_step


def _result(summary: Summary) -> str:
    test, guess = summary.report.test_accuracy, summary.report.baseline_accuracy
    verdict = " **This is not clearly better than guessing.**" if _is_like_guessing(summary) else ""
    return (
        f"Test accuracy **{percent(test.value)}** ({confidence_interval(test.low, test.high)}; "
        f"{test.correct:,} of {count(test.total, 'image')} correct{literal(but_never(summary.report))}). "
        f"Always guessing the most common class: {percent(guess.value)}.{verdict} "
        f"{literal(one_answer(summary.report))}"
    )


def _is_like_guessing(summary: Summary) -> bool:
    return not summary.report.is_better_than_guessing


def _saved(run: Run) -> str:
    """Say what an interrupted run has saved."""
    epochs = len(run.metrics())
    if run.status.state != "interrupted" or not epochs:
        return ""
    return f" {count(epochs, 'finished epoch')} and the best model are saved; Resume continues from there."


def _next_steps(summary: Summary) -> bool:
    """Show the next steps; return whether one of them is primary."""
    link = {RUN_KEY: summary.run.id}
    status = summary.status
    can_resume = status.state in ("stopped", "interrupted", "failed") and not status.too_large
    if summary.finished:
        if st.button("Look at the result", type="primary", icon=":material/target:", key="see_result"):
            st.switch_page(RESULTS, query_params=link)
        st.page_link(
            EXPLAIN, label="See where it looks", icon=":material/center_focus_strong:", query_params=link
        )
        train_on.button(summary)
    if summary.status.too_large:
        run_header.link_to_settings(summary.run)
    elif can_resume:
        st.button(
            "Resume",
            type="secondary" if summary.finished else "primary",
            icon=":material/resume:",
            key="resume_watched",
            on_click=frame.attempt,
            args=(resume, summary.run),
        )
    if run_header.finish_button_fits(summary.run, summary.status):
        st.button(
            run_header.FINISH,
            icon=":material/task_alt:",
            key="finish_watched",
            help=run_header.FINISH_HELP,
            on_click=frame.attempt,
            args=(finish, summary.run),
        )
    return summary.finished or can_resume
